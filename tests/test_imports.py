"""Who may import whom, and what ``import nb_sepconv`` costs."""

import ast
import functools
import json
import runpy
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

import nb_sepconv

PACKAGE = Path(nb_sepconv.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.name.startswith("hook-"))  # PyInstaller runs these
RUNS = 5

# A room is a module or a package right below nb_sepconv. The rooms that each one imports, all of them: a new arrow
# is a decision, and belongs into this table and into the layers of import-linter in pyproject.toml.
ARROWS = {
    "__pyinstaller": "",
    "__main__": "cli",
    "nb_sepconv": "checks version",
    "cli": "batch framework kernels stacks train version weights",
    "batch": "convolution files framework kernels stacks version",
    "keras": "activations checks constraints convolution files framework initializers layers lazy nn regularizers "
    "tensors weights",
    "layers": "activations checks constraints convolution devices framework initializers lazy nn ops regularizers "
    "streaming "
    "tensors",
    "interop": "activations checks convolution ops tensors",
    "train": "checks framework initializers kernels tensors weights",
    "losses": "checks framework nn tensors",
    "functions": "activations array_ops checks clip_ops framework math_ops nn tensors",
    "stacks": "activations checks convolution lazy streaming tensors",
    "streaming": "checks convolution",
    "nn": "activations array_ops checks convolution initializers math_ops tensors",
    "random_ops": "checks initializers tensors",
    "ops": "convolution devices kernels lazy tensors",
    "lazy": "checks convolution",
    "convolution": "activations checks devices kernels tensors",
    "devices": "checks kernels",
    "weights": "activations files kernels",
    "framework": "initializers tensors",
    "initializers": "checks tensors",
    "activations": "tensors",
    "checks": "tensors",
    "clip_ops": "tensors",
    "constraints": "tensors",
    "array_ops": "checks tensors",
    "math_ops": "activations checks tensors",
    "regularizers": "tensors",
    "files": "",
    "kernels": "",
    "tensors": "",
    "version": "",
}
ARROWS_OF_KERNELS = {
    "bf16": "cpu",
    "cuda": "cpu",
    "crc32c": "cpu",
    "cpu": "protocol store",
    "engines": "",
    "optimizers": "cpu",
    "protocol": "",
    "store": "",
}
# What each room of an engine imports of the others; the modules beside them may import all.
ARROWS_OF_ENGINES = {
    "cpu": {
        "codegen": "",
        "runtime": "codegen",
        "forward": "codegen runtime",
        "transposed": "codegen forward runtime",
        "backward": "codegen forward runtime",
        "narrow": "backward codegen forward runtime transposed",
        "products": "codegen forward runtime",
    },
    "bf16": {"codegen": "", "forward": "codegen", "backward": "codegen forward"},
    "cuda": {
        "runtime": "",
        "codegen": "runtime",
        "forward": "codegen runtime",
        "backward": "codegen forward runtime",
    },
}
CUDA = {"cuda", "numba_cuda"}
MOST_ROOT_MODULES, MOST_LINES = 12, 400

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
    if "compile" in sys.argv:
        numba.njit(lambda: 1)()
print(json.dumps({
    "seconds": seconds, "added": sorted(added), "unchanged": unchanged,
    "compiled_by_import": compiled_by_import, "compiled_after": len(compiled.buffer),
}))
"""


def room(path, of=PACKAGE):
    first = path.relative_to(of).parts[0]
    return of.name if first == "__init__.py" else first.removesuffix(".py")


def imported_names(node, package):
    """The absolute dotted names that an import statement brings in, and nothing for another node."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        origin = resolve_name("." * node.level + (node.module or ""), package)
        return [f"{origin}.{alias.name}" for alias in node.names]
    return []


def executed(tree):
    """Every node but those that type checkers alone see."""
    todo = [tree]
    while todo:
        node = todo.pop()
        yield node
        if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
            todo += ast.iter_child_nodes(node)


@functools.cache
def all_imports(path, nodes_of=executed):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ".".join(["nb_sepconv", *path.relative_to(PACKAGE).parent.parts])
    return [name.split(".") for node in nodes_of(tree) for name in imported_names(node, package)]


