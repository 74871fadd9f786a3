"""The arrays that TF's words return: NumPy arrays that answer as TF1's tensors do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.convert import as_array, is_floating, number_in
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor_shape import Shape, as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_shape_of = np.ndarray.shape.__get__
_set_shape_of = np.ndarray.shape.__set__


class Tensor(np.ndarray[Any, Any]):
    """A NumPy array whose shape and operators are those of a TF1 tensor.

    ``shape`` and ``get_shape()`` have ``as_list()``. Operators keep the type as TF's do: Python's numbers, NumPy's
    scalars and plain arrays take the tensor's, and two tensors must have the same one. ``x += y`` makes a new array, so
    that other names of the old one keep their values. Everything else is NumPy's.

    >>> import nb_sepconv as tf
    >>> x = tf.constant([[1.0, 2.0, 3.0]])
    >>> x.get_shape().as_list(), (x * np.float64(2)).dtype.name
    ([1, 3], 'float32')
    """

    __slots__ = ()

    @property
    def shape(self) -> Shape:
        """The shape, a tuple of ints that also has ``as_list()``."""
        return Shape(_shape_of(self))

    @shape.setter
    def shape(self, value: Any) -> None:
        _set_shape_of(self, value)

    def get_shape(self) -> Shape:
        """The same as ``shape``."""
        return Shape(_shape_of(self))

    if TYPE_CHECKING:  # the operators, which ``_install`` and NumPy define

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __iadd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __isub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __imul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __itruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __ifloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __imod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __ipow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __imatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __iand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __ior__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __ixor__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...
        def __ne__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...

    def __array_ufunc__(self, ufunc: Any, method: Any, *inputs: Any, out: Any = (), **keywords: Any) -> Any:
        if ufunc in _BY_UFUNC and method == "__call__" and any(isinstance(value, np.generic) for value in inputs):
            return combined(_BY_UFUNC[ufunc], *inputs)  # NumPy's scalars ask here first: np.float64(2) * x
        if out:
            keywords["out"] = tuple(map(_untyped, out))
        result = getattr(ufunc, method)(*map(_untyped, inputs), **keywords)
        if out:
            return out[0] if len(out) == 1 else out
        return tuple(map(_retyped, result)) if isinstance(result, tuple) else _retyped(result)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        """NumPy's functions see plain arrays, so that the operators inside them are NumPy's."""
        if not all(issubclass(kind, np.ndarray) for kind in types):
            return super().__array_function__(function, types, arguments, keywords)
        result = function(*_untyped_within(arguments), **_untyped_within(keywords))
        return keywords["out"] if isinstance(keywords.get("out"), Tensor) else _retyped_within(result)

    def set_shape(self, shape: Any) -> None:
        """Raise a ValueError when the shape is not compatible with ``shape``, a sequence of ints and Nones."""
        if not as_shape(shape).is_compatible_with(self.shape):
            raise ValueError(f"`shape` must be compatible with {tuple(self.shape)}. Received: {shape!r}")

    def numpy(self) -> np.ndarray[Any, Any]:
        """The plain NumPy array, which shares the memory."""
        return self.view(np.ndarray)

    def eval(self, feed_dict: Any = None, session: object = None) -> np.ndarray[Any, Any]:
        """The plain NumPy array; ``session`` is accepted as TF1 has it and unused."""
        if feed_dict:
            raise ValueError(
                f"`feed_dict` must be empty: call the function with other arrays. Received: {len(feed_dict)} values"
            )
        return self.view(np.ndarray)


def tensor(value: Any) -> Tensor:
    """What a NumPy function returned as a Tensor that shares its memory."""
    return (value if type(value) is np.ndarray else np.asarray(value)).view(Tensor)


def _untyped(value):
    return value.view(np.ndarray) if isinstance(value, Tensor) else value


def _retyped(value):
    return tensor(value) if isinstance(value, (np.ndarray, np.generic)) else value


def _untyped_within(value):
    """``value`` with plain arrays for the Tensors in its lists, tuples and dicts."""
    if isinstance(value, (list, tuple)):
        inner = map(_untyped_within, value)
        return type(value)(*inner) if hasattr(value, "_fields") else type(value)(inner)
    if isinstance(value, dict):
        return {key: _untyped_within(each) for key, each in value.items()}
    return _untyped(value)


def _retyped_within(result):
    """What a NumPy function returned, with Tensors for arrays; NumPy's scalars stay what they are."""
    if isinstance(result, (list, tuple)) and not hasattr(result, "_fields"):
        return type(result)(map(_retyped_within, result))
    return tensor(result) if type(result) is np.ndarray else result


def of_word(value: Any) -> Any:
    """What a layer computed, as a Tensor unless it lies on a GPU or is a Symbol, which only says that it is one."""
    return value.view(Tensor) if issubclass(type(value), np.ndarray) else value


def plain(value: Any) -> np.ndarray[Any, Any]:
    """``value`` as a plain array, without a copy where it is one: an argument of TF's words."""
    kind = type(value)
    if kind is np.ndarray:
        return value
    if kind is Tensor:
        return value.view(np.ndarray)
    if isinstance(value, ArrayLike):
        return np.asarray(value.read())
    if isinstance(value, (list, tuple)) and (typed := _first_tensor(value)) is not None:
        return np.asarray(value, typed.dtype)
    return as_array(value)


