"""Objects that stand for an array: NumPy functions and operators read the array anew each time."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.tracing import current_trace, refuse_in_trace

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
        _refuse_values("NumPy")
        array = np.asarray(self.read(), dtype)
        return array if copy is False else array.copy()

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] = (), **kwargs: Any
    ) -> Any:
        if any(isinstance(target, ArrayLike) for target in out):
            raise TypeError(f"`out` must be arrays: use `assign` to write to a variable. Received: {out!r}")
        if out:
            refuse_in_trace("`out=`", "use the array that is returned")
            kwargs["out"] = out
        trace = current_trace()
        if trace is not None and not out:
            return trace.record(getattr(ufunc, method), inputs, kwargs)
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __getitem__(self, key: Any) -> Any:
        trace = current_trace()
        return self.read()[key].copy() if trace is None else trace.record(operator.getitem, (self, key))

    def __len__(self) -> int:
        return len(self.read())

    def __bool__(self) -> bool:
        _refuse_values("a condition")
        return bool(self.read())

    def __int__(self) -> int:
        _refuse_values("`int`")
        return int(self.read())

    def __float__(self) -> float:
        _refuse_values("`float`")
        return float(self.read())

    def __complex__(self) -> complex:
        _refuse_values("`complex`")
        return complex(self.read())

    def __index__(self) -> int:
        _refuse_values("an index or a size")
        return self.read().__index__()


def _refuse_values(what):
    refuse_in_trace(f"The value of a variable for {what}", "use words of `tf`, or leave it outside of the function")


def _plain(value):
    return value.read() if isinstance(value, ArrayLike) else value