def by_relative_path(path):
    return str(path.relative_to(PACKAGE))


def arrows(of=PACKAGE):
    """The rooms of a package that each of its rooms imports."""
    prefix = ("nb_sepconv", *of.relative_to(PACKAGE).parts)
    modules = [path for path in MODULES if path.is_relative_to(of)]
    drawn = {room(path, of): set() for path in modules}
    for path in modules:
        below = [parts[len(prefix) :] for parts in all_imports(path) if tuple(parts[: len(prefix)]) == prefix]
        drawn[room(path, of)] |= {parts[0] for parts in below if parts} - {room(path, of)}
    return drawn


def as_sets(table):
    return {name: set(rooms.split()) for name, rooms in table.items()}


def test_every_arrow_is_in_the_table():
    assert arrows() == as_sets(ARROWS)


def test_every_arrow_between_the_kernels_is_in_the_table():
    found = arrows(PACKAGE / "kernels")
    assert {name: found[name] for name in ARROWS_OF_KERNELS} == as_sets(ARROWS_OF_KERNELS)
    assert found.keys() - ARROWS_OF_KERNELS.keys() == {"kernels"}


@pytest.mark.parametrize("engine", ARROWS_OF_ENGINES)
def test_every_arrow_between_the_rooms_of_an_engine_is_in_the_table(engine):
    directory, wanted = PACKAGE / "kernels" / engine, ARROWS_OF_ENGINES[engine]
    rooms = {path.parent.name for path in directory.glob("*/__init__.py")}
    assert {name: found & rooms for name, found in arrows(directory).items() if name in rooms} == as_sets(wanted)
    TopologicalSorter(as_sets(wanted)).prepare()


def test_arrows_point_one_way():
    TopologicalSorter(arrows()).prepare()  # raises a CycleError that names the rooms of a circle


def test_weights_and_the_convolution_do_not_meet():
    assert not [name for name, rooms in arrows().items() if {"weights", "ops"} <= rooms]


def test_the_root_is_small():
    assert len([*PACKAGE.glob("*.py")]) <= MOST_ROOT_MODULES


@pytest.mark.parametrize("path", MODULES, ids=by_relative_path)
def test_no_file_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def is_of_cuda(parts):
    return parts[0] in CUDA or parts[:2] == ["numba", "cuda"] or parts[:3] == ["nb_sepconv", "kernels", "cuda"]


@pytest.mark.parametrize("path", MODULES, ids=by_relative_path)
def test_only_the_kernels_for_a_gpu_import_cuda(path):
    assert path.is_relative_to(PACKAGE / "kernels" / "cuda") or not any(map(is_of_cuda, all_imports(path)))


@pytest.mark.parametrize("path", MODULES, ids=by_relative_path)
def test_only_the_kernels_import_numba(path):
    assert room(path) == "kernels" or not any(parts[0] in ("numba", "llvmlite") for parts in all_imports(path))


@pytest.mark.parametrize("path", MODULES, ids=by_relative_path)
def test_optional_packages_are_imported_inside_functions(path):
    packages = {parts[0] for parts in all_imports(path, nodes_of=ast.iter_child_nodes)}
    own = {path.stem} if room(path) == "interop" else set()  # such a module is named after the package that it is for
    assert packages - sys.stdlib_module_names <= {"nb_sepconv", "numpy", "numba", "llvmlite"} | own


def test_other_libraries_are_asked_for_by_name_alone():
    assert not [name for name, rooms in arrows().items() if "interop" in rooms - {name}]


@pytest.fixture(scope="module")
def fresh_imports():
    """What a few fresh interpreters report of ``import nb_sepconv`` after ``import numba``."""
    command = [sys.executable, "-W", "error", "-c", PROBE]
    commands = [[*command, "compile"], *[command] * (RUNS - 1)]
    return [json.loads(subprocess.run(each, check=True, stdout=subprocess.PIPE).stdout) for each in commands]


def test_a_32_bit_python_is_refused(monkeypatch):
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    with pytest.raises(ImportError, match=r"needs a 64-bit Python: .+\. Received: a 32-bit Python"):
        runpy.run_path(nb_sepconv.__file__)


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
