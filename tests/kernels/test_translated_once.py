"""What a first call compiles without a store: each function once, and no more of them than it needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CALLS = """
import gc, json, sys
import numpy as np
import nb_sepconv as tf
from nb_sepconv.kernels.cpu.codegen.pipeline import TranslatedOnce

rng = np.random.default_rng(0)
shapes = {"channels_last": (4, 128, 64), "channels_first": (4, 64, 128)}
first, other = sys.argv[1:]
layer, of_other = (tf.layers.SeparableConv1D(64, 3, padding="same", data_format=each) for each in (first, other))

def translated():
    functions = [each for each in gc.get_objects() if isinstance(each, TranslatedOnce)]
    return [(each.py_func.__name__, list(map(str, types))) for each in functions for types in each.overloads]

counts = []
layer(rng.standard_normal(shapes[first], np.float32))
counts.append(len(translated()))
outputs, pullback = layer.value_and_pullback(rng.standard_normal(shapes[first], np.float32))
pullback(np.ones_like(outputs))
counts.append(len(translated()))
of_other(rng.standard_normal(shapes[other], np.float32))
counts.append(len(translated()))
assert gc.isenabled()
print(json.dumps([counts, translated()]))
"""


@pytest.fixture(scope="module", params=[("channels_last", "channels_first"), ("channels_first", "channels_last")])
def translated(request):
    environment = {**os.environ, "NB_SEPCONV_CACHE": "off", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CALLS, *request.param]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=300)
    return json.loads(done.stdout.splitlines()[-1])


def test_no_function_is_translated_again_for_constants(translated):
    """Workers' first seats and the gradient's operands were translated for each constant that they were called with."""
    _, functions = translated
    assert not [types for _, types in functions if any("Literal" in each for each in types)]
    assert len({(name, *types) for name, types in functions}) == len(functions)


def test_first_calls_translate_no_more_functions_than_they_need(translated):
    """Each takes a hundredth of a second of a first call."""
    (first, gradient, other), _ = translated
    assert first <= 55
    assert gradient - first <= 36
    assert other - gradient <= 14
