"""Processes that compile, load and are killed at the same time give the same bits, and none of them an error."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nb_sepconv.kernels.store import files, place

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib
import numpy as np
import nb_sepconv as tf
from nb_sepconv.kernels.store import units
rng = np.random.default_rng(0)
arrays = [rng.random(size, np.float32) for size in ((2, 40, 5), (3, 5, 1), (5, 7))]
outputs = tf.ops.separable_conv1d(*arrays, activation="relu")
found = [outputs, *tf.ops.separable_conv1d_gradients(outputs, *arrays, activation="relu")]
weights = tf.Variable(arrays[2])
tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients([(found[3], weights)])
found.append(weights.value())
digest = hashlib.sha256(b"".join(each.tobytes() for each in found if each is not None)).hexdigest()
print(digest, units.counts()["compiled"], units.counts()["loaded"])
"""


def start(folder, **settings):
    environment = {**os.environ, place.FOLDER: str(folder), "PYTHONPATH": str(ROOT), **settings}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def answer(process):
    """The hash of the results, and how many units were compiled and loaded."""
    out, errors = process.communicate(timeout=1800)
    assert (process.returncode, errors) == (0, b"")
    digest, compiled, loaded = out.split()
    return digest, int(compiled), int(loaded)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a process answers that keeps nothing."""
    digest, _, loaded = answer(start(tmp_path_factory.mktemp("unused"), NB_SEPCONV_CACHE="off"))
    assert loaded == 0
    return digest


def test_a_second_process_compiles_nothing(tmp_path):
    digest, compiled, loaded = answer(start(tmp_path / "compiled"))
    assert compiled > 10
    assert loaded == 0
    assert answer(start(tmp_path / "compiled")) == (digest, 0, compiled)


@pytest.mark.slow
def test_a_process_that_keeps_nothing_has_the_same_bits(tmp_path, expected):
    assert answer(start(tmp_path / "compiled"))[0] == expected


@pytest.mark.slow
def test_32_processes_on_an_empty_store(tmp_path, expected):
    processes = [start(tmp_path / "compiled") for _ in range(32)]
    assert {answer(process)[0] for process in processes} == {expected}
    assert answer(start(tmp_path / "compiled"))[:2] == (expected, 0)
    assert not list((tmp_path / "compiled").glob(f"*{files.PARTIAL}"))


@pytest.mark.slow
def test_50_processes_that_are_killed(tmp_path, expected):
    rng = random.Random(0)
    for _ in range(50):
        process = start(tmp_path / "compiled")
        time.sleep(rng.uniform(0.5, 8))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert answer(start(tmp_path / "compiled"))[0] == expected
    assert answer(start(tmp_path / "compiled"))[:2] == (expected, 0)


@pytest.mark.slow
def test_every_length_and_10000_flipped_bits_of_real_units(tmp_path, expected):
    """None is taken; and where all files are damaged at once, the results are the same."""
    folder = tmp_path / "compiled"
    answer(start(folder))
    rng = random.Random(1)
    contents = {path: path.read_bytes() for path in files.units(folder)}
    smallest = min(contents, key=lambda path: len(contents[path]))
    damaged = folder / "damaged"
    for length in range(len(contents[smallest])):
        damaged.write_bytes(contents[smallest][:length])
        assert files.read(damaged) is None
    for _ in range(10_000):
        content = bytearray(contents[rng.choice([*contents])])
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        damaged.write_bytes(content)
        assert files.read(damaged) is None
    for path, content in contents.items():
        path.write_bytes(content[: rng.randrange(len(content))])
    assert answer(start(folder)) == (expected, len(contents), 0)
    assert answer(start(folder)) == (expected, 0, len(contents))


@pytest.mark.slow
def test_a_small_disk_that_fills_up(tmp_path, expected):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k,mode=0700", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        assert answer(start(disk))[0] == expected
        assert files.units(disk)
        assert answer(start(disk))[0] == expected
    finally:
        subprocess.run(["umount", str(disk)], check=True)
