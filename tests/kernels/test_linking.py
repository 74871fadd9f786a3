"""Functions that are linked into others have no machine code of their own, and serve the caller's functions too."""

import pytest
from numba import njit
from numba.core.errors import TypingError
from numba.core.registry import cpu_target

from nb_sepconv.kernels.cpu.codegen.entry_points import entry_to
from nb_sepconv.kernels.cpu.codegen.linking import LinkedLibrary
from nb_sepconv.kernels.cpu.codegen.numba_pointers import numba_pointer_to


@pytest.fixture(autouse=True)
def without_a_store(monkeypatch):
    monkeypatch.setenv("NB_SEPCONV_CACHE", "off")


def library_of(dispatcher):
    (result,) = dispatcher.overloads.values()
    return result.library


def test_what_is_linked_is_not_assembled():
    @njit
    def innermost(x):
        return x * x if x > 2 else -x

    @njit
    def inner(x, y):
        total = 0
        for i in range(x):
            total += innermost(i) * y
        return total

    def outer(x, y):
        return inner(x, y) + innermost(y)

    assert entry_to(outer, numba_pointer_to(outer, "outer")())(5, 3) == ((-0 - 1 - 2) + 9 + 16) * 3 + 9
    for dispatcher in (innermost, inner):
        library = library_of(dispatcher)
        assert type(library) is LinkedLibrary
        assert not any(
            map(library._codegen._engine.is_symbol_defined, [f.name for f in library.get_defined_functions()])
        )

    @njit
    def users(x):
        return inner(x, 2) + innermost(x)

    assert users(4) == ((-0 - 1 - 2) + 9) * 2 + 16
    assert type(library_of(users)) is not LinkedLibrary


def test_a_function_that_does_not_compile_changes_nothing():
    with pytest.raises(TypingError):
        numba_pointer_to(lambda x: x.nothing, "wrong")()
    assert cpu_target.target_context.codegen()._library_class is not LinkedLibrary
    assert njit(lambda x: x + 1)(2) == 3
