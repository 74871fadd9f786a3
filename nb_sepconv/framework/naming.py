"""Which names scopes and variables may have."""

from __future__ import annotations

import re
from functools import lru_cache

_ROOT = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_NESTED = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")
_MOST_ACCEPTED = 4096
_accepted: tuple[set[str], set[str]] = set(), set()  # at the root, nested


def check_name(name: object, nested: bool) -> None:
    """Refuse a name that TF does not accept at the root, or ``nested`` in another scope."""
    if type(name) is str and name in _accepted[nested]:
        return
    if not isinstance(name, str):
        raise TypeError(f"`name` must be a string. Received: {name!r} of type {type(name).__name__}")
    kind, pattern = ("scope", _NESTED) if nested else ("root scope", _ROOT)
    if not pattern.match(name):
        raise ValueError(
            f"'{name}' is not a valid {kind} name. A {kind} name has to match the following pattern: {pattern.pattern}"
        )
    if len(_accepted[nested]) >= _MOST_ACCEPTED:
        _accepted[nested].clear()
    _accepted[nested].add(name)


@lru_cache(256)
def snake_case(name: str) -> str:
    """A class's name as layers count it.

    >>> snake_case("SeparableConv1D"), snake_case("_EEGBlock")
    ('separable_conv1d', 'private_eeg_block')
    """
    name = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)).lower()
    return f"private{name}" if name.startswith("_") else name
