"""The values of tests/value_cases.py agree with what tests/record/values.py recorded from TensorFlow."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import nb_sepconv
from nb_sepconv import activations
from tests.value_cases import cases


class Vocabulary:
    """This library with NumPy's functions under the names that TF1 has for them."""

    constant = staticmethod(lambda value, dtype=np.float64: np.asarray(value, dtype))
    concat, reshape, stack = map(staticmethod, (np.concatenate, np.reshape, np.stack))
    keras = SimpleNamespace(
        activations=activations, regularizers=nb_sepconv.keras.regularizers, constraints=nb_sepconv.keras.constraints
    )

    def __getattr__(self, name):
        return getattr(nb_sepconv, name)


RECORDED = np.load(Path(__file__).parents[1] / "data" / "values.npz")
CASES = cases(Vocabulary())
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