def _first_tensor(values):
    for value in values:
        found = _first_tensor(value) if isinstance(value, (list, tuple)) else value
        if isinstance(found, (Tensor, ArrayLike)):
            return found
    return None


def matched(x: Any, y: Any, names: Sequence[str] = ("x", "y")) -> Any:
    """Both as plain arrays of one type, by TF's rules; nothing is promoted.

    Raises:
        TypeError: two types, or a number that the other's type cannot hold.
    """
    one, other = _as_it_is(x), _as_it_is(y)
    if one is None and other is not None:
        one = number_in(other.dtype, x)
    elif other is None and one is not None:
        other = number_in(one.dtype, y)
    if one is not None and other is not None and one.dtype == other.dtype:
        return one, other
    return tuple(matched_all((x, y), names))


def _as_it_is(value):
    """An array, or what stands for one, as a plain array; None for anything else."""
    kind = type(value)
    if kind is np.ndarray:
        return value
    if kind is Tensor:
        return value.view(np.ndarray)
    return np.asarray(value.read()) if isinstance(value, ArrayLike) else None


def matched_all(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """All as plain arrays of one type; ``names`` are those of the arguments, for the message."""
    ranks, arrays = [_rank_of_type(value) for value in values], [plain(value) for value in values]
    highest = max(ranks)
    candidates = [i for i, rank in enumerate(ranks) if rank == highest]
    if highest == _LOOSE:
        candidates = [i for i in candidates if is_floating(arrays[i].dtype)] or candidates
    leader = candidates[0]
    dtype = arrays[leader].dtype
    return [
        array if array.dtype == dtype else _converted(value, array, dtype, rank, highest, (name, names[leader]))
        for value, array, rank, name in zip(values, arrays, ranks, names, strict=True)
    ]


_LOOSE, _CONSTANT, _TYPED = range(3)


def _rank_of_type(value):
    """How firmly the type belongs to the value: Python's numbers and NumPy's scalars, NumPy arrays, tensors."""
    if isinstance(value, (Tensor, ArrayLike)):
        return _TYPED
    if hasattr(value, "dtype") and not isinstance(value, np.generic):
        return _CONSTANT
    return _TYPED if isinstance(value, (list, tuple)) and _first_tensor(value) is not None else _LOOSE


def _converted(value, array, dtype, rank, highest, names):
    """An array of another type than the leading one in that type, or a TypeError."""
    if (rank < highest or rank == _LOOSE) and _may_become(array.dtype, dtype):
        exact = np.asarray(value) if rank == _LOOSE else array  # 0.1 in float64 is not float32's 0.1
        return quietly(exact.astype, dtype)
    raise TypeError(f"`{names[0]}` must have the type {dtype.name} of `{names[1]}`. Received: {array.dtype.name}")


def _may_become(source, target):
    if source == target or target.kind == "b":
        return source == target
    whole = source.kind in "iub"
    return whole or is_floating(source) if is_floating(target) or target.kind == "c" else whole


def combined(function: Callable[..., Any], x: Any, y: Any, names: Sequence[str] = ("x", "y")) -> Tensor:
    """A NumPy function of two arguments of one type."""
    return tensor(quietly(function, *matched(x, y, names)))


def true_divide(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Any:
    """``x / y`` of plain arrays; integers of up to 16 bits give float32, longer ones float64, as in TF."""
    if x.dtype.kind in "iu":
        wide = np.float32 if x.dtype.itemsize <= 2 else np.float64
        x, y = x.astype(wide), y.astype(wide)
    return np.true_divide(x, y)


def floor_divide(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Any:
    """``x / y`` of plain arrays, rounded down; an integer by zero is an error, as in TF."""
    _refuse_zero(x, y)
    return np.floor(np.true_divide(x, y)) if is_floating(x.dtype) else np.floor_divide(x, y)


def floor_modulo(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> Any:
    """``x - floor(x / y) * y`` of plain arrays; an integer by zero is an error, as in TF."""
    _refuse_zero(x, y)
    return np.remainder(x, y)


def _refuse_zero(x, y):
    if x.dtype.kind in "iu" and not np.all(y):
        raise ZeroDivisionError("`y` must not be zero where integers are divided. Received: 0")


def _install(name, function):
    def forward(self, other):
        if type(other) is not Tensor:
            if getattr(other, "__array_ufunc__", self) is None:
                return NotImplemented
            return combined(function, self, other)
        if self.dtype != other.dtype:
            return combined(function, self, other)
        return tensor(quietly(function, self.view(np.ndarray), other.view(np.ndarray)))

    def reflected(self, other):
        return combined(function, other, self)

    setattr(Tensor, f"__{name}__", forward)
    setattr(Tensor, f"__i{name}__", forward)
    setattr(Tensor, f"__r{name}__", reflected)


OPERATORS = {
    **{"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": true_divide, "floordiv": floor_divide},
    **{"mod": floor_modulo, "pow": np.power, "matmul": np.matmul},
    **{"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor},
}
_BY_UFUNC = {
    **{function: function for function in (np.add, np.subtract, np.multiply, np.power)},
    **{np.true_divide: true_divide, np.floor_divide: floor_divide, np.remainder: floor_modulo},
}
for _name, _function in OPERATORS.items():
    _install(_name, _function)
