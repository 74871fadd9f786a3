"""Objects that stand for an array: NumPy functions and operators read the array anew each time."""

import numpy as np


class ArrayLike(np.lib.mixins.NDArrayOperatorsMixin):
    """Operators, conversions and NumPy functions for an object whose ``read()`` returns an array."""

    __array_priority__ = 100

    def read(self):
        """The array as it is now; it may share memory with the object."""
        raise NotImplementedError

    def __array__(self, dtype=None, copy=None):
        array = np.asarray(self.read(), dtype)
        return array if copy is False else array.copy()

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        if any(isinstance(target, ArrayLike) for target in out):
            raise TypeError(f"`out` must be arrays: use `assign` to write to a variable. Received: {out!r}")
        if out:
            kwargs["out"] = out
        return getattr(ufunc, method)(*map(_plain, inputs), **kwargs)

    def __getitem__(self, key):
        return self.read()[key].copy()

    def __len__(self):
        return len(self.read())

    def __bool__(self):
        return bool(self.read())

    def __int__(self):
        return int(self.read())

    def __float__(self):
        return float(self.read())

    def __complex__(self):
        return complex(self.read())

    def __index__(self):
        return self.read().__index__()


def _plain(value):
    return value.read() if isinstance(value, ArrayLike) else value
