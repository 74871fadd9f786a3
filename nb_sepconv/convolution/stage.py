"""A layer as it moves over time: what cutting its series into windows, chunks and streams asks of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.convolution.geometry import kernel_span
from nb_sepconv.convolution.outputs import written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TRIED_STEPS = 7


@dataclass(frozen=True, eq=False)
class Stage:
    """One layer of a stack. What a layer gives in inference at step ``t`` depends on no other steps than its kernel's.

    Args:
        name: str, the layer's.
        compute: function ``(inputs, zeros, out)`` of an array, the zeros (before, after) and None or a C-contiguous
            array for the outputs.
        kernel_size, stride, dilation: int > 0. Default 1, a layer that acts on each step alone.
        padding: "valid", "same", "causal" or two ints. Default "valid".
        channels_last: bool, or None where both data formats are the same to the layer. Default None.
        dtype: the type that it computes in, None for that of its inputs. Default None.
        channels: int, those that the inputs must have; None for any. Default None.
        filters: int, the outputs' channels before the activation; None for as many as come in. Default None.
        activation: function of the outputs that ``compute`` applies after the kernels, or None. Default None.
        by_numpy: bool, whether NumPy computes a part of it, and the kernels not all. Default True.
        pads_with_zeros: bool, whether the steps outside of the series count as zeros. Default True; pooling leaves
            them out.
        repeated: function that returns another one ``(inputs, out)``, ``compute`` without zeros for inputs of one
            shape, strides and type, which looks less up; None where there is none. Default None.
    """

    name: str
    compute: Callable[[Any, tuple[int, int], Any], Any] = field(repr=False)
    kernel_size: int = 1
    stride: int = 1
    dilation: int = 1
    padding: Any = "valid"
    channels_last: bool | None = None
    dtype: Any = None
    channels: int | None = None
    filters: int | None = None
    activation: Any = None
    by_numpy: bool = True
    pads_with_zeros: bool = True
    repeated: Callable[[], Callable[[Any, Any], Any]] | None = field(default=None, repr=False)
    _trials: dict[int, tuple[bool, int]] = field(default_factory=dict, init=False, repr=False)

    @property
    def span(self) -> int:
        """The input steps from the kernel's first tap to its last."""
        return kernel_span(self.kernel_size, self.dilation)

    @property
    def pads_by_length(self) -> bool:
        """Whether the zeros before a series depend on its length."""
        return self.padding == "same" and self.stride > 1

    def convolve(self, inputs: Any, zeros: tuple[int, int], out: Any = None) -> Any:
        """The layer on ``inputs`` with ``zeros`` (before, after) in place of its own padding.

        Args:
            inputs: array (N, L, C), or (N, C, L) where the channels come first; with its zeros at least ``span`` steps.
            out: C-contiguous array that takes the outputs, apart from ``inputs``. Default a new one.
        """
        return self.compute(inputs, zeros, out)

    def output_channels(self, channels: int) -> int:
        """The channels that come out where so many go in.

        Raises:
            ValueError: the layer takes others.
        """
        if self.channels not in (None, channels):
            raise ValueError(f'The layer "{self.name}" takes {self.channels} channels. Received: {channels}')
        filters = self.filters or channels
        return filters if self.activation is None else self._tried(filters)[1]

    def acts_over_time(self, channels: int) -> bool:
        """Whether the activation lets an output step depend on others, for so many channels that go in."""
        return self.activation is not None and not self._tried(self.filters or channels)[0]

    def check_cut(self, channels: int) -> None:
        """Refuse a layer that cannot be cut over time.

        Raises:
            ValueError: the activation acts over time.
        """
        if self.acts_over_time(channels):
            raise ValueError(
                f'The layer "{self.name}" cannot be cut over time: what its `activation` gives at a step depends on '
                f"other steps. Received: {getattr(self.activation, '__name__', self.activation)!r}"
                f"{'' if self.channels_last is not False else ' with channels_first'}"
            )

    def _tried(self, filters):
        """(whether a part of the steps gives the same as all of them, the channels that come out) of the activation."""
        if filters not in self._trials:
            self._trials[filters] = self._try(filters)
        return self._trials[filters]

    def _try(self, filters):
        first = self.channels_last is False
        dtype = np.dtype(self.dtype or np.float32)
        series = np.random.default_rng(0).normal(size=(1, _TRIED_STEPS, filters)).astype(dtype)
        series = np.ascontiguousarray(series.swapaxes(1, 2)) if first else series
        axis = 2 if first else 1
        with np.errstate(all="ignore"):
            outputs = np.asarray(self.activation(series.copy()))
            part = np.asarray(self.activation(_steps(series, axis).copy()))
        known = outputs.ndim == 3 and outputs.shape[axis] == _TRIED_STEPS
        whole = _steps(outputs, axis) if known else outputs
        alone = known and whole.shape == part.shape and _close(whole, part)
        return alone, outputs.shape[3 - axis] if known else filters


def _steps(series, axis):
    return series[:, 2:5] if axis == 1 else series[:, :, 2:5]


def _close(one, other):
    """Equal but for the last bits, which NumPy's loops do not promise to be the same at every place of an array."""
    limit = 1e-2 if one.dtype.itemsize == 2 else 1e-5
    return np.allclose(one.astype(np.float64), other.astype(np.float64), limit, limit, equal_nan=True)


def elementwise(name: str, function: Any, **others: Any) -> Stage:
    """The stage of a function of arrays that acts on each step alone."""
    return Stage(name, lambda inputs, zeros, out: written(function(inputs), out), activation=function, **others)


def stages_in(model: Any) -> list[Stage]:
    """The stages of a layer, or of what has several in a row."""
    return model._stages() if hasattr(model, "_stages") else [model._stage()]


def of_one_format(stages: Sequence[Stage]) -> list[Stage]:
    """The stages of a stack, in the one data format that those which have one share.

    Raises:
        ValueError: they have both.
    """
    told = [stage for stage in stages if stage.channels_last is not None]
    for stage in told[1:]:
        if stage.channels_last is not told[0].channels_last:
            names = {True: "channels_last", False: "channels_first"}
            raise ValueError(
                f"The layers of `model` must have one `data_format`. Received: "
                f'{names[told[0].channels_last]} of "{told[0].name}", {names[stage.channels_last]} of "{stage.name}"'
            )
    shared = told[0].channels_last if told else None
    return [stage if stage.channels_last is shared else replace(stage, channels_last=shared) for stage in stages]


def first_channels(stages: Sequence[Stage]) -> int | None:
    """The channels that the first stage takes; those of a later one where all before leave them as they are."""
    for stage in stages:
        if stage.channels is not None:
            return stage.channels
        if stage.filters is not None:
            return None
    return None
