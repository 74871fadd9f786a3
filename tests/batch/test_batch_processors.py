"""Shards of one job on processors of different kinds, which Numba's code generator plays."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv.batch import options
from nb_sepconv.batch.job import Job

ROOT = Path(__file__).parents[2]
TIMEOUT = 600
SHARDS = """
import sys
import numpy as np
import nb_sepconv as tf
from nb_sepconv import batch

folder, part, count = sys.argv[1:]

def model(channels, multiplier, kernel, filters, **settings):
    random = np.random.default_rng([channels, multiplier, kernel, filters])
    layer = tf.layers.SeparableConv1D(filters, kernel, depth_multiplier=multiplier, padding="same", **settings)
    first = settings.get("data_format") == "channels_first"
    layer.build((None, channels, None) if first else (None, None, channels))
    layer.set_weights([random.standard_normal(each.shape, np.float32) for each in layer.get_weights()])
    return layer

CASES = [
    (channels, multiplier, kernel, filters, {})
    for channels, filters in ((1, 3), (8, 300), (20, 5), (130, 200))
    for multiplier in (1, 2, 3, 4)
    for kernel in (4, 5)
]
CASES += [
    (21, 2, 5, 40, settings)
    for settings in (
        {"strides": 2}, {"dilation_rate": 3}, {"activation": "tanh"}, {"activation": "sigmoid"},
        {"activation": "mish"}, {"data_format": "channels_first"},
    )
]

for number, (channels, multiplier, kernel, filters, settings) in enumerate(CASES[: int(count)]):
    layer = model(channels, multiplier, kernel, filters, **settings)
    first = settings.get("data_format") == "channels_first"
    x = np.random.default_rng(number).standard_normal((1, channels, 203) if first else (1, 203, channels))
    source = f"{folder}/x{number}.npy"
    if part == "1/2":
        np.save(source, x.astype(np.float32))
        batch.apply(layer, source, f"{folder}/whole{number}.npy", chunk=70, progress=False, check=False)
    batch.apply(layer, source, f"{folder}/y{number}.npy", chunk=70, progress=False, check=False, shard=part)
print(len(CASES))
"""

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are processors of the x86 family"
)


def run_as(processor, folder, part, count=100):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if processor is not None:
        environment |= {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-c", SHARDS, str(folder), part, str(count)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)


def test_shards_of_all_processors_with_fused_multiply_adds_make_one_output(tmp_path):
    for processor, part in ((None, "1/2"), ("haswell", "2/2")):
        done = run_as(processor, tmp_path, part)
        assert done.returncode == 0, done.stderr[-4000:]
    for number in range(int(done.stdout)):
        whole = (tmp_path / f"whole{number}.npy").read_bytes()
        assert (tmp_path / f"y{number}.npy").read_bytes() == whole, number


def test_a_processor_without_fused_multiply_adds_is_refused(tmp_path):
    assert run_as(None, tmp_path, "1/2", count=1).returncode == 0
    refused = run_as("nehalem", tmp_path, "2/2", count=1)
    assert refused.returncode == 1
    assert "computed by multiply-adds was 'fused', is 'rounded twice'" in refused.stderr


@pytest.mark.parametrize(
    ("asked", "units"),
    [
        ({}, False),
        ({"dtype": "float64"}, False),
        ({"dtype": ml_dtypes.bfloat16}, True),
        ({"of_layer": "bf16x3"}, True),
        ({"around": "bf16"}, True),
        ({"around": "bf16", "of_layer": "float32"}, False),
        ({"engine": "amx"}, True),
        ({"engine": "fma", "around": "bf16"}, False),
        ({"function": True}, True),
        ({"function": True, "engine": "fma"}, False),
    ],
    ids=str,
)
def test_units_for_bfloat16_count_where_they_may_multiply(asked, units, monkeypatch):
    monkeypatch.setenv("NB_SEPCONV_ENGINE", asked.get("engine", "auto"))
    layer = tf.layers.SeparableConv1D(3, 2)
    x = np.zeros((1, 100, 2), asked.get("dtype", "float32"))
    layer(x)
    layer.precision = asked.get("of_layer")
    model = (lambda inputs: layer(inputs)) if "function" in asked else layer
    wanted = options.checked("time", None, None, "1MB", None, "raise", True, True, False, None, None)
    with tf.precision(asked.get("around")):
        facts = Job(model, x, None, wanted).fingerprint()["computed by"]
    assert {"amx", "avx512_bf16"} <= facts.keys() if units else facts["engine"] == "fma"
    assert ("amx" in facts) == units
