"""An array of a program that is being traced: its shape and type are known, its values are those of a later call."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from nb_sepconv.tensors.containers import items_of
from nb_sepconv.tensors.tensor import Tensor
from nb_sepconv.tensors.tensor_shape import Shape, as_shape

if TYPE_CHECKING:
    from collections.abc import Iterator


class Symbol:
    """What stands for an array while ``tf.function`` traces. Operators and indexing are recorded as words are.

    Args:
        trace: the trace that it belongs to.
        place: str, the expression that gives the array in a later call.
        example: the array in the call that is traced.
        loose: bool, whether its shape may be another one in a later call.
    """

    __slots__ = ("example", "loose", "place", "trace")
    __array_ufunc__ = None  # operators of arrays leave the work to those below
    __hash__ = object.__hash__

    def __init__(self, trace: Any, place: str, example: Any, loose: bool) -> None:
        self.trace, self.place, self.example, self.loose = trace, place, example, loose

    @property
    def __class__(self) -> type:
        """``isinstance`` answers as it does for the array."""
        return Tensor if isinstance(self.example, np.ndarray) else type(self.example)

    def __repr__(self) -> str:
        return f"<Symbol of shape {np.shape(self.example)} and type {self.example.dtype.name}>"

    # ---- what is known ----

    @property
    def shape(self) -> Shape:
        """The shape; where it may differ in a later call, that call looks whether it does."""
        self.trace.rely_on_shape(self)
        return Shape(np.shape(self.example))

    def get_shape(self) -> Shape:
        """The same as ``shape``."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Raise a ValueError when the shape is not compatible with ``shape``, a sequence of ints and Nones."""
        if not as_shape(shape).is_compatible_with(self.shape):
            raise ValueError(f"`shape` must be compatible with {tuple(self.shape)}. Received: {shape!r}")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type."""
        return self.example.dtype

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.shape.num_elements()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    # ---- what is recorded ----

    def __getitem__(self, key: Any) -> Any:
        return self.trace.record(operator.getitem, (self, key))

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    # ---- what has no answer yet ----

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") or not hasattr(Tensor, name):
            raise AttributeError(f"'Tensor' object has no attribute '{name}'")
        raise AttributeError(
            f"`.{name}` of an array is not recorded while `tf.function` traces a program, as it is NumPy's: use a word "
            "of `tf` or an operator"
        )

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> NoReturn:
        self._refuse(f"`np.{function.__name__}` of it")

    def _refuse(self, what):
        raise TypeError(
            f"An array of the shape {np.shape(self.example)} has no values while `tf.function` traces a program, and "
            f"{what} wants them: use words of `tf`, or leave this outside of the function"
        )


def holds_symbols(value: Any) -> bool:
    """Whether a value is a Symbol, or a container of some."""
    return type(value) is Symbol or any(map(holds_symbols, items_of(value)))


def _recorded(function, reflected=False):
    if reflected:
        return lambda self, other: self.trace.record(function, (other, self))
    return lambda self, *others: self.trace.record(function, (self, *others))


def _refused(what):
    def refuse(self, *arguments, **keywords):
        self._refuse(what)

    return refuse


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor"):
    _function = getattr(operator, f"__{_name}__")
    setattr(Symbol, f"__{_name}__", _recorded(_function))
    setattr(Symbol, f"__r{_name}__", _recorded(_function, reflected=True))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "neg", "pos", "abs", "invert"):
    setattr(Symbol, f"__{_name}__", _recorded(getattr(operator, f"__{_name}__")))
for _name, _what in {
    **{"__bool__": "a condition", "__int__": "`int`", "__float__": "`float`", "__complex__": "`complex`"},
    **{"__index__": "an index or a size", "__array__": "NumPy", "numpy": "`.numpy()`", "eval": "`.eval()`"},
    **{"item": "`.item()`", "tolist": "`.tolist()`", "__contains__": "`in`", "__reduce__": "`pickle`"},
    **{"__round__": "`round`", "__copy__": "`copy`", "__deepcopy__": "`copy`", "__buffer__": "a buffer"},
}.items():
    setattr(Symbol, _name, _refused(_what))
