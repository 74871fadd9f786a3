"""Keras 3's layers that say, change or extend shapes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks import arguments
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.keras.layer import Layer
from nb_sepconv.layers import stages
from nb_sepconv.layers.flattened import Flattened
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array, Config


class InputLayer(Layer):
    """The shape and the type of what a model takes.

    Args:
        shape: sequence of ints and Nones, without the examples.
        batch_size: int, the examples. Default None, any number.
        dtype: type or name. Default float32.
        batch_shape: sequence of ints and Nones, with the examples; in place of ``shape``.
        name: str. Default "input_layer", made unique.
        kwargs: ``sparse``, ``ragged`` and ``optional``, which must be false.

    Raises:
        ValueError: neither or both shapes, or one of ``kwargs`` that is true.

    Example:
        >>> InputLayer((9, 4)).batch_shape
        (None, 9, 4)
    """

    def __init__(
        self,
        shape: Sequence[int | None] | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        for key in ("sparse", "ragged", "optional"):
            if kwargs.pop(key, None):
                raise ValueError(f"`{key}` must be False: inputs are arrays. Received: {key}=True")
        super().__init__(name=name, dtype=dtype, **kwargs)
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                f"Give `shape` or `batch_shape`, one of them. Received: shape={shape}, batch_shape={batch_shape}"
            )
        self.batch_shape: tuple[int | None, ...] = tuple(
            as_shape((batch_size, *shape) if batch_shape is None else batch_shape)
        )
        self.built = True

    def call(self, inputs: Array) -> Array:
        """The inputs as they are."""
        return inputs

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output, which is that of the input."""
        return tuple(as_shape(input_shape))

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        dtype = self.dtype
        return {"batch_shape": self.batch_shape, "dtype": dtype, "sparse": False, "ragged": False, "name": self.name}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``; tf_keras has another name of the shape."""
        return cls(**{"batch_shape" if key == "batch_input_shape" else key: value for key, value in config.items()})


def Input(
    shape: Sequence[int | None] | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> InputLayer:
    """What a ``Sequential`` model takes, as its first layer.

    Args:
        shape, batch_size, dtype, batch_shape, name: as in :class:`InputLayer`.

    Raises:
        ValueError: neither or both shapes.

    Example:
        >>> Input((9, 4), name="series").batch_shape
        (None, 9, 4)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape, name)


class Flatten(Flattened, Streamed, Layer):
    """All axes but the first one as one.

    Args:
        data_format: "channels_last", or "channels_first", which puts the channels last before. Default None, what
            ``keras.json`` says, else "channels_last".
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Example:
        >>> import numpy as np
        >>> Flatten()(np.zeros((2, 3, 4), np.float32)).shape
        (2, 12)
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format: str = arguments.data_format(data_format)
        self.input_spec: InputSpec | None = InputSpec(min_ndim=1)

    def _stage(self):
        stages.refuse_joined_steps(self)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        batch, *rest = as_shape(input_shape)
        return batch, None if None in rest else math.prod(rest)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "data_format": self.data_format}


class Reshape(Streamed, Layer):
    """The elements of each example in another shape.

    Args:
        target_shape: sequence of ints, without the examples; one may be -1, what is left.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: a size below -1, or more than one -1.

    Example:
        >>> import numpy as np
        >>> Reshape((6, -1))(np.zeros((2, 12), np.float32)).shape
        (2, 6, 2)
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape: tuple[int, ...] = tuple(int(size) for size in target_shape)
        if self.target_shape.count(-1) > 1 or any(size < -1 for size in self.target_shape):
            raise ValueError(f"`target_shape` must be sizes, one of them -1 at most. Received: {target_shape!r}")

    def call(self, inputs: Array) -> Array:
        """Compute the outputs."""
        return inputs.reshape((len(inputs), *self._sizes(inputs.shape))).copy()

    def _sizes(self, shape):
        """The target's sizes for inputs of a shape, None where it is unknown."""
        total = None if None in tuple(shape[1:]) else math.prod(shape[1:])
        known = math.prod(size for size in self.target_shape if size != -1)
        if -1 not in self.target_shape:
            fits, rest = total in (None, known), None
        else:
            fits = total is None or (total % known == 0 if known else total == 0)
            rest = None if total is None else total // max(known, 1)
        if not fits:
            raise ValueError(
                f"`target_shape` must have as many elements as an example of the inputs. "
                f"Received: {self.target_shape} for inputs of shape {tuple(shape)}"
            )
        return tuple(rest if size == -1 else size for size in self.target_shape)

    def _stage(self):
        stages.refuse_joined_steps(self)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        shape = as_shape(input_shape)
        return shape[0], *self._sizes(shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {"target_shape": self.target_shape, **super().get_config()}


class ZeroPadding1D(Streamed, Layer):
    """Zeros before and after each series.

    Args:
        padding: int >= 0, or two of them, the zeros before and after. Default 1.
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L). Default None, what ``keras.json`` says,
            else "channels_last".
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`.

    Raises:
        ValueError: ``padding`` is none of these.

    Example:
        >>> import numpy as np
        >>> ZeroPadding1D((2, 0))(np.zeros((1, 3, 4), np.float32)).shape
        (1, 5, 4)
    """

    def __init__(self, padding: int | Sequence[int] = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding: tuple[int, int] = _two_counts(padding)
        self.data_format: str = arguments.data_format(data_format)
        self.input_spec: InputSpec | None = InputSpec(ndim=3)

    @property
    def _axis(self):
        return 1 if self.data_format == "channels_last" else 2

    def call(self, inputs: Array) -> Array:
        """Compute the outputs."""
        return self._padded(inputs, self.padding)

    def _padded(self, inputs, zeros):
        return np.pad(inputs, [zeros if axis == self._axis else (0, 0) for axis in range(3)])

    def _stage(self):
        return Stage(
            self.name,
            lambda inputs, zeros, out: written(self._padded(inputs, zeros), out),
            padding=self.padding,
            channels_last=self._axis == 1,
        )

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, with None where it is unknown."""
        shape = list(as_shape(input_shape))
        length = shape[self._axis]
        shape[self._axis] = None if length is None else length + sum(self.padding)
        return tuple(shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold."""
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


def _two_counts(padding):
    counts = (padding, padding) if isinstance(padding, int) else tuple(padding)
    if len(counts) != 2 or not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError(f"`padding` must be an integer >= 0 or two of them. Received: {padding!r}")
    return counts
