"""Names that are taken; those made from another one by ``_1``, ``_2``, ... are a count, however many there are."""

from __future__ import annotations

from typing import TypeAlias

_LONGEST_NUMBER = 18  # digits
Change: TypeAlias = tuple[str, int, int | None]  # a key, its value and the former one


class TakenNames(dict[str, int]):
    """Names with the number of the last one derived from each: ``{"a": 2}`` stands for a, a_1 and a_2.

    >>> names = TakenNames()
    >>> [names.take(name) is None for name in ("a", "a_1", "a_2", "a_1")], names, names.free_number("a")
    ([False, False, False, True], {'a': 2}, 3)
    """

    def covers(self, name: str) -> bool:
        """Whether ``name`` is taken."""
        if name in self:
            return True
        base, number = _split(name)
        return 0 < number <= self.get(base, 0)

    def free_number(self, name: str) -> int:
        """0 when ``name`` is free, else the first number whose ``name_number`` is."""
        if not self.covers(name):
            return 0
        return self._next_number(name, self.get(name, 0))

    def _next_number(self, name, last):
        number = last + 1
        while f"{name}_{number}" in self:
            number += 1
        return number

    def take(self, name: str) -> Change | None:
        """Take a name; returns what :meth:`restore` needs, the changed entry with its value and the former one."""
        return None if self.covers(name) else self._take(name)

    def _take(self, name):
        base, number = _split(name)
        if number and number == self.free_number(base):
            key, value = base, number
        else:
            key, value = name, 0
        change = key, value, self.get(key)
        self[key] = value
        return change

    def take_free(self, name: str) -> tuple[int, Change | None]:
        """Take a name, or the first free one derived from it; returns its number (0 for none) and the change."""
        before = self.get(name)
        number = self.free_number(name) if before is None else self._next_number(name, before)
        if not number:
            return 0, self._take(name)
        self[name] = number
        return number, (name, number, before)

    def forget_inside(self, scope: str) -> None:
        """Give the names inside of a scope free again."""
        inside = f"{scope}/"
        for name in [name for name in list(self) if name.startswith(inside)]:
            self.pop(name, None)

    def restore(self, change: Change) -> None:
        """Give a name free again, unless others were derived from it or after it."""
        key, value, before = change
        if self.get(key) != value:
            return
        if before is None:
            del self[key]
        else:
            self[key] = before


def _split(name):
    """The name that ``name`` may be derived from, and its number; 0 where it is none."""
    if not name[-1:].isdigit():
        return name, 0
    base, underscore, number = name.rpartition("_")
    is_number = underscore and number.isascii() and number.isdigit() and number[0] != "0"
    return (base, int(number)) if is_number and len(number) <= _LONGEST_NUMBER else (name, 0)
