"""What editors see: stub files that say what is loaded lazily, completion, and programs that are typed."""

import ast
import builtins
import os
import subprocess
import sys
from importlib import import_module
from importlib.util import resolve_name
from pathlib import Path

import pytest

import nb_sepconv as tf
from nb_sepconv.framework.variables import Variable

PACKAGE = Path(tf.__file__).parent
LAZY = ["nb_sepconv", "nb_sepconv.interop", "nb_sepconv.keras", "nb_sepconv.train"]
WITH_PACKAGES_OF_THEIR_OWN = {"nb_sepconv.interop"}
ONLY_BY_NAME = {
    "nb_sepconv": {"abs", "bfloat16", "bool", "pow", "range", "round", "slice"}
}  # not for `from nb_sepconv import *`
PUBLIC = ["activations", "batch", "constraints", "initializers", "interop", "keras", "layers", "losses", "nn", "ops"]
PUBLIC += [
    "regularizers",
    "streaming",
    "train",
    "weights",
    "keras.activations",
    "keras.constraints",
    "keras.initializers",
]
PUBLIC += ["keras.layers", "keras.regularizers"]
PROGRAMS = sorted((Path(__file__).parent / "typing").glob("*.py"))


def stub_of(package):
    return ast.parse((PACKAGE.parent / package.replace(".", "/") / "__init__.pyi").read_text(encoding="utf-8"))


def imported_by(stub, package):
    """What a stub imports: name -> (module, name there)."""
    return {
        alias.asname: (resolve_name("." * node.level + (node.module or ""), package), alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom) and node.module not in ("typing", "numpy")
        for alias in node.names
    }


def declared_by(stub):
    return {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}


@pytest.mark.parametrize("package", LAZY)
def test_stub_offers_what_the_lazy_table_offers(package):
    stub, module = stub_of(package), import_module(package)
    offered = next(ast.literal_eval(node.value) for node in stub.body if isinstance(node, ast.Assign))
    assert sorted(offered) == sorted(module.__all__)
    assert imported_by(stub, package).keys() | declared_by(stub) == {*module.__all__, *ONLY_BY_NAME.get(package, ())}


@pytest.mark.parametrize("package", sorted({*LAZY} - WITH_PACKAGES_OF_THEIR_OWN))
def test_stub_imports_what_is_loaded(package):
    module = import_module(package)
    for name, (home, name_there) in imported_by(stub_of(package), package).items():
        found = getattr(module, name)
        assert found is getattr(import_module(home), name_there), name


@pytest.mark.parametrize("package", LAZY)
def test_stub_names_the_home_of_the_lazy_table(package):
    homes = getattr(import_module(package), "_HOME_OF", {})
    imported = imported_by(stub_of(package), package)
    assert {name: imported[name] for name in homes} == {
        name: (f"{package}.{home}", name) for name, home in homes.items()
    }


@pytest.mark.parametrize("name", PUBLIC)
def test_public_modules_load_by_attribute_and_list_public_names_alone(name):
    module = tf
    for part in name.split("."):
        module = getattr(module, part)
    assert dir(module) == sorted(module.__all__)
    assert not [each for each in dir(module) if each.startswith("_")]


def test_star_import_hides_no_builtin():
    assert not {*tf.__all__} & {*dir(builtins)}
    assert tf.abs([-1.0]) == 1.0
    assert "abs" in dir(tf)


# ---- completion ----


def completions(code):
    jedi = pytest.importorskip("jedi")
    return [each.name for each in jedi.Script(f"import nb_sepconv as tf\n{code}", path="program.py").complete()]


def test_completes_the_package():
    found = completions("tf.")
    assert {*tf.__all__, "abs", "bfloat16"} <= {*found}


@pytest.mark.parametrize("name", ["layers", "train", "keras", "interop", "nn", "ops", "weights", "keras.layers"])
def test_completes_modules(name):
    assert {*import_module(f"nb_sepconv.{name}").__all__} <= {*completions(f"tf.{name}.")}


@pytest.mark.parametrize("layers", ["tf.layers", "tf.keras.layers"])
def test_completes_a_layers_methods(layers):
    found = completions(f"layer = {layers}.SeparableConv1D(6, 3)\nlayer.")
    assert {"build", "get_weights", "value_and_pullback", "trainable_variables", "bias", "precision"} <= {*found}


def test_completes_variables_and_optimizers():
    variable = {name for name in vars(Variable) if not name.startswith("_")}
    assert variable <= {*completions("tf.get_variable('gain', [3]).")}
    assert {"apply_gradients", "get_slot", "minimize"} <= {*completions("tf.train.AdamOptimizer().")}


def test_completes_arguments():
    assert {"strides=", "padding=", "activation="} <= {*completions("tf.layers.separable_conv1d(")}


# ---- typed programs, which `make lint` gives to mypy and pyright ----


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_typed_programs_run(program, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(tf.__file__).parents[1])}
    command = [sys.executable, "-W", "error", program]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment, capture_output=True)
