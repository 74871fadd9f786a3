"""Series that come a few steps at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.convolution.stage import first_channels, of_one_format
from nb_sepconv.convolution.windows import field, place
from nb_sepconv.streaming import arguments, states
from nb_sepconv.streaming.layer_stream import LayerStream
from nb_sepconv.streaming.stages import convolution_stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import DTypeLike

    from nb_sepconv.convolution.stage import Stage
    from nb_sepconv.tensors.typing import Array, ArrayInput, Identifier, Integers, Precision


class Stream:
    """A convolution of series that come a few steps at a time.

    The outputs of all pushes and of the flush, joined along time, are what one call over the whole series gives, bit
    for bit, however the series is cut. A layer's and a stack's ``stream`` method opens one for them; the constructor is
    for weights in arrays, in the words of :func:`nb_sepconv.ops.separable_conv1d`.

    Args:
        depthwise_kernel: array (K, C, M) of float16, bfloat16, float32 or float64.
        pointwise_kernel: array (1, C*M, F) or (C*M, F) of that type. Default None, a depthwise convolution alone.
        bias: array (F,) of that type. Default None, no bias.
        strides: int > 0 or a tuple of one. Default 1.
        padding: "valid", "same", "causal" or two ints >= 0, the zeros before and after the series. Default "valid".
        data_format: "channels_last" or "channels_first". Default "channels_last".
        dilation_rate: int > 0 or a tuple of one. Default 1.
        activation: None, a name, or a function that acts on each step alone. Default None.
        precision: as in :func:`nb_sepconv.ops.separable_conv1d`. Default None.
        batch_size: int > 0, the series that come side by side. Default 1.
        length: int > 0, the steps of the whole series. It is needed with ``padding="same"`` and strides > 1, whose
            zeros depend on it. Default None, not known before the end.
        dtype: the type of the chunks, which are converted to that of the weights. Default that of the weights, which
            chunks must have.

    Raises:
        ValueError, TypeError: an argument that does not fit; an activation that acts over time.

    A stream keeps copies of arrays; a layer's variables count as they are at each push. It is for one thread at a time.

    >>> import numpy as np
    >>> stream = Stream(np.array([[[-1.0]], [[1.0]]]), padding="causal")
    >>> [stream.push(np.array([[[x]]])).item() for x in (1.0, 2.0, 4.0)]
    [1.0, 1.0, 2.0]
    """

    def __init__(
        self,
        depthwise_kernel: ArrayInput,
        pointwise_kernel: ArrayInput | None = None,
        bias: ArrayInput | None = None,
        *,
        strides: Integers = 1,
        padding: str | Sequence[int] = "valid",
        data_format: str = "channels_last",
        dilation_rate: Integers = 1,
        activation: Identifier = None,
        precision: Precision | None = None,
        batch_size: int = 1,
        length: int | None = None,
        dtype: DTypeLike | None = None,
    ) -> None:
        weights = depthwise_kernel, pointwise_kernel, bias
        stage = convolution_stage(*weights, strides, padding, data_format, dilation_rate, activation, precision)
        self._open([stage], batch_size, length, dtype)

    def _open(self, stages, batch_size, length, dtype):
        self._stages, channels = of_one_format(stages), first_channels(stages)
        self._examples, self._length = arguments.batch_size(batch_size), arguments.length(length, self._stages)
        self.dtype: np.dtype[Any] = arguments.dtype(dtype, self._stages)
        self._computed_dtype = arguments.first_type(self._stages) or self.dtype
        self._axis = 2 if self._stages[0].channels_last is False else 1
        self._converts = self.dtype != self._computed_dtype
        self._parts: list[LayerStream] = []
        self._flushed = False
        if channels is not None:
            self._start(channels)

    def _start(self, channels):
        """Make room for series of so many channels."""
        parts, length, dtype = [], self._length, self._computed_dtype
        for stage in self._stages:
            parts.append(LayerStream(stage, self._examples, channels, dtype, length, self._axis))
            length = None if length is None else place(stage, length).steps
            channels, dtype = parts[-1].filters, parts[-1].output_dtype
        self._parts, self._before, self._channels = parts, parts[:-1], parts[0].channels

    def __repr__(self) -> str:
        return (
            f"<Stream layers={len(self._stages)}, batch_size={self._examples}, dtype={self.dtype}, "
            f"stride={self.stride}, lookahead={self.lookahead}, seen={self._seen()}>"
        )

    def __reduce__(self) -> Any:
        raise TypeError(
            "A stream does not pickle: pickle its `state`, and set that on a stream of the same layer. "
            f"Received: {self!r}"
        )

    @property
    def stride(self) -> int:
        """The input steps from one output step to the next."""
        return self._field().stride

    @property
    def lookahead(self) -> int:
        """The latency in steps. Output step ``t`` comes with input step ``t*stride + lookahead``.

        It is less than 0 where an output reads none of the steps from ``t*stride`` on.
        """
        return self._field().lookahead

    def _field(self):
        found, length = [], self._length
        for stage in self._stages:
            found.append(place(stage, length or 0))
            length = None if length is None else found[-1].steps
        return field(found)

    def push(self, chunk: ArrayInput, out: Array | None = None) -> Array:
        """Take the next steps of the series.

        Args:
            chunk: array (N, steps, C), or (N, C, steps) with "channels_first", of any number of steps, 0 included.
            out: array that takes the outputs, of their shape and type; any strides. Default a new one.

        Returns:
            The output steps that are known by now and were not before: an array (N, steps, F) or (N, F, steps), often
            of 0 steps.

        Raises:
            ValueError, TypeError: a chunk or ``out`` of another shape or type, or more steps than ``length``; the
                stream is as it was before.
            RuntimeError: the stream was flushed.
        """
        chunk = self._checked(chunk)
        if out is None:
            return self._advance(chunk, None, False)
        return self._advance_into(chunk, out)

    def flush(self) -> Array:
        """End the series.

        Returns:
            The output steps that read zeros behind the series, or were not known before its end for another reason.

        Raises:
            ValueError: fewer steps came than ``length``.
            RuntimeError: the stream was flushed before, or is of unknown channels, since nothing came.
        """
        self._refuse_flushed("flush")
        if not self._parts:
            raise RuntimeError(
                f"`flush` needs the channels of the series, which no chunk has shown yet. Received: {self!r}"
            )
        if self._length not in (None, self._seen()):
            raise ValueError(
                f"`length` is {self._length}: push as many steps before the flush. Received: {self._seen()} steps"
            )
        first = self._parts[0]
        outputs = self._advance(first.no_input(), None, True)
        self._flushed = True
        return outputs

    def reset(self) -> None:
        """Forget all steps: what comes next is the start of another series."""
        for part in self._parts:
            part.restart()
        self._flushed = False

    @property
    def state(self) -> dict[str, Array]:
        """What a stream of the same layer needs to go on from here, in another process or later, as arrays by name.

        ``seen`` holds the steps that each layer has taken, ``kept_0`` and so on the last of them that it still needs,
        ``span - 1`` at most. ``np.savez(file, **stream.state)`` writes it and ``stream.state = np.load(file)`` reads
        it; it pickles too. Weights are no part of it.

        Raises:
            RuntimeError: when read, the stream was flushed.
            ValueError, TypeError: when set, a state of another layer; the stream is as it was before.
        """
        self._refuse_flushed("state")
        return states.state_of(self._parts, len(self._stages))

    @state.setter
    def state(self, value: Mapping[str, ArrayInput]) -> None:
        seen = states.steps_seen(value, len(self._stages), self._length)
        if not self._parts and seen[0]:
            self._start(states.channels_of(value, self._axis))
        states.restore(self._parts, seen, value)
        self._flushed = False

    def _seen(self):
        return self._parts[0].seen if self._parts else 0

    def _checked(self, chunk):
        """The chunk as an array of the computed type."""
        if self._flushed:
            self._refuse_flushed("push")
        if type(chunk) is not np.ndarray:
            chunk = arguments.as_chunk(chunk, self.dtype)
        shape = chunk.shape
        if len(shape) != 3 or chunk.dtype != self.dtype:
            chunk = arguments.fitting_chunk(chunk, self.dtype)
        if not self._parts:
            arguments.check_chunk(chunk, self._examples, None, self._axis)
            self._start(shape[3 - self._axis])
        if shape[0] != self._examples or shape[3 - self._axis] != self._channels:
            arguments.check_chunk(chunk, self._examples, self._channels, self._axis)
        if self._length is not None and self._seen() + shape[self._axis] > self._length:
            raise ValueError(
                f"`chunk` has more steps than are left of `length`, {self._length - self._seen()} of {self._length}. "
                f"Received: shape {shape}"
            )
        return chunk.astype(self._computed_dtype) if self._converts else chunk

    def _advance(self, inputs, out, final):
        """What all layers give for the first one's inputs; all of them go on, or none."""
        last, before = self._parts[-1], self._before
        for part in before:
            inputs = part.advance_again(inputs, final)
        outputs = last.advance(inputs, out, final)
        if last.at_once and out is None and np.may_share_memory(outputs, inputs):
            outputs = outputs.copy()
        for part in before:
            part.commit()
        last.commit()
        return outputs

    def _advance_into(self, chunk, out):
        steps = chunk.shape[self._axis]
        for part in self._parts:
            steps = part.steps_given(steps, False)
        last = self._parts[-1]
        array_arguments.output(out, last.shape(steps), last.output_dtype)
        direct = out.flags.c_contiguous and not np.may_share_memory(out, chunk)
        outputs = self._advance(chunk, out if direct else None, False)
        if outputs is not out:
            out[...] = outputs
        return out

    def _refuse_flushed(self, what):
        if self._flushed:
            raise RuntimeError(
                f"`{what}` is for a series that goes on, and the stream was flushed: call `reset()` for another one. "
                f"Received: {self!r}"
            )


def of_stages(
    stages: Sequence[Stage], batch_size: int = 1, length: int | None = None, dtype: DTypeLike | None = None
) -> Stream:
    """The stream of a model's stages, one after the other."""
    stream = Stream.__new__(Stream)
    stream._open(stages, batch_size, length, dtype)
    return stream
