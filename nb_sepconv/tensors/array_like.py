"""Objects that stand for an array: NumPy functions and operators read the array anew each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.typing import Array


class ArrayLike(np.lib.mixins.NDArrayOperatorsMixin):
    """Operators, conversions and NumPy functions for an object whose ``read()`` returns an array."""

    __array_priority__ = 100

    def read(self) -> Any:
        """The array as it is now; it may share memory with the object."""
        raise NotImplementedError

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        array = np.asarray(self.read(), dtype)
        return array if copy is False else array.copy()

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] = (), **kwargs: Any
    ) -> Any:
        if any(isinstance(target, ArrayLike) for target in out):
            raise TypeError(f"`out` must be arrays: use `assign` to write to a variable. Received: {out!r}")
        if out:
            kwargs["out"] = out
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __getitem__(self, key: Any) -> Any:
        return self.read()[key].copy()

    def __len__(self) -> int:
        return len(self.read())

    def __bool__(self) -> bool:
        return bool(self.read())

    def __int__(self) -> int:
        return int(self.read())

    def __float__(self) -> float:
        return float(self.read())

    def __complex__(self) -> complex:
        return complex(self.read())

    def __index__(self) -> int:
        return self.read().__index__()


def _plain(value):
    return value.read() if isinstance(value, ArrayLike) else value
