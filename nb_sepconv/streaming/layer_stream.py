"""One layer of a stream: the steps that it keeps, and what it gives for those that come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.convolution.windows import place
from nb_sepconv.streaming.kept_steps import KeptSteps

if TYPE_CHECKING:
    from nb_sepconv.convolution.stage import Stage

LARGE_BYTES = 128 * 1024  # of a chunk from which on reading it where it lies is faster than copying it


class LayerStream:
    """A layer that takes a series in pieces.

    Output step ``t`` reads ``span`` input steps from ``t*stride - left`` on. So after ``seen`` steps, one or more,
    ``(seen + left - span)//stride + 1`` outputs are known, and after ``given`` outputs the steps from
    ``given*stride - left`` on are read again: those are kept, the zeros before the series among them, span - 1 at most.
    Where the stride is above the span, that may be a step which is still to come.

    Args:
        stage: the layer.
        examples, channels, dtype: of its inputs.
        length: int, the steps of the series, or None where the zeros before it do not depend on them.
        axis: 1 or 2, that of time.

    Raises:
        ValueError: the layer takes other channels, or cannot be cut over time.
    """

    stage: Stage
    examples: int
    channels: int
    dtype: np.dtype[Any]
    axis: int
    at_once: bool
    seen: Any
    given: Any

    def __init__(self, stage: Stage, examples: int, channels: int, dtype: Any, length: int | None, axis: int) -> None:
        stage.check_cut(channels)
        self.stage, self.examples, self.channels, self.dtype = stage, examples, channels, np.dtype(dtype)
        self.filters: int = stage.output_channels(channels)
        self.output_dtype: Any = self.dtype if stage.dtype is None else np.dtype(stage.dtype)
        self.axis, self._channels_last = axis, axis == 1
        where = place(stage, length or 0)
        self._left, self._span, self._stride = where.left, where.span, stage.stride
        self.at_once = where.span == stage.stride == 1 and where.left == where.right == 0
        self._by_function = stage.activation is not None
        self._repeats = stage.repeated is not None and self.dtype == stage.dtype
        self._kept: Any = None
        self._outputs: Any = None
        self._direct: Any = None
        self.restart()

    def restart(self) -> None:
        """Forget all steps."""
        self.continue_from(0, None)

    def continue_from(self, seen: int, steps: Any) -> None:
        """Go on after ``seen`` steps, the last ones of which, as many as :meth:`steps_kept` says, are ``steps``."""
        self.seen, self.given = seen, self.known(seen)
        self._after: Any = None
        if self.at_once:
            return
        # the steps seen that are read again, with zeros before them; below 0 where steps to come are not read
        self._have = seen + self._left - self.given * self._stride
        real = self.steps_kept(seen)
        outside = max(self._have, 0) - real
        self._outside = 0 if self.stage.pads_with_zeros else outside
        most, zeros = max(self._span - 1, self._left), outside - self._outside
        values = np.array(steps, self.dtype) if real else None
        self._kept = KeptSteps(self.examples, self.channels, self.dtype, self.axis, most, zeros, values)

    def known(self, seen: int) -> int:
        """How many output steps are known after ``seen`` input steps of a series that goes on."""
        given = (seen + self._left - self._span) // self._stride + 1
        return given if given > 0 and seen else 0

    def steps_kept(self, seen: int) -> int:
        """How many of so many steps are kept."""
        return min(max(seen + self._left - self.known(seen) * self._stride, 0), seen)

    @property
    def steps(self) -> np.ndarray:
        """The steps that are kept, without zeros before the series; a view."""
        count = 0 if self.at_once else self.steps_kept(self.seen)
        if count:
            return self._kept.view(self._kept.count - count, count)
        return self.no_input()

    def steps_given(self, steps: int, final: bool) -> int:
        """How many output steps come out for so many more input steps, the last ones where ``final``."""
        seen = self.seen + steps
        return (place(self.stage, seen).steps if final else self.known(seen)) - self.given

    def advance(self, chunk: Any, out: Any = None, final: bool = False) -> Any:
        """The outputs that become known by a chunk, which does not count until :meth:`commit`.

        Args:
            chunk: array of the layer's type, (N, steps, C) or (N, C, steps).
            out: C-contiguous array for the outputs, or None.
            final: bool, whether these are the last steps of the series, with zeros behind them.
        """
        steps = chunk.shape[self.axis]
        seen = self.seen + steps
        given = place(self.stage, seen).steps if final else self.known(seen)
        count = given - self.given
        if self.at_once:
            self._after = seen, given, 0, 0, 0
            return np.asarray(self.stage.convolve(chunk, (0, 0), out)) if count else self._no_output()
        have, kept, outside = self._have, self._kept, self._outside
        if have < 0:
            dropped = min(-have, steps)
            steps -= dropped
            chunk = chunk[:, dropped:] if self._channels_last else chunk[:, :, dropped:]
            have = 0
        used = count * self._stride
        if count and chunk.nbytes >= LARGE_BYTES and 2 * steps >= have and self._repeats and not outside and not final:
            left = max(have + steps - used, 0)
            outputs = self._behind_kept(chunk, used, left, out)
            if outputs is not None:
                self._after = seen, given, 0, None, left
                return outputs
        if steps:
            kept.write(chunk, steps)
            have += steps
        if count:
            needed = used - self._stride + self._span
            behind = needed - have if needed > have else 0
            if outside or behind or not self._repeats:
                outputs = self.stage.compute(kept.view(0, needed - outside - behind), (outside, behind), out)
            else:
                call = kept.calls.get(needed)
                if call is None:
                    call = kept.remember(needed, self.stage.repeated())
                outputs = call(kept.view(0, needed), out)
            if self._by_function:
                outputs = np.asarray(outputs)
        else:
            outputs = self._no_output()
        if outside or used > have:
            self._after = (seen, given, *_dropped(have, outside, used))
        else:
            self._after = seen, given, 0, used, have - used
        return outputs

    def _behind_kept(self, chunk, first, count, out):
        """The outputs for a chunk that is read where it lies, None where it has to be joined with the kept steps; of
        both, ``count`` steps from the ``first`` one on are written to be kept.
        """
        if chunk.strides[2] != chunk.itemsize:
            return None
        if self._direct is None:
            self._direct = self.stage.repeated()
        before = self._kept.all()
        outputs = self._direct.after(before, chunk, self._kept.other, first, count, out)
        return np.asarray(outputs) if self._by_function and outputs is not None else outputs

    def advance_again(self, chunk: Any, final: bool) -> Any:
        """The same, in the array of the time before where that has as many steps."""
        before = self._outputs
        if before is not None and before.shape[self.axis] != self.steps_given(chunk.shape[self.axis], final):
            before = None
        outputs = self.advance(chunk, before, final)
        if outputs is not before:
            if outputs.dtype != self.output_dtype:
                raise TypeError(
                    f'The layer "{self.stage.name}" must give arrays of {self.output_dtype}, which the next one takes. '
                    f"Received: {outputs.dtype}"
                )
            own = outputs.flags.c_contiguous and not np.may_share_memory(outputs, chunk)
            self._outputs = outputs if own else None
        return outputs

    def commit(self) -> None:
        """What :meth:`advance` was given last counts from now on."""
        self.seen, self.given, self._outside, first, count = self._after
        self._after = None
        if not self.at_once:
            self._have = self.seen + self._left - self.given * self._stride
            if first is None:
                self._kept.keep_other(count)
            else:
                self._kept.keep(first, count)

    def no_input(self) -> np.ndarray:
        """A chunk of no steps."""
        return np.empty(by_step((self.examples, 0, self.channels), self._channels_last), self.dtype)

    def shape(self, steps: int) -> tuple[int, int, int]:
        """The outputs' shape where there are so many steps of them."""
        return by_step((self.examples, steps, self.filters), self._channels_last)

    def _no_output(self):
        return np.empty(self.shape(0), self.output_dtype)


def _dropped(have, outside, used):
    """Of so many steps, the first ones outside of the series, what is left when ``used`` of them are dropped: those
    outside, the first one kept and the number of those kept.
    """
    if not outside:
        first = used if used < have else have
        return 0, first, have - first
    first = min(max(used - outside, 0), have - outside)
    return max(outside - used, 0), first, have - outside - first
