"""Which calls were planned already: looked up by all that their plan depends on."""

from __future__ import annotations

from typing import Any

MOST_CALLS = 1024


class PlannedCalls:
    """Calls by key, on any number of threads: each step on the dict is one that Python does not interrupt.

    There are ``MOST_CALLS`` at most, and one more for each thread that adds one at the same moment; then all are
    forgotten, since a caller who never repeats a shape is not helped by the last ones either.
    """

    __slots__ = ("_calls", "get")

    def __init__(self) -> None:
        self._calls = {}
        self.get: Any = (
            self._calls.get
        )  # the call of a key, or None; None itself is the key of what cannot be remembered

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Any:
        return iter(self._calls.values())

    def __setitem__(self, key: Any, call: Any) -> None:
        if len(self._calls) >= MOST_CALLS:
            self._calls.clear()
        self._calls[key] = call

    def remember(self, key: Any, call: Any, given: Any, taken: Any) -> None:
        """Keep a call unless an array was converted for it: then the key says nothing of the next one like it."""
        if key is not None and all(one is other for one, other in zip(given, taken, strict=True)):
            self[key] = call

    def made(self, key: Any, make: Any, *arguments: Any) -> Any:
        """The call of a key, which ``make(*arguments)`` plans where there is none."""
        call = self.get(key)
        if call is None:
            call = self[key] = make(*arguments)
        return call

    def clear(self) -> None:
        """Plan every call anew."""
        self._calls.clear()


planned_calls: Any = PlannedCalls()
