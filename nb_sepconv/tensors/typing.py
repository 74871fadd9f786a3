"""Types of what callers pass and receive. Only type checkers import this module."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal, Protocol, SupportsFloat, SupportsIndex, TypeAlias, TypeVar

import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
ArrayInput: TypeAlias = npt.ArrayLike  # numbers, sequences of numbers, variables, and arrays of any library
ShapeInput: TypeAlias = SupportsIndex | Sequence[int | None]
Integers: TypeAlias = int | Sequence[int]
FilePath: TypeAlias = str | PathLike[str]
Config: TypeAlias = dict[str, Any]
Identifier: TypeAlias = str | Config | Callable[..., Any] | None  # a name, a Keras config, a callable or its class
Hyperparameter: TypeAlias = SupportsFloat | Callable[[], Any]  # a number, a variable, a decay or a function
Precision: TypeAlias = Literal["float32", "bf16x3", "tf32x3", "tf32", "bf16"]


class AnyArray(Protocol):
    """An array of NumPy, or of a library whose arrays lie on a GPU."""

    @property
    def shape(self) -> Any:
        """The sizes of its axes."""

    @property
    def dtype(self) -> Any:
        """The type of its elements, as its library names it."""


ArrayT = TypeVar("ArrayT", bound=AnyArray)
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])
