"""Layers whose series may come a few steps at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.streaming.stream import Stream


class Streamed:
    """A layer that moves over time: a subclass has ``_stage()``, or ``_stages()`` of several layers in a row."""

    def stream(self, batch_size: int = 1, length: int | None = None, dtype: DTypeLike | None = None) -> Stream:
        """A stream: the layer for series that come a few steps at a time, as it is in inference.

        Args:
            batch_size: int > 0, the series that come side by side. Default 1.
            length: int > 0, the steps of the whole series, which ``padding="same"`` with strides > 1 needs. Default
                None, not known before the end.
            dtype: the type of the chunks, which are converted to that of the layer. Default the layer's own, which
                chunks must have.

        Returns:
            A :class:`nb_sepconv.streaming.Stream`. It sees the variables as they are at each push, and the settings of
            the layer as they are now.

        Raises:
            ValueError: the layer has no weights yet, its activation acts over time, or ``length`` is needed.
            TypeError: a class with a ``call`` of its own.

        >>> import numpy as np, nb_sepconv as tf
        >>> layer = tf.layers.SeparableConv1D(4, 3, padding="causal")
        >>> x = np.random.default_rng(0).normal(size=(1, 10, 2)).astype(np.float32)
        >>> whole, stream = layer(x), layer.stream()
        >>> pieces = [stream.push(x[:, :1]), stream.push(x[:, 1:7]), stream.push(x[:, 7:]), stream.flush()]
        >>> bool((np.concatenate(pieces, axis=1) == whole).all())
        True
        """
        from nb_sepconv.convolution.stage import stages_in
        from nb_sepconv.streaming.stream import of_stages

        return of_stages(stages_in(self), batch_size, length, dtype)
