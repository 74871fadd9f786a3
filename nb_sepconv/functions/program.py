"""A trace as a Python function, so that a later run does nothing but make the calls."""

from __future__ import annotations

import copy
import keyword
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.variables import Variable
from nb_sepconv.functions.trace import Reliance
from nb_sepconv.tensors.containers import rebuilt
from nb_sepconv.tensors.symbol import Symbol
from nb_sepconv.tensors.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nb_sepconv.functions.trace import Step, Trace

MOVED = object()  # what a run gives that met an array of another shape than the program relied on
_AS_THEY_ARE = (int, bool, type(None))


def compiled(trace: Trace, outputs: Any) -> Callable[..., Any]:
    """The function of a run's arrays that makes its calls and returns its outputs, or ``MOVED``.

    Args:
        trace: the run's trace.
        outputs: what the program returned; containers are made anew in each run, and arrays are never shared with
            arguments, variables or constants.
    """
    source = _Source()
    parameters = [symbol.place for symbol in trace.arguments]
    source.plain.update(parameters)
    for step in trace.steps:
        source.add(*_line(step, source))
    owners = [symbol.example for symbol in trace.arguments] + list(source.arrays())
    source.add(None, f"return {source.written(_unshared(outputs, owners))}")
    return source.function(parameters)


def _line(step: Step | Reliance, source: _Source) -> tuple[str | None, str]:
    """The variable that a step sets, and its line."""
    if type(step) is Reliance:
        place = source.place(step.place)
        return None, f"if {source.named(np.shape)}({place}) != {tuple(step.shape)}: return {source.named(MOVED)}"
    arguments = [source.written(value, step.plain) for value in step.args]
    named = {name: source.written(value) for name, value in step.kwargs.items()}
    arguments += [f"{name}={value}" for name, value in named.items() if _is_name(name)]
    others = [f"{name!r}: {value}" for name, value in named.items() if not _is_name(name)]
    arguments += [f"**{{{', '.join(others)}}}"] if others else []
    if step.plain:
        source.plain.add(step.place)
    return step.place, f"{step.place} = {source.named(step.function)}({', '.join(arguments)})"


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


class _Source:
    """Lines of Python, and the values that they call by names of their own."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, set[str]]] = []
        self.plain: set[str] = set()  # variables of plain arrays
        self._used: set[str] = set()  # variables, by the line that is being written
        self._names: dict[str, Any] = {}
        self._known: dict[int, tuple[str, Any]] = {}

    def add(self, variable: str | None, line: str) -> None:
        """Add a line that sets a variable, or none."""
        self._lines.append((line, self._used | ({variable} if variable else set())))
        self._used = set()

    def arrays(self) -> Iterable[Any]:
        """The arrays among the named values, and those of variables."""
        for _, value in self._known.values():
            array = getattr(value, "array", value)
            if isinstance(array, np.ndarray):
                yield array

    def place(self, place: str) -> str:
        """The expression of an array of the run, which uses its variable."""
        self._used.add(place.partition("[")[0])
        return place

    def named(self, value: Any) -> str:
        """The name of a value; arrays are copied, so that what the caller does to them later changes nothing."""
        if id(value) not in self._known:
            name = f"c{len(self._known)}"
            self._known[id(value)] = name, value
            self._names[name] = value.copy() if isinstance(value, np.ndarray) else value
        return self._known[id(value)][0]

    def written(self, value: Any, plain: bool = False) -> str:
        """The expression that gives an argument or an output in a later run, with plain arrays or with tensors."""
        kind = type(value)
        if kind is Symbol:
            place = self.place(value.place)
            if plain is (place in self.plain) or type(value.example) is not Tensor:
                return place
            return f"{place}.view({self.named(np.ndarray if plain else Tensor)})"
        if plain and kind is Variable:
            return f"{self.named(value)}.array"
        if kind in _AS_THEY_ARE:
            return repr(value)
        if kind is _Copied:
            return f"{self.named(np.array)}({self.written(value.array)}, subok=True)"
        if kind is list:
            return f"[{', '.join(self.written(item, plain) for item in value)}]"
        if kind is tuple:
            return f"({''.join(f'{self.written(item, plain)}, ' for item in value)})"
        if kind is dict:
            return f"{{{', '.join(f'{self.named(key)}: {self.written(item)}' for key, item in value.items())}}}"
        if kind is slice:
            return f"slice({self.written(value.start)}, {self.written(value.stop)}, {self.written(value.step)})"
        return self._rebuilt(value) if isinstance(value, (list, tuple, dict)) else self.named(value)

    def _rebuilt(self, value):
        """The expression for a container of a class of the caller's own."""
        if isinstance(value, dict):
            empty = copy.copy(value)
            empty.clear()
            return f"{self.named(_like)}({self.named(empty)}, {self.written(dict(value))})"
        items = [self.written(item) for item in value]
        given = ", ".join(items) if hasattr(value, "_fields") else f"[{', '.join(items)}]"
        return f"{self.named(type(value))}({given})"

    def function(self, parameters: Sequence[str]) -> Callable[..., Any]:
        """The function of these lines, which lets go of each variable after the last line that uses it."""
        lines, later = [], set(parameters)
        for line, used in reversed(self._lines):
            last = sorted(used - later)
            if last and not line.startswith("return"):
                lines.append(f"del {', '.join(last)}")
            lines.append(line)
            later |= used
        body = "\n    ".join(reversed(lines))
        exec(compile(f"def run({', '.join(parameters)}):\n    {body}\n", "<traced program>", "exec"), self._names)
        return self._names["run"]


def _like(value, items):
    """A dict of the same class with these items."""
    value = copy.copy(value)
    value.update(items)
    return value


class _Copied:
    """An output that is copied before it is returned."""

    def __init__(self, array: Any) -> None:
        self.array = array


def _unshared(value, owners):
    """Outputs with a mark on those that share memory with arrays that stay, or with outputs before them."""
    kind = type(value)
    if kind is Symbol:
        array = value.example
        if not isinstance(array, np.ndarray):
            return value
        if any(np.may_share_memory(array, owner) for owner in owners):
            return _Copied(value)
        owners.append(array)
        return value
    if isinstance(value, np.ndarray):
        return _Copied(value)
    return rebuilt(value, lambda item: _unshared(item, owners))
