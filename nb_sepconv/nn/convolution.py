"""Convolution of series over all channels, with a kernel that the caller has."""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any

from nb_sepconv.checks.words import one_of
from nb_sepconv.tensors.convert import floats
from nb_sepconv.tensors.tensor import matched, tensor
from nb_sepconv.tensors.tracing import word

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.tensor import Tensor
    from nb_sepconv.tensors.typing import Array, ArrayInput

_FORMATS = {
    **dict.fromkeys((None, "NWC", "NHWC"), "channels_last"),
    **dict.fromkeys(("NCW", "NCHW"), "channels_first"),
}
_PADDINGS = {"VALID": "valid", "SAME": "same"}


@word
def conv1d(
    value: ArrayInput | None = None,
    filters: ArrayInput | None = None,
    stride: Any = None,
    padding: str | None = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: ArrayInput | None = None,
    dilations: Any = None,
) -> Tensor:
    """Convolution of series over all channels: ``y[..., t, f] = sum_{k,c} x[..., t*s + k*d, c] * K[k, c, f]``.

    Args:
        value: array (..., L, C), or (..., C, L) with "NCW", of floats.
        filters: array (K, C, F) of the type of ``value``.
        stride: int > 0, or a sequence of one, or of three with 1 for examples and channels. Default 1.
        padding: "VALID" or "SAME".
        data_format: "NWC" or "NCW"; "NHWC" and "NCHW" mean the same. Default "NWC".
        input: a newer name of ``value``.
        dilations: as ``stride``. Default 1.
        use_cudnn_on_gpu, name: unused.

    Returns:
        array (..., T, F) or (..., F, T) of the type of ``value``.

    Raises:
        ValueError: an argument is out of its range, or a shape does not fit.
        TypeError: two types, or no floats, or ``padding`` is no text.

    >>> conv1d([[[1.0], [2.0], [3.0]]], [[[1.0]], [[10.0]]], stride=1, padding="VALID").tolist()
    [[[21.0], [32.0]]]
    """
    from nb_sepconv.convolution import product  # it loads Numba, which activations can do without

    variable = filters
    value, filters = matched(one_of("input", input, "value", value), filters, ("value", "filters"))
    value, layout = floats(value, "value"), _layout(data_format)
    if value.ndim < 3:
        raise ValueError(f"`value` must have three axes or more. Received: the shape {value.shape}")
    chosen = _settings(stride, padding, layout, dilations)
    kernel = product.checked_kernel(value, filters, layout)
    if getattr(variable, "kept", None) is None:
        return tensor(product.multiplied(value, kernel, None, chosen))
    return tensor(product.product_with(variable, chosen)(value, variable, None))


def convolution_with(
    filters: Any, stride: Any = None, padding: Any = None, data_format: Any = None, dilations: Any = None
) -> Callable[[Array], Array]:
    """:func:`conv1d` with a variable, as a function of a plain array that fits it."""
    from nb_sepconv.convolution import product

    chosen = _settings(stride, padding, _layout(data_format), dilations)
    return partial(product.product_with(filters, chosen).by, (filters, None))


def _settings(stride, padding, layout, dilations):
    from nb_sepconv.convolution import settings

    return settings.from_arguments(
        _along_steps(stride, "stride", layout), _padding(padding), layout, _along_steps(dilations, "dilations", layout)
    )


def _layout(data_format):
    if data_format not in _FORMATS:
        raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: {data_format!r}")
    return _FORMATS[data_format]


def _padding(padding):
    if not isinstance(padding, str):
        raise TypeError(f"`padding` must be 'VALID' or 'SAME'. Received: {padding!r}")
    if padding not in _PADDINGS:
        raise ValueError(f"`padding` must be 'VALID' or 'SAME'. Received: {padding!r}")
    return _PADDINGS[padding]


def _along_steps(value, name, layout):
    """The stride or dilation of steps, from an int or a sequence of one or three."""
    if value is None:
        return 1
    given = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    try:
        given = tuple(operator.index(each) for each in given)
    except TypeError:
        raise TypeError(f"`{name}` must hold integers. Received: {value!r}") from None
    place = 1 if layout == "channels_last" else 2
    if len(given) not in (1, 3) or (len(given) == 3 and any(each != 1 for i, each in enumerate(given) if i != place)):
        raise ValueError(
            f"`{name}` must be an integer, or hold one, or three with 1 for examples and channels. Received: {value!r}"
        )
    step = given[place] if len(given) == 3 else given[0]
    if step < 1:
        raise ValueError(f"`{name}` must be > 0. Received: {value!r}")
    return step
