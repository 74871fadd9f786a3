"""Layers one after the other, as one model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import array_arguments
from nb_sepconv.checks.outside_memory import is_dask_array, refuse_unknown_sizes
from nb_sepconv.convolution.lengths import lengths_elsewhere, steps_of
from nb_sepconv.lazy.graph import no_examples, outputs_of
from nb_sepconv.stacks.lengths import checked_lengths, outputs_and_lengths
from nb_sepconv.stacks.stages import stages_of
from nb_sepconv.streaming.stream import of_stages
from nb_sepconv.tensors.tracing import current_trace, open_traces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike

    from nb_sepconv.streaming.stream import Stream
    from nb_sepconv.tensors.typing import Array, ArrayInput


class Stack:
    """Layers one after the other: each is called with what the one before gives.

    Args:
        layers: layers of ``tf.layers`` or ``tf.keras.layers``, the library's activations, and other stacks; or one list
            of these.

    Raises:
        ValueError: there is none.
        TypeError: one of them cannot be called.

    It pickles with the weights of its layers. :func:`nb_sepconv.receptive_field` says what an output step depends on,
    and :func:`nb_sepconv.batch.apply` applies it to series of any length.

    >>> import numpy as np, nb_sepconv as tf
    >>> stack = Stack(tf.layers.SeparableConv1D(8, 5, activation="relu"), tf.layers.Dense(2))
    >>> stack(np.zeros((1, 100, 3), np.float32)).shape, len(stack)
    ((1, 96, 2), 2)
    """

    def __init__(self, *layers: Any) -> None:
        self.layers: tuple[Any, ...] = _given(layers)
        for layer in self.layers:
            if not callable(layer):
                raise TypeError(f"`layers` must be layers, activations and stacks. Received: {layer!r}")

    def __call__(self, inputs: Any, lengths: ArrayInput | None = None, mask: ArrayInput | None = None) -> Any:
        """Call one layer after the other.

        Args:
            inputs: array (N, L, C), or (N, C, L) where the layers' channels come first. An array of Dask gives another,
                each of whose chunks is computed later from just the steps that it depends on.
            lengths: array or sequence of ints (N,), the steps of each example: it gives what it gives alone, cut to its
                length, and zeros behind. Default None, all steps.
            mask: array of booleans (N, L) in place of ``lengths``, True for the first steps of each example. Default
                None.

        Returns:
            What the last layer gives.

        Raises:
            TypeError, ValueError: lengths that do not fit, and what the layers raise.
        """
        if lengths is not None or mask is not None:
            if open_traces and (trace := current_trace()) is not None:
                return trace.record(self, (inputs, lengths, mask), repeats=False)
            return self._with_lengths(inputs, lengths, mask)
        if type(inputs) is not np.ndarray and is_dask_array(inputs):
            refuse_unknown_sizes("inputs", inputs)
            return outputs_of(self, "stack", inputs, self(no_examples(inputs)))
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def _with_lengths(self, inputs, lengths, mask):
        if not isinstance(inputs, np.ndarray):
            raise lengths_elsewhere(inputs)
        channels_last = self._channels_last
        lengths = checked_lengths(lengths, mask, inputs, channels_last)
        for layer in _layers(self):
            if lengths is None:
                inputs = layer(inputs)
            else:
                inputs, lengths = outputs_and_lengths(layer, inputs, lengths, channels_last)
        return inputs

    @property
    def _channels_last(self):
        """Whether the steps come before the channels, as the first layer says that has a data format."""
        for layer in _layers(self):
            if hasattr(layer, "data_format"):
                return layer.data_format == "channels_last"
        return True

    def compute_output_lengths(self, lengths: ArrayInput) -> Array:
        """The output steps of examples that have some lengths.

        Args:
            lengths: array of ints >= 0 of any shape, or ints.

        Returns:
            array of ints of that shape, 0 where a kernel does not fit.

        Raises:
            TypeError, ValueError: other lengths, or a layer that is not built or joins all steps.
        """
        steps = array_arguments.counts("lengths", lengths)
        for stage in self._stages():
            steps = steps_of(steps, stage.kernel_size, stage)
        return steps

    def stream(self, batch_size: int = 1, length: int | None = None, dtype: DTypeLike | None = None) -> Stream:
        """A stream: the stack for series that come a few steps at a time, as it is in inference.

        Args:
            batch_size, length, dtype: as in the ``stream`` of its layers.

        Returns:
            A :class:`nb_sepconv.streaming.Stream`.

        Raises:
            ValueError: a layer has no weights yet or acts over time, or ``length`` is needed.
            TypeError: a layer that nobody can look into.

        >>> import numpy as np, nb_sepconv as tf
        >>> stack = Stack(tf.layers.SeparableConv1D(8, 5), tf.nn.relu, tf.layers.MaxPooling1D(2, 2))
        >>> x = np.random.default_rng(0).normal(size=(1, 100, 3)).astype(np.float32)
        >>> whole, stream = stack(x), stack.stream()
        >>> pieces = [stream.push(x[:, first : first + 7]) for first in range(0, 100, 7)]
        >>> bool((np.concatenate([*pieces, stream.flush()], axis=1) == whole).all())
        True
        """
        return of_stages(stages_of(self), batch_size, length, dtype)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.layers)

    def __getitem__(self, index: Any) -> Any:
        """The layer at an index, or a stack of those of a slice."""
        return Stack(*self.layers[index]) if isinstance(index, slice) else self.layers[index]

    def __repr__(self) -> str:
        return f"Stack({', '.join(getattr(layer, '__name__', None) or repr(layer) for layer in self.layers)})"

    def _stages(self):
        return [stage for layer in self.layers for stage in stages_of(layer)]


def _layers(stack):
    """Its layers and those of the stacks in it."""
    for layer in stack:
        yield from _layers(layer) if isinstance(layer, Stack) else (layer,)


def _given(layers):
    if len(layers) == 1 and isinstance(layers[0], (list, tuple)):
        layers = tuple(layers[0])
    if not layers:
        raise ValueError("`layers` must hold a layer. Received: none")
    return tuple(Stack(*layer) if isinstance(layer, (list, tuple)) else layer for layer in layers)
