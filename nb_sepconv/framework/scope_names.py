"""The names of the variable scopes that a thread has opened: a tree, of which leaving a scope drops a branch whole.

A scope that is jumped to leaves nothing behind: what it changes is copied before, from the root to its place, and the
root that was there is put back.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from nb_sepconv.framework.taken_names import split_number

REMEMBERED_PATHS = 1024


class Path(NamedTuple):
    """A full name: the parts before its last slash, the last part, and what this is a numbered form of, or 0."""

    outer: tuple[str, ...]
    name: str
    base: str
    number: int


@lru_cache(REMEMBERED_PATHS)
def path_of(full_name: str) -> Path:
    """The Path of a full name.

    >>> path_of("a/b_2")
    Path(outer=('a',), name='b_2', base='b', number=2)
    """
    *outer, name = full_name.split("/")
    base, number = split_number(name) if name[-1:].isdigit() else (name, 0)
    return Path(tuple(outer), name, base, number)


class NamesInside:
    """The names right inside of one scope, and those inside of these.

    ``{"a": 2}`` stands for the names a, a_1 and a_2.

    Args:
        era: int, between which two jumps it was made; it is not written to in another one.
    """

    __slots__ = ("_shares", "era", "inner", "taken")

    def __init__(self, era: int) -> None:
        self.era: int = era
        self.taken: dict[str, int] = {}
        self.inner: dict[str, NamesInside] = {}
        self._shares = False

    def copied(self, era: int) -> NamesInside:
        """A copy for another era; it shares what lies inside until that is written to."""
        copied = object.__new__(NamesInside)
        copied.era, copied.taken, copied.inner, copied._shares = era, self.taken, self.inner.copy(), True
        return copied

    def take(self, name: str) -> None:
        """Take a name without a slash."""
        taken = self.taken
        if name in taken:
            return
        if self._shares:
            self.taken, self._shares = taken.copy(), False
            taken = self.taken
        base, number = split_number(name) if name[-1:].isdigit() else (name, 0)
        if number and number <= taken.get(base, 0):
            return
        if number and number == self.free_number(base):
            taken[base] = number
        else:
            taken[name] = 0

    def free_number(self, name: str) -> int:
        """0 when ``name``, which has no slash, is free, else the first number whose ``name_number`` is."""
        last = self.taken.get(name)
        if last is not None:
            return self._free_after(name, last)
        base, number = split_number(name) if name[-1:].isdigit() else (name, 0)
        return self._free_after(name, 0) if 0 < number <= self.taken.get(base, 0) else 0

    def _free_after(self, name, number):
        number += 1
        while f"{name}_{number}" in self.taken:
            number += 1
        return number


Nested: TypeAlias = tuple[NamesInside, NamesInside, str]  # the current one, the one that holds the new one, its name
Jumped: TypeAlias = tuple[NamesInside, NamesInside, int]  # the current one, the root, the era


class ScopeNames:
    """The names of the scopes of one thread; each method that takes names takes them in the current scope.

    >>> names = ScopeNames()
    >>> names.pass_through("a"), names.free_number("a"), names.free_number("b")
    (None, 1, 0)
    >>> left = names.enter("b")
    >>> names.pass_through("c"), names.free_number("c"), names.leave(left), names.enter("b") and names.free_number("c")
    (None, 1, None, 0)
    """

    __slots__ = ("_era", "_eras", "here", "root")

    def __init__(self) -> None:
        self.root: NamesInside = NamesInside(0)
        self.here: NamesInside = self.root  # the current scope's
        self._era = self._eras = 0

    def free_number(self, name: str) -> int:
        """0 when ``name`` is free in the current scope, else the first number whose ``name_number`` is."""
        return _free_number(self.here, name)

    def free_number_at_root(self, name: str) -> int:
        """The same outside of all scopes."""
        return _free_number(self.root, name)

    def take_at_root(self, name: str) -> None:
        """Take a name outside of all scopes."""
        self.add(path_of(name))

    def add(self, path: Path) -> None:
        """Take a full name."""
        outer, name, base, number = path
        inside = self.root
        for part in outer:
            inside = self._inside(inside, part)
        taken = inside.taken
        if name not in taken and not 0 < number <= taken.get(base, 0):
            inside.take(name)

    def pass_through(self, name: str) -> None:
        """Take a name as a scope does that is entered and left at once."""
        inside = self.here
        if "/" in name:
            inside, name = self._place(inside, name)
        if name not in inside.taken:
            inside.take(name)
        if name in inside.inner:
            del inside.inner[name]

    def enter(self, name: str) -> Nested:
        """Enter a scope inside of the current one; returns what :meth:`leave` needs."""
        here = inside = self.here
        at_root = not name and here is self.root
        if "/" in name:
            inside, name = self._place(inside, name)
        if name not in inside.taken:
            inside.take(name)
        if not at_root:  # else the names inside of it are those at the root
            self.here = self._inside(inside, name)
        return here, inside, name

    def leave(self, left: Nested) -> None:
        """Leave it again, and forget the names inside of it."""
        self.here, inside, name = left
        inside.inner.pop(name, None)

    def jump(self, name: str) -> Jumped:
        """Enter a scope by its full name, wherever it is; returns what :meth:`jump_back` needs."""
        self.add(path_of(name))
        left = self.here, self.root, self._era
        self._eras = self._era = self._eras + 1
        self.root = self.here = self.root.copied(self._era)
        for part in name.split("/") if name else ():
            self.here = self._inside(self.here, part)
        return left

    def jump_back(self, left: Jumped) -> None:
        """Leave it again, and be as before."""
        self.here, self.root, self._era = left

    def _inside(self, outer, name):
        """What is inside of a name, in a form that may be written to."""
        found = outer.inner.get(name)
        if found is None:
            found = outer.inner[name] = NamesInside(self._era)
        elif found.era != self._era:
            found = outer.inner[name] = found.copied(self._era)
        return found

    def _place(self, inside, name):
        """Where the last part of a name with slashes is taken, and this part."""
        *outer, last = name.split("/")
        for part in outer:
            inside = self._inside(inside, part)
        return inside, last


def _free_number(inside, name):
    if "/" in name:
        *outer, name = name.split("/")
        for part in outer:
            inside = inside.inner.get(part)
            if inside is None:
                return 0
    return inside.free_number(name)
