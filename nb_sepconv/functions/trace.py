"""What a program computes, recorded while it runs: a list of calls whose arrays are those of a later run."""

from __future__ import annotations

import operator
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.framework.call_losses import CallLoss
from nb_sepconv.framework.variables import Variable
from nb_sepconv.functions.lean import lean_call
from nb_sepconv.functions.looseness import sized_by_values
from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.containers import items_of, rebuilt
from nb_sepconv.tensors.lazy_value import LazyValue
from nb_sepconv.tensors.symbol import Symbol, holds_symbols
from nb_sepconv.tensors.tensor import Tensor
from nb_sepconv.tensors.tracing import ASSIGNS, DRAWN, OF_SHAPES, Tracing

if TYPE_CHECKING:
    from collections.abc import Callable


_RETURNED = bool, int, float, complex, str, bytes, np.dtype, type, Variable


class Step(NamedTuple):
    """A call, and the place of its result; arguments hold Symbols where the run's own arrays go.

    ``plain`` says that it takes and gives NumPy's arrays in place of tensors.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: str
    plain: bool = False


class Reliance(NamedTuple):
    """That the program looked at a shape, which a later run's array must have, too."""

    place: str
    shape: tuple[int, ...]


class Trace:
    """The calls of one run, in their order; its blocks are entered by the thread that runs the program."""

    def __init__(self) -> None:
        self.arguments: list[Symbol] = []
        self.steps: list[Step | Reliance] = []
        self.over: bool = False
        self._places = count()
        self._relied_on: set[str] = set()
        self._values: dict[int, tuple[LazyValue, Any]] = {}
        self._repeats = True  # whether a run may still be given up
        self._constants: dict[int, tuple[Any, Any]] = {}
        self._at_end: list[Callable[[], Any]] = []

    def close(self) -> None:
        """Take back what holds for the run alone."""
        self.over = True
        for undo in self._at_end:
            undo()

    def undo_at_end(self, undo: Callable[[], Any]) -> None:
        """Remember what takes back something that holds for the run alone."""
        self._at_end.append(undo)

    def symbols_for(self, value: Any) -> Any:
        """An argument of the program with Symbols for its arrays."""
        if not isinstance(value, (np.ndarray, np.generic)):
            return rebuilt(value, self.symbols_for)
        place = f"a{len(self.arguments)}"
        self.arguments.append(Symbol(self, place, np.asarray(value).view(Tensor), loose=False))
        return self.arguments[-1]

    def word(self, function: Callable[..., Any], args: Any, kwargs: Any, kind: str | None = None) -> Any:
        """A call of a word: recorded if an argument depends on the run or on variables, else made once and for all."""
        found = list(_arrays_in((args, kwargs)))
        if kind == OF_SHAPES and not any(map(_is_loose, found)):
            with Tracing(None):
                return function(*_examples(args), **_examples(kwargs))
        if not found and kind != DRAWN:
            return function(*args, **kwargs)
        loose = sized_by_values(function, args, kwargs)
        return self.record(function, args, kwargs, loose, repeats=kind not in (DRAWN, ASSIGNS))

    def record(
        self,
        function: Callable[..., Any],
        args: Any,
        kwargs: Any = None,
        loose: bool = False,
        later: Callable[..., Any] | None = None,
        repeats: bool = True,
    ) -> Any:
        """Make a call, and remember it; returns a Symbol for each array that it gives.

        Args:
            function: the function.
            args, kwargs: its arguments, in which lists, tuples, dicts and slices may hold Symbols.
            loose: bool, whether the results' shapes follow from values of the arguments. Default False: they may differ
                in a later run where an argument's does, and those of elements where a Symbol says which.
            later: what gives, once the call is made, the function of plain arrays that is called in its place in later
                runs, and its arguments, or None. Default None: a function that gave the same bits in this run.
            repeats: bool, whether nothing is changed by the call, so that it may be made in vain. Default True.
        """
        args, kwargs = self._followed(args), self._followed(kwargs or {})
        found = list(_arrays_in((args, kwargs)))
        for symbol in found:
            if type(symbol) is Symbol and (symbol.trace is not self or self.over):
                raise RuntimeError("An array that `tf.function` traced must not be used outside of that run")
        with Tracing(None):
            result = function(*_examples(args), **_examples(kwargs))
        if not repeats:
            self._values.clear()
            self._repeats = False
        place = f"v{next(self._places)}"
        short = None
        if isinstance(result, np.ndarray) and not loose:
            short = later(function, args, kwargs) if later else lean_call(function, args, kwargs)
        if later and short is None:
            self._repeats = False  # the caller's own functions may run in the call
        if short is not None and not later:
            again = _repeated(*short)
            short, result = (short, again.view(Tensor)) if _is_same(again, result) else (None, result)
        self.steps.append(Step(*(short or (function, args)), {} if short else kwargs, place, plain=short is not None))
        loose = loose or any(map(_is_loose, found)) or (function is operator.getitem and holds_symbols(args[1]))
        return self._symbols(result, place, loose)

    def rely_on_shape(self, symbol: Symbol) -> None:
        """Let later runs end where an array has another shape than this one."""
        if symbol.loose and not self._repeats:
            raise TypeError(
                f"The shape {np.shape(symbol.example)} may be another one in a later run of the `tf.function`, which "
                "has changed variables or drawn numbers by then: look at it before, or use `tf.shape`"
            )
        if symbol.loose and symbol.place not in self._relied_on:
            self._relied_on.add(symbol.place)
            self.steps.append(Reliance(symbol.place, np.shape(symbol.example)))

    def _symbols(self, result, place, loose):
        if isinstance(result, (np.ndarray, np.generic)):
            return Symbol(self, place, result, loose)
        if type(result) in (list, tuple) or hasattr(result, "_fields"):
            parts = [self._symbols(part, f"{place}[{i}]", loose) for i, part in enumerate(result)]
            return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
        if type(result) is dict:
            return {key: self._symbols(part, f"{place}[{key!r}]", loose) for key, part in result.items()}
        return result

    def _followed(self, value):
        """Arguments with what lazy values compute, and arrays as they are now, in their place."""
        if isinstance(value, LazyValue):
            return self.value_of(value)
        if issubclass(type(value), np.ndarray):
            return self._constant(value)
        return rebuilt(value, self._followed)

    def outputs(self, value: Any) -> Any:
        """What a program returned, with what lazy values compute; a TypeError for what no later run could return."""
        if isinstance(value, LazyValue):
            return self.value_of(value)
        if type(value) is Symbol or isinstance(value, (np.ndarray, np.generic, *_RETURNED)) or value is None:
            return value
        if not isinstance(value, (list, tuple, dict)):
            raise TypeError(
                "A `tf.function` must return arrays, numbers, text, variables, None, or lists and dicts of these. "
                f"Received: {type(value).__name__}"
            )
        return rebuilt(value, self.outputs)

    def _constant(self, array):
        """A copy of an array, which somebody may write to later; another one only where somebody did."""
        _, copy = self._constants.get(id(array), (None, None))
        if copy is None or not _is_same(copy.view(np.ndarray), array):
            copy = array.copy()
            self._constants[id(array)] = array, copy
        return copy

    def value_of(self, lazy: LazyValue) -> Any:
        """What a value of a collection is in this run: what it computes is recorded, too."""
        if isinstance(lazy, CallLoss):
            raise TypeError(
                f"{lazy.name} is a number that a call left behind, which `tf.function` cannot follow: compute it in "
                "the function, or forget those of earlier steps by `tf.losses.clear_call_losses()`"
            )
        if id(lazy) not in self._values:
            steps, known = len(self.steps), dict(self._values)
            try:
                value = lazy.read()
            except TypeError:  # it computes by more than TF's words, and is read anew as a whole
                del self.steps[steps:]
                self._values = known
                value = self.record(lazy.read, (), loose=True)
            self._values[id(lazy)] = lazy, value
        return self._values[id(lazy)][1]


def _repeated(function, args):
    """What a function of plain arrays gives for the arrays of the run that is traced."""
    with Tracing(None), np.errstate(all="ignore"):
        return function(*_plain_examples(args))


def _plain_examples(value):
    if type(value) is Symbol:
        return value.example.view(np.ndarray)
    return value.array if type(value) is Variable else rebuilt(value, _plain_examples)


def _is_same(one, other):
    """Whether two arrays have one type, shape and order in memory, on which sums depend, and the same bits."""
    if type(one) is not np.ndarray or one.dtype != other.dtype or one.shape != np.shape(other):
        return False
    return one.strides == other.strides and one.tobytes() == other.tobytes()


def _examples(value):
    """Arguments with the arrays of the run that is traced."""
    return value.example if type(value) is Symbol else rebuilt(value, _examples)


def _arrays_in(value):
    """The Symbols and variables within arguments."""
    if type(value) is Symbol or isinstance(value, ArrayLike):
        yield value
    for item in items_of(value):
        yield from _arrays_in(item)


def _is_loose(array):
    return array.loose if type(array) is Symbol else isinstance(array, LazyValue)
