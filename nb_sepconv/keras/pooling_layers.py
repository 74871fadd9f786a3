"""Keras 3's pooling of series: over windows of a few steps, or over all steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import arguments
from nb_sepconv.keras.layer import Layer
from nb_sepconv.layers import stages
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.pooled import AveragePooled, MaxPooled
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.convert import widely
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Array, Config, Integers

_ARGUMENTS = """
    Args:
        pool_size: int > 0 or a tuple of one, the steps K of a window. Default 2.
        strides: int > 0 or a tuple of one, the steps from one window to the next. Default None, ``pool_size``.
        padding: "valid" or "same", in any case. Default "valid".
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default None, what ``keras.json`` says,
            else "channels_last".
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: for an argument out of its range.
"""
_GLOBAL_ARGUMENTS = """
    Args:
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default None, what ``keras.json`` says,
            else "channels_last".
        keepdims: bool, keep the steps as an axis of size 1. Default False.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.
"""


class _Pooling1D(Layer):
    def __init__(
        self,
        pool_size: Integers = 2,
        strides: Integers | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size: tuple[int] = arguments.one_integer(pool_size, "pool_size")
        self.strides: tuple[int] = arguments.one_integer(pool_size if strides is None else strides, "strides")
        self.padding: str = arguments.pooling_padding(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.input_spec: InputSpec | None = InputSpec(ndim=3)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        return tuple(self._output_shape(as_shape(input_shape)))

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        names = ("strides", "pool_size", "padding", "data_format")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


class MaxPooling1D(MaxPooled, _Pooling1D):
    __doc__ = f"""The largest of the steps in each window; padding never counts.
{_ARGUMENTS}
    Example:
        >>> import numpy as np
        >>> MaxPooling1D()(np.float32([[[1], [3], [2], [0]]])).tolist()
        [[[3.0], [2.0]]]
    """


class AveragePooling1D(AveragePooled, _Pooling1D):
    __doc__ = f"""The mean of the steps in each window; padding never counts.
{_ARGUMENTS}
    Example:
        >>> import numpy as np
        >>> AveragePooling1D()(np.float32([[[1], [3], [2], [0]]])).tolist()
        [[[2.0], [1.0]]]
    """


class _GlobalPooling1D(Streamed, Layer):
    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format: str = arguments.data_format(data_format)
        self.keepdims: bool = keepdims
        self.input_spec: InputSpec | None = InputSpec(ndim=3)

    @property
    def _axis(self):
        return 1 if self.data_format == "channels_last" else 2

    def call(self, inputs: Array) -> Array:
        """Compute the outputs."""
        return widely(lambda wide: self._pooled(wide, axis=self._axis, keepdims=self.keepdims), inputs)

    def _stage(self):
        stages.refuse_joined_steps(self)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        shape = list(as_shape(input_shape))
        shape[self._axis : self._axis + 1] = [1] if self.keepdims else []
        return tuple(shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalAveragePooling1D(_GlobalPooling1D):
    __doc__ = f"""The mean of all steps.
{_GLOBAL_ARGUMENTS}
    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling1D()(np.float32([[[1], [3]]])).tolist()
        [[2.0]]
    """

    _pooled = staticmethod(np.mean)


class GlobalMaxPooling1D(_GlobalPooling1D):
    __doc__ = f"""The largest of all steps.
{_GLOBAL_ARGUMENTS}
    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling1D()(np.float32([[[1], [3]]])).tolist()
        [[3.0]]
    """

    _pooled = staticmethod(np.max)
