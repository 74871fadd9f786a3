"""The values of tests/value_cases.py agree with what tests/record/values.py recorded from TensorFlow."""

from pathlib import Path
from types import SimpleNamespace

import ml_dtypes
import numpy as np
import pytest

from nb_sepconv import activations, constraints, initializers, math_ops, nn, regularizers
from nb_sepconv.initializers import seeds
from tests.value_cases import cases

RECORDED = np.load(Path(__file__).parent / "data" / "values.npz")
GRAPH = SimpleNamespace(seed=None)
VOCABULARY = SimpleNamespace(
    **{name: getattr(np, name) for name in ("float16", "float32", "float64", "int32", "int64", "stack")},
    bfloat16=ml_dtypes.bfloat16,
    initializers=initializers,
    nn=nn,
    keras=SimpleNamespace(activations=activations, regularizers=regularizers, constraints=constraints),
    constant=lambda value, dtype=np.float64: np.asarray(value, dtype),
    set_random_seed=lambda seed: GRAPH.__dict__.update(seed=seed, given=0),
    **{name: getattr(math_ops, name) for name in ("reduce_sum", "reduce_mean", "square", "abs")},
)
CASES = cases(VOCABULARY)
EXACT = (
    "random_uniform",
    "glorot_uniform",
    "lecun_uniform",
    "uniform_unit_scaling",
    "integers",
    "graph_seed",
    "constant",
)
SINGLE_CONSTANTS = ("gelu", "leaky_relu")  # TensorFlow keeps their constants in float32, also for float64
RELATIVE = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 2e-6, "float64": 2e-14}


def _next_seed():
    GRAPH.given += 1
    return GRAPH.seed, GRAPH.given - 1


@pytest.fixture(autouse=True)
def graph(monkeypatch):
    GRAPH.next_seed = _next_seed
    GRAPH.seed = None
    monkeypatch.setattr(seeds, "_current_graph", lambda: GRAPH)


def test_every_case_is_recorded():
    assert {name.replace("/", "|") for name in CASES} == set(RECORDED.files)


@pytest.mark.parametrize("name", CASES)
def test_agrees_with_tensorflow(name):
    want, got = RECORDED[name.replace("/", "|")], CASES[name]()
    relative = RELATIVE.get(got.dtype.name, 0)
    sixteen = got.dtype.itemsize == 2
    assert got.shape == want.shape
    assert want.dtype == (np.float32 if sixteen else got.dtype)
    if name.startswith(EXACT):
        relative = 0
    elif name.startswith(SINGLE_CONSTANTS):
        relative = max(relative, 1e-6)
    np.testing.assert_allclose(got.astype(want.dtype), want, rtol=relative, atol=relative)
