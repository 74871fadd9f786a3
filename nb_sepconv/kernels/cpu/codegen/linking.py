"""Functions of Numba's that are linked into a unit, of which it makes no machine code by themselves.

It would optimize and assemble each of them before it does so again for the function around it, which is a third of the
time that compiling takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nb_sepconv.kernels.cpu.codegen.optimizing import OptimizedOnce


class LinkedLibrary(OptimizedOnce):
    """A library whose functions have no addresses."""

    def finalize(self) -> None:
        """Link what it calls, and leave the rest to the library that it is linked into."""
        self._raise_if_finalized()
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        """None of them has an address."""
        self._ensure_finalized()
        return 0

    @property
    def codegen(self) -> Any:
        """What gets the environment of a function that Python calls, which these are not."""
        return _WithoutEnvironments


class _WithoutEnvironments:
    @staticmethod
    def set_env(name: str, environment: Any) -> None:
        """There is no machine code to tell of it."""


@contextmanager
def linked_alone(codegen: Any) -> Iterator[None]:
    """While open, the libraries that ``codegen`` creates are linked alone."""
    usual = vars(codegen).get("_library_class")
    codegen._library_class = LinkedLibrary
    try:
        yield
    finally:
        if usual is None:
            del codegen._library_class
        else:
            codegen._library_class = usual
