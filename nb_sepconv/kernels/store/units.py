"""Units by name: from the store where it has them, else compiled and put there for the next process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from nb_sepconv.kernels.store import files, key, place, symbols
from nb_sepconv.kernels.store.loading import address_in_memory, has_functions
from nb_sepconv.kernels.store.unit_file import Unit

libraries: list[Any] = []  # machine code lives as long as its library
_counts = {"loaded": 0, "compiled": 0, "written": 0}


class Compiled(NamedTuple):
    """A library of Numba's that holds its object file, and the name of the function in it that others call."""

    library: Any
    symbol: str


def address_of(name: str, compile_unit: Callable[[], Compiled]) -> int:
    """The address of a unit's function, compiled where the store does not have it."""
    folder = None if key.why_unknown() else place.folder()
    wanted = key.key_of(name) if folder else b""
    if folder and (address := _loaded(folder, wanted)):
        _counts["loaded"] += 1
        return address
    library, symbol = compile_unit()
    libraries.append(library)
    _counts["compiled"] += 1
    if folder and wanted == key.key_of(name):  # Numba reads its settings anew when it compiles
        _counts["written"] += _is_written(folder, wanted, name, library, symbol)
    pointer: int = library.get_pointer_to_function(symbol)
    return pointer


def _loaded(folder: Path, wanted: bytes) -> int | None:
    if place.why_no_folder(folder):
        return None
    found = files.read(files.path_of(folder, wanted))
    return address_in_memory(found[0]) if found and found[1] == wanted else None


def _is_written(folder: Path, wanted: bytes, name: str, library: Any, symbol: str) -> bool:
    """Whether the unit is now in the store; one that holds an address of this process, or that calls what only this
    process may have, is not put there.
    """
    code = library._get_compiled_object()
    needs = symbols.undefined(code)
    if library.has_dynamic_globals or needs is None or not has_functions(needs):
        return False
    return files.write(folder, Unit(name, symbol, needs, code), wanted)


def counts() -> dict[str, int]:
    """How many units this process has loaded, compiled and written."""
    return dict(_counts)
