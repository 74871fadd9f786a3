"""The names that the package offers, those that it does not, and what importing it costs."""

import subprocess
import sys

import numpy as np
import pytest

import nb_sepconv as tf

MADE_ELSEWHERE = {"keras"}


def test_every_name_is_there_and_once():
    for name in set(tf.__all__) - MADE_ELSEWHERE:
        assert getattr(tf, name) is getattr(tf, name)
    assert len(set(tf.__all__)) == len(tf.__all__)
    assert set(tf.__all__) <= set(dir(tf))


@pytest.mark.parametrize("name", ["float16", "float32", "float64", "int32", "int64"])
def test_types_are_numpys(name):
    assert getattr(tf, name) == np.dtype(name) == getattr(np, name)
    assert getattr(tf, name).name == name


def test_bfloat16_is_that_of_ml_dtypes():
    assert tf.bfloat16 == pytest.importorskip("ml_dtypes").bfloat16


def test_bfloat16_says_what_it_needs(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(vars(tf), "bfloat16", raising=False)
    with pytest.raises(AttributeError, match=r"`bfloat16` needs the package ml_dtypes: pip install ml_dtypes"):
        _ = tf.bfloat16


def test_initializers_go_by_tf1s_names():
    for name, args in (("zeros", ()), ("ones", ()), ("constant", (3,)), ("glorot_uniform", ()), ("orthogonal", ())):
        assert getattr(tf, f"{name}_initializer")(*args)((3, 2), np.float32).shape == (3, 2)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        *[("placeholder", "call the function with arrays"), ("Session", "everything runs at once")],
        ("global_variables_initializer", "leave the call out"),
        *[("fixed_size_partitioner", "leave it out"), ("gradients", "separable_conv1d_gradients")],
        *[("compat", "without `compat.v1`"), ("no_such_name", "use NumPy on the arrays")],
    ],
)
def test_names_of_tf1_that_are_not_here_say_what_to_do(name, advice):
    with pytest.raises(AttributeError, match=f"module 'nb_sepconv' has no attribute '{name}'.*{advice}"):
        getattr(tf, name)
    assert not hasattr(tf, name)


def test_other_layers_are_not_here():
    with pytest.raises(AttributeError, match=r"'nb_sepconv.layers' has no attribute 'conv2d': only series"):
        _ = tf.layers.conv2d


def run(code):
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()


def test_import_loads_neither_numba_nor_anything_optional():
    optional = ("numba", "numpy", "ml_dtypes", "scipy", "tensorflow", "torch", "cupy", "pandas")
    assert run(f"import sys, nb_sepconv; print(*[name for name in {optional} if name in sys.modules])") == []


def test_layers_do_not_compile_at_import():
    code = (
        "import sys, nb_sepconv; nb_sepconv.layers;"
        "from numba.core.dispatcher import Dispatcher;"
        "import gc; print(sum(len(d.signatures) for d in gc.get_objects() if isinstance(d, Dispatcher) "
        "and d.py_func.__module__.startswith('nb_sepconv')))"
    )
    assert run(code) == ["0"]
