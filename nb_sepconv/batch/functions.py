"""How a function of arrays is cut, which nobody can look into: by feeding it more than is kept."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.cutting import Trial, hash_of, sliced, trial_inputs, trial_length, trial_of
from nb_sepconv.convolution.windows import Field, feed
from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.variables import global_variables
from nb_sepconv.stacks.probing import probed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LONGEST_STRIDE = 1 << 12


class Guarded:
    """A function that runs in the graph that was the current one here, and makes no variable after its first call."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self._function, self._graph, self._called = function, get_default_graph(), False

    def __repr__(self) -> str:
        return repr(self._function)

    def __call__(self, inputs: Any) -> Any:
        """The outputs, an array of three axes."""
        with self._graph.as_default():
            before = len(global_variables())
            outputs = np.asarray(self._function(inputs))
            made = global_variables()[before:]
        if made and self._called:
            names = ", ".join(variable.name for variable in made)
            raise RuntimeError(
                "`model` made new variables for another chunk, so each chunk would have other weights: give its layers "
                f"names and reuse=tf.AUTO_REUSE, wrap it by tf.make_template, or use layer objects. Received: {names}"
            )
        self._called = True
        if outputs.ndim != 3:
            raise TypeError(
                f"`model` must return an array of three axes. Received: shape {outputs.shape} for inputs {inputs.shape}"
            )
        return outputs


class FunctionCut:
    """A function, with a field that was told or found.

    Args:
        function: of an array of three axes; it pads by itself.
        halo: the input steps (before, after) ``t*stride`` that an output step ``t`` depends on; None to find them.
        over_time: bool, whether it is going to be cut over time.
        channels_last: bool.
        channels, dtype: of its inputs.
        length: int, the steps of a series.
    """

    channels_last: bool
    dtype: np.dtype[Any]
    bytes_per_step: int

    by_numpy = foreign = True
    bytes_per_step = 0
    """What a call takes of memory for each input step; ``tried`` measures it."""

    def __init__(
        self,
        function: Callable[[Any], Any],
        halo: tuple[int, int] | None,
        over_time: bool,
        channels_last: bool,
        channels: int,
        dtype: Any,
        length: int,
    ) -> None:
        self._name = getattr(function, "__qualname__", type(function).__name__)
        self._function, self._over_time = Guarded(function), over_time
        self.channels_last, self.dtype, self._channels = channels_last, np.dtype(dtype), channels
        self._axis = 1 if channels_last else 2
        self._fields: dict[int, Field] = {}
        self._known_steps: dict[int, int] = {}
        if not over_time:
            return
        if halo is not None:
            self._told = Field(sum(halo) + 1, self._measured_stride(sum(halo) + 1), halo[0])
            self._stride = self._told.stride
        else:
            self._told = None
            found = self._probed(length)
            self._stride = found.stride
            self._fields[length % found.stride] = found

    def _probed(self, length):
        return probed(self._function, self._channels, length, self.dtype, self._axis)

    def _measured_stride(self, span):
        """By the lengths at which one more step comes out."""
        length, rises = max(64, 2 * span), []
        known = self._counted(length)
        for more in range(1, 2 * _LONGEST_STRIDE):
            steps = self._counted(length + more)
            if steps > known:
                rises.append(more)
                known = steps
            if len(rises) == 2:
                return rises[1] - rises[0]
        raise ValueError(
            f"`model` gives {known} steps for {length} steps and for {2 * _LONGEST_STRIDE} more: it cannot be cut over "
            "time"
        )

    def _counted(self, length):
        """The output steps of so many input steps, by calling."""
        if length not in self._known_steps:
            shape = (1, length, self._channels) if self.channels_last else (1, self._channels, length)
            self._known_steps[length] = self._function(np.zeros(shape, self.dtype)).shape[self._axis]
        return self._known_steps[length]

    def field(self, length: int) -> Field:
        """What an output step depends on."""
        if not self._over_time:
            return Field(1, 1, 0)
        if self._told is not None:
            return self._told
        residue = length % self._stride
        if residue not in self._fields:
            self._fields[residue] = self._probed(length)
        return self._fields[residue]

    def steps(self, length: int) -> int:
        """The output steps of a series; of a long one by those of a short one, to which each stride adds one."""
        of = self.field(length)
        short = of.span + of.stride + (length - of.span) % of.stride
        if not self._over_time or length <= short:
            return self._counted(length)
        return self._counted(short) + (length - short) // of.stride

    def reads(self, length: int, start: int, stop: int) -> tuple[int, int]:
        """The input steps of a feed."""
        if not self._over_time:
            return 0, length
        return feed(self.field(length), length, start, stop)[:2]

    def compute(self, inputs: Any, length: int, start: int, stop: int, out: Any) -> Any:
        """The outputs that are kept of a feed."""
        outputs = self._function(inputs)
        if self._over_time:
            fed = feed(self.field(length), length, start, stop)
            outputs = sliced(outputs, self.channels_last, fed.skip, fed.skip + fed.keep)
        if outputs.shape[self._axis] != stop - start:
            raise ValueError(
                f"`model` must give {stop - start} steps more for a longer series, as its receptive field "
                f"{self.field(length)} has it. Received: {outputs.shape[self._axis]} steps of {inputs.shape}"
            )
        if out is None:
            return outputs
        if outputs.shape != out.shape or outputs.dtype != out.dtype:
            raise ValueError(
                f"`model` must give the same shape and type for each chunk: {out.shape} of {out.dtype}. "
                f"Received: {outputs.shape} of {outputs.dtype}"
            )
        out[...] = outputs
        return out

    def is_exact(self, dtype: Any) -> bool:
        """Nobody knows."""
        return False

    def tried(self, channels: int, dtype: Any) -> Trial:
        """Its identity is its name, and a hash of the outputs for certain inputs, which have to be the same again."""
        length = max(64, trial_length(self._any_field()))
        inputs = trial_inputs(self, channels, dtype, length)
        once = self._function(inputs.copy())
        with _peak() as peak:
            again = self._function(inputs.copy())
        self.bytes_per_step = -(-peak[0] // length)
        if hash_of(once) != hash_of(again):
            raise ValueError(
                "`model` gives other outputs for the same inputs: each call makes weights of its own, or draws random "
                f"numbers. Received: {self._name}"
            )
        return trial_of(self, once, {"function": self._name})

    def _any_field(self):
        if not self._over_time:
            return Field(1, 1, 0)
        return self._told or next(iter(self._fields.values()))


@contextmanager
def _peak() -> Iterator[list[int]]:
    """A list that holds, behind the block, the most bytes that NumPy had allocated in it."""
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    before, peak = tracemalloc.get_traced_memory()[0], [0]
    tracemalloc.reset_peak()
    try:
        yield peak
    finally:
        peak[0] = max(tracemalloc.get_traced_memory()[1] - before, 0)
        if not tracing:
            tracemalloc.stop()
