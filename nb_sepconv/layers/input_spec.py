"""What a layer accepts as input: rank and sizes of axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

    from nb_sepconv.tensors.tensor_shape import Shape
    from nb_sepconv.tensors.typing import Config, ShapeInput


class InputSpec:
    """The rank and sizes of axes that a layer accepts.

    Args:
        dtype: str, the type's name. Default any.
        shape: sequence of ints and Nones. Default any.
        ndim, max_ndim, min_ndim: int, the rank, its maximum, its minimum. Default any.
        axes: dict of axis -> size. Default none.

    Raises:
        TypeError: when ``axes`` is not such a dict.
        ValueError: when an axis lies beyond the rank.
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: ShapeInput | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[Any, Any] | None = None,
    ) -> None:
        self.dtype = dtype
        self.shape: Shape | None = None if shape is None else as_shape(shape)
        self.ndim: int | None = ndim if shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes: dict[int, int | None] = _axes(axes)
        largest = self.ndim or max_ndim
        if self.axes and largest and max(self.axes) >= largest:
            raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {largest - 1}")

    def __repr__(self) -> str:
        kept = {key: value for key, value in self.get_config().items() if value}
        return f"InputSpec({', '.join(f'{key}={value}' for key, value in kept.items())})"

    def get_config(self) -> Config:
        """The constructor's arguments."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """The reverse of ``get_config``."""
        return cls(**config)

    def accepts(self, shape: Sequence[int | None]) -> bool:
        """Whether an input of ``shape`` is accepted."""
        return self._problem(tuple(shape)) is None

    def check(self, shape: Sequence[int | None], layer_name: str) -> None:
        """Raise a ValueError that names the layer when an input of ``shape`` is not accepted."""
        problem = self._problem(tuple(shape))
        if problem:
            raise ValueError(
                f'Input 0 of layer "{layer_name}" is incompatible with the layer: {problem}. '
                f"Full shape received: {tuple(shape)}"
            )

    def _problem(self, shape):
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={rank}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={rank}"
        wanted = self.axes if self.shape is None else {**dict(enumerate(self.shape)), **self.axes}
        for axis, size in wanted.items():
            if size is not None and shape[axis] not in (size, None):
                return f"expected axis {axis} of input shape to have value {size}, but received {shape[axis]}"
        return None


def _axes(axes):
    if not axes:
        return {}
    try:
        return {int(axis): size for axis, size in axes.items()}
    except (AttributeError, ValueError, TypeError):
        raise TypeError(f"`axes` must be a dict with integer keys. Received: {axes!r}") from None
