"""Who may import whom, and what ``import nb_sepconv`` costs."""

import ast
import json
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import nb_sepconv

PACKAGE = Path(nb_sepconv.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
RUNS = 5

# A room is a module or a package right below nb_sepconv.
KNOW_NOTHING = ["kernels", "version"]
BELOW_THE_FACE = ["activations", "constraints", "initializers", "nn", "ops", "regularizers", "weights"]
FACE = {"framework", "keras", "layers"}

PROBE = """
import json, os, sys, time, warnings
import numba, numpy
from numba.core import config, event

def state():
    settings = {name: repr(value) for name, value in vars(config).items() if name.isupper()}
    return [dict(os.environ), settings, repr(warnings.filters), repr(numpy.geterr()), repr(numpy.random.get_state())]

known, before = set(sys.modules), state()
with event.install_recorder("numba:compile") as compiled:
    started = time.process_time()
    import nb_sepconv
    seconds = time.process_time() - started
    added = {name.partition(".")[0] for name in set(sys.modules) - known}
    unchanged = state() == before
    import nb_sepconv.layers, nb_sepconv.ops
    compiled_by_import = len(compiled.buffer)
    numba.njit(lambda: 1)()
print(json.dumps({
    "seconds": seconds, "added": sorted(added), "unchanged": unchanged,
    "compiled_by_import": compiled_by_import, "compiled_after": len(compiled.buffer),
}))
"""


def room(path):
    first = path.relative_to(PACKAGE).parts[0]
    return "nb_sepconv" if first == "__init__.py" else first.removesuffix(".py")


def imported_names(node, package):
    """The absolute dotted names that an import statement brings in, and nothing for another node."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        origin = resolve_name("." * node.level + (node.module or ""), package)
        return [f"{origin}.{alias.name}" for alias in node.names]
    return []


def all_imports(path, nodes_of=ast.walk):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ".".join(["nb_sepconv", *path.relative_to(PACKAGE).parent.parts])
    return [name.split(".") for node in nodes_of(tree) for name in imported_names(node, package)]


def by_relative_path(path):
    return str(path.relative_to(PACKAGE))


def arrows():
    """The rooms that each room imports."""
    drawn = {room(path): set() for path in MODULES}
    for path in MODULES:
        names = {parts[1] for parts in all_imports(path) if parts[0] == "nb_sepconv"}
        drawn[room(path)] |= names - {room(path)}
    return drawn


def reach(start):
    """The rooms that a room imports, and those that they import, and so on."""
    drawn, reached, todo = arrows(), set(), [start]
    while todo:
        new = drawn[todo.pop()] - reached
        reached |= new
        todo += new
    return reached


def test_arrows_point_one_way():
    TopologicalSorter(arrows()).prepare()  # raises a CycleError that names the rooms of a circle


@pytest.mark.parametrize("name", KNOW_NOTHING)
def test_some_rooms_know_nothing(name):
    assert arrows()[name] == set()


@pytest.mark.parametrize("name", BELOW_THE_FACE)
def test_rooms_below_the_face_do_not_reach_it(name):
    assert reach(name) & FACE == set()


@pytest.mark.parametrize("path", MODULES, ids=by_relative_path)
def test_only_the_kernels_import_numba(path):
    assert room(path) == "kernels" or not any(parts[0] in ("numba", "llvmlite") for parts in all_imports(path))


@pytest.mark.parametrize("path", MODULES, ids=by_relative_path)
def test_optional_packages_are_imported_inside_functions(path):
    packages = {parts[0] for parts in all_imports(path, nodes_of=ast.iter_child_nodes)}
    own = {path.stem} if room(path) == "interop" else set()  # such a module is named after the package that it is for
    assert packages - sys.stdlib_module_names <= {"nb_sepconv", "numpy", "numba", "llvmlite"} | own


def test_other_libraries_are_asked_for_by_name_alone():
    assert not [path for path in MODULES if room(path) != "interop" and "interop" in arrows()[room(path)]]


@pytest.fixture(scope="module")
def fresh_imports():
    """What a few fresh interpreters report of ``import nb_sepconv`` after ``import numba``."""
    command = [sys.executable, "-W", "error", "-c", PROBE]
    return [json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout) for _ in range(RUNS)]


def test_import_takes_a_tenth_of_a_second_at_most(fresh_imports):
    """Of the processor's time, which others who use the machine do not stretch."""
    assert min(report["seconds"] for report in fresh_imports) <= 0.1


def test_import_brings_in_no_other_package(fresh_imports):
    assert set(fresh_imports[0]["added"]) - sys.stdlib_module_names == {"nb_sepconv"}


def test_import_changes_no_global_state(fresh_imports):
    assert fresh_imports[0]["unchanged"]


def test_import_compiles_nothing(fresh_imports):
    assert fresh_imports[0]["compiled_by_import"] == 0
    assert fresh_imports[0]["compiled_after"] > 0
