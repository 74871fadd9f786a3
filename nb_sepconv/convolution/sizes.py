"""A convolution's sizes, from the shapes of its arrays and its settings: the same on the host and on a GPU."""

from __future__ import annotations

from typing import Any

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.geometry import geometry, kernel_span


def sizes_of(arrays: Any, chosen: Any) -> Any:
    """A convolution's sizes without strides, a dict, and its outputs' shape.

    Args:
        arrays: (inputs, depthwise, pointwise, bias or None) or (inputs, depthwise), checked.
        chosen: the :class:`~nb_sepconv.convolution.settings.Settings`.
    """
    inputs, depthwise, *others = arrays
    taps, channels, multiplier = depthwise.shape
    filters = others[0].shape[-1] if others else None
    examples, length, _ = by_step(inputs.shape, chosen.channels_last)
    where = _geometry(inputs.shape, length, taps, chosen)
    shape = by_step((examples, where.output_length, filters or channels * multiplier), chosen.channels_last)
    array_arguments.addressable(shape, inputs.dtype)
    stride, span = chosen.stride, kernel_span(taps, chosen.dilation)
    if where.output_length <= 1 and stride >= span:  # there is no second step, and the order of the sums is the same
        stride = min(chosen.dilation, span)
    found = {
        "dtype": inputs.dtype.name,
        "examples": examples,
        "length": length,
        "channels": channels,
        "steps": where.output_length,
        "filters": filters,
        "kernel_size": taps,
        "multiplier": multiplier,
        "stride": stride,
        "dilation": chosen.dilation,
        "left": where.left,
        "activation": chosen.activation,
        "precision": precisions.least(chosen.precision, inputs.dtype.name),
    }
    return found, shape


def by_step(axes: Any, channels_last: bool) -> Any:
    """An array's shape or strides in the order example, step, channel, and back; there may be several of examples."""
    return axes if channels_last else (*axes[:-2], axes[-1], axes[-2])


def contiguous_strides(shape: Any, itemsize: int) -> tuple[Any, Any, int]:
    """The strides of a new array of three axes."""
    return shape[1] * shape[2] * itemsize, shape[2] * itemsize, itemsize


def _geometry(shape, length, taps, chosen):
    where = geometry(length, taps, chosen.stride, chosen.dilation, chosen.padding)
    refuse_too_short(shape, length, taps, chosen, where)
    return where


def refuse_too_short(shape: Any, length: int, taps: int, chosen: Any, where: Any) -> None:
    """Refuse series, of a shape and length, that a kernel does not fit into."""
    padding = chosen.padding
    if padding not in ("same", "causal") and where.output_length < 1:
        added = "" if padding == "valid" else f", {sum(padding)} more with its padding"
        raise ValueError(
            f"`inputs` is too short: the kernel spans {kernel_span(taps, chosen.dilation)} steps and the input has "
            f"{length}{added}. Received: inputs of shape {shape}"
        )
