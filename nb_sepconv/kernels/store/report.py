"""The store, told to people: where it is, what is in it, and why it is not used."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from nb_sepconv.kernels.store import files, key, place, units


class Listed(NamedTuple):
    """A unit in the store, and whether this process would load it."""

    name: str
    bytes: int
    usable: bool


def description() -> dict[str, Any]:
    """Where compiled code is kept, what is there, and what this process took from it, as values that JSON has."""
    found = listed()
    folder = place.folder()
    return {
        "folder": None if folder is None else str(folder),
        "why_off": why_off() or None,
        "why_not_read": why_not_read() or None,
        "why_not_written": why_not_written() or None,
        "units": len(found),
        "usable": sum(unit.usable for unit in found),
        "bytes": sum(unit.bytes for unit in found),
        **units.counts(),
    }


def why_off() -> str:
    """Why there is no store at all, empty where there is one."""
    return key.why_unknown() or ("" if place.folder() else place.why_none())


def why_not_read() -> str:
    """Why nothing is read from the folder, empty where it may be; a folder that is still to be made is no reason."""
    return _unless_missing(place.why_no_folder)


def why_not_written() -> str:
    """Why nothing is written to the folder, in the same way."""
    return _unless_missing(place.why_not_writable)


def _unless_missing(why: Callable[[Path], str]) -> str:
    folder = place.folder()
    return why(folder) if folder and os.path.lexists(folder) else ""


def make_folder() -> None:
    """Make the folder, where one is wanted and can be made."""
    if folder := place.folder():
        place.make(folder)


def listed() -> list[Listed]:
    """The units in the folder that can be read, by name."""
    folder = place.folder()
    if folder is None or place.why_no_folder(folder):
        return []
    return sorted(filter(None, map(_listed, files.units(folder))))


def _listed(path: Path) -> Listed | None:
    found = files.read(path)
    if found is None:
        return None
    unit, written_for = found
    return Listed(unit.name, len(unit.code), written_for == key.key_of(unit.name))


def clear() -> int:
    """Remove all units from the folder. Returns how many are gone."""
    folder = place.folder()
    return files.clear(folder) if folder and not place.why_no_folder(folder) else 0
