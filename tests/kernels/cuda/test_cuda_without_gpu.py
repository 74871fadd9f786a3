"""What a machine without a GPU can tell of the GPU's part: its tests on the simulator, and what is missing here."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from nb_sepconv.kernels import engines

TESTS = Path(__file__).parents[2]
FILES = sorted((TESTS / "gpu").glob("test_gpu_*.py"))
LONG = "every_small warps_share gradients_of_integers as_exact_as long_sums geometry0 geometry1 2-geometry2"
QUICK = f"not ({' or '.join(LONG.split())})"  # the others' kernels are also executed as test_cuda_executed does
SIMULATED = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
NO_GPU = {**os.environ, "NUMBA_ENABLE_CUDASIM": "0", "CUDA_VISIBLE_DEVICES": "-1"}


def run(program, environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment,
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
    )


def simulate(part, *paths):
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *paths, "-k", part]
    done = subprocess.run(command, env=SIMULATED, cwd=TESTS.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_part_on_the_simulator():
    simulate(QUICK, *FILES)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_all_on_the_simulator(path):
    simulate("", path)


ASK = """
import numpy as np
from nb_sepconv import ops
{before}
try:
    ops.depthwise_conv1d(np.zeros((1, 3, 1)), np.zeros((2, 1, 1)), device="cuda")
except {error} as error:
    print(error)
"""


@pytest.mark.skipif(not find_spec("numba_cuda"), reason="numba-cuda is not installed")
def test_asking_for_a_gpu_that_is_not_there_says_so():
    done = run(ASK.format(before="", error="RuntimeError"), NO_GPU)
    assert "No NVIDIA GPU can be used here (" in done.stdout, done.stderr


def test_asking_for_a_gpu_without_its_packages_says_how_to_install_them():
    before = "from nb_sepconv.kernels import engines\nengines.find_spec = lambda name: None"
    done = run(ASK.format(before=before, error="ImportError"), NO_GPU)
    assert f"Arrays on a GPU need the package numba-cuda: {engines.INSTALL_CUDA}" in done.stdout, done.stderr


def test_calls_on_the_host_touch_no_cuda():
    program = """
import sys
import numpy as np
import nb_sepconv as tf
tf.layers.SeparableConv1D(2, 3)(np.ones((1, 5, 2), np.float32))
tf.show_config()
assert not [name for name in sys.modules if name.startswith(("numba.cuda", "cuda.", "nb_sepconv.kernels.cuda"))]
print("untouched")
"""
    done = run(program, NO_GPU)
    assert "untouched" in done.stdout, done.stderr


FORK = """
import os
import numpy as np
from nb_sepconv import ops

def convolve():
    return ops.depthwise_conv1d(np.ones((1, 3, 1)), np.ones((2, 1, 1)), device="cuda")

if {first}:
    convolve()
child = os.fork()
if child == 0:
    try:
        print(convolve().shape, flush=True)
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_fork_after_the_gpu_was_used_is_an_error_and_before_it_is_not():
    program = "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n" + FORK  # threads beside a fork
    after = run(program.format(first=True), SIMULATED)
    assert "cannot be used in a process that was forked after its parent used it" in after.stdout, after.stderr
    before = run(program.format(first=False), SIMULATED)
    assert "(1, 2, 1)" in before.stdout, before.stderr
