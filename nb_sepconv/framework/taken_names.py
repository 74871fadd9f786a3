"""Names that are taken; those made from another one by ``_1``, ``_2``, ... are a count, however many there are."""

from __future__ import annotations

from typing import TypeAlias

_LONGEST_NUMBER = 18  # digits
Change: TypeAlias = tuple[str, int, int | None]  # a key, its value and the former one


class TakenNames(dict[str, int]):
    """Names with the number of the last one derived from each: ``{"a": 2}`` stands for a, a_1 and a_2.

    ``inside`` lists the keys inside of each scope, so that forgetting them takes no search.

    >>> names = TakenNames()
    >>> [names.take(name) is None for name in ("a", "a_1", "a_2", "a_1")], names, names.free_number("a")
    ([False, False, False, True], {'a': 2}, 3)
    """

    def __init__(self) -> None:
        super().__init__()
        self.inside: dict[str, dict[str, None]] = {}

    def covers(self, name: str) -> bool:
        """Whether ``name`` is taken."""
        if name in self:
            return True
        base, number = split_number(name)
        return 0 < number <= self.get(base, 0)

    def free_number(self, name: str) -> int:
        """0 when ``name`` is free, else the first number whose ``name_number`` is."""
        last = self.get(name)
        if last is None:
            return self._next_number(name, 1) if name[-1:].isdigit() and self.covers(name) else 0
        return self._next_number(name, last + 1)

    def _next_number(self, name, number):
        while f"{name}_{number}" in self:
            number += 1
        return number

    def take(self, name: str) -> Change | None:
        """Take a name; returns what :meth:`restore` needs, the changed entry with its value and the former one."""
        if name in self or (name[-1:].isdigit() and self.covers(name)):
            return None
        return self._take(name)

    def _take(self, name):
        key, value = name, 0
        if name[-1:].isdigit():
            base, number = split_number(name)
            if number and number == self.free_number(base):
                key, value = base, number
        before = self.get(key)
        self._change(key, value, before)
        return key, value, before

    def take_free(self, name: str) -> tuple[int, Change]:
        """Take a name, or the first free one derived from it; returns its number (0 for none) and the change."""
        before = self.get(name)
        number = self.free_number(name)
        if not number:
            return 0, self._take(name)
        self._change(name, number, before)
        return number, (name, number, before)

    def count(self, name: str) -> int:
        """Take the first free name derived from one that is a key; returns its number, 0 where it is none."""
        before = self.get(name)
        if before is None:
            return 0
        number = before + 1
        while f"{name}_{number}" in self:
            number += 1
        self[name] = number
        return number

    def _change(self, key, value, before):
        if before is None and "/" in key:
            self._list(key)
        self[key] = value

    def _list(self, name):
        """Note of which scopes a name is inside; a scope that is listed has its own outer ones listed."""
        outer, slash, _ = name.rpartition("/")
        while slash:
            names = self.inside.get(outer)
            if names is not None:
                names[name] = None
                return
            self.inside[outer], name = {name: None}, outer
            outer, slash, _ = name.rpartition("/")

    def _unlist(self, name):
        """The reverse; scopes that nothing is left of are unlisted too."""
        outer = name.rpartition("/")[0]
        names = self.inside.get(outer)
        if names is None:
            return
        names.pop(name, None)
        if not names:
            del self.inside[outer]
            if outer not in self:
                self._unlist(outer)

    def forget_inside(self, scope: str) -> None:
        """Give the names inside of a scope free again, except those that are kept."""
        inside = self.inside
        if scope not in inside:
            return
        pending = [scope]
        while pending:
            for name in inside.pop(pending.pop(), ()):
                self.pop(name, None)
                if name in inside:
                    pending.append(name)
        if scope not in self:
            self._unlist(scope)

    def keep(self, name: str) -> None:
        """Never forget a name that is taken."""
        self._unlist(name if name in self else split_number(name)[0])

    def restore(self, change: Change) -> None:
        """Give a name free again, unless others were derived from it or after it."""
        key, value, before = change
        if self.get(key) != value:
            return
        if before is None:
            self._give_back(key)
        else:
            self[key] = before

    def _give_back(self, key):
        self.pop(key, None)
        if key not in self.inside:
            self._unlist(key)


def split_number(name: str) -> tuple[str, int]:
    """The name that ``name`` may be derived from, and its number; 0 where it is none.

    >>> split_number("a_12"), split_number("a_012"), split_number("a12")
    (('a', 12), ('a_012', 0), ('a12', 0))
    """
    if not name[-1:].isdigit():
        return name, 0
    base, underscore, number = name.rpartition("_")
    is_number = underscore and number.isascii() and number.isdigit() and number[0] != "0"
    return (base, int(number)) if is_number and len(number) <= _LONGEST_NUMBER else (name, 0)
