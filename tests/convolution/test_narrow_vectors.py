"""The narrower vector units of older processors, which Numba's code generator plays on any x86 machine."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TIMEOUT = 1800
UNITS = {
    "haswell": ("AVX2+FMA, 256 bits, 16 registers", {"ymm": True, "zmm": False, "vfmadd": True}),
    "generic": ("128-bit, 128 bits, 16 registers", {"xmm": True, "ymm": False, "vfmadd": False, "vmov": False}),
}
NAMES = ("ops", "gradients", "few_channels", "lengths", "length_gradients", "transposed", "bf16", "bf16_gradients")
FILES = ["kernels/test_vectormath.py", *(f"convolution/test_{name}.py" for name in NAMES)]
QUICK = "not test_few_channels and ("
QUICK += "edges and not float64 or sixteen_bits or wide_sums or stored_at_a_time or bound and float32)"
QUICK += " or test_few_channels and edges and float32 and channels_first"

PROBE = """
import json, os
import nb_sepconv
from nb_sepconv.kernels.cpu.codegen import procedures
from nb_sepconv.kernels.store import units
os.environ["NB_SEPCONV_CACHE"] = "off"
movers = "load_rows load_columns load_items store_rows store_columns store_items pack_panel"
gradients = "correlate rank_update_3 add_rows multiply_panel_into_blocks differentiate_mish"
names = [*movers.split(), "convolve", "convolve_adjacent", "multiply_panel", "multiply_vector"]
names += ["multiply_panel_far", "mish", *gradients.split()]
for dtype in ("float16", "float32", "float64"):
    for name in names:
        procedures.procedure(dtype, name)
nb_sepconv.show_config()
assembly = "".join(each._codegen._tm.emit_assembly(each._final_module) for each in units.libraries)
print(json.dumps({token: token in assembly for token in ("xmm", "ymm", "zmm", "vfmadd", "vmov")}))
"""

pytestmark = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="these are processors of the x86 family"
)


def run(*command, **variables):
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), **variables}
    command = [sys.executable, *command]
    done = subprocess.run(command, env=environment, cwd=TESTS.parent, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def run_as(processor, *command, features=""):
    """By its name alone Numba would give an older processor the features of this one; "" leaves it its own."""
    chosen = {} if features is None else {"NUMBA_CPU_FEATURES": features}
    return run(*command, NUMBA_CPU_NAME=processor, **chosen)


@pytest.mark.parametrize("processor", UNITS)
def test_the_unit_is_reported_and_alone_in_the_machine_code(processor):
    vectors, tokens = UNITS[processor]
    *told, found = run_as(processor, "-c", PROBE).splitlines()
    facts = dict(line.split("  ", 1) for line in told)
    assert facts["processor"].strip() == processor
    assert facts["vectors"].strip() == vectors
    found = json.loads(found)
    assert {token: found[token] for token in tokens} == tokens


@pytest.mark.slow
def test_a_processor_by_its_name_alone():
    assert f"{UNITS['haswell'][0]}\n" in run_as("haswell", "-c", PROBE, features=None)


def check(processor, names, part):
    files = [str(TESTS / name) for name in names]
    assert " passed" in run_as(processor, "-m", "pytest", "-q", *files, "-k", part)


@pytest.mark.parametrize("processor", UNITS)
def test_a_part_of_the_arithmetic(processor):
    check(processor, FILES[:4], QUICK)


@pytest.mark.slow
@pytest.mark.parametrize("processor", UNITS)
def test_all_of_the_arithmetic(processor):
    check(processor, FILES, "")


def test_all_processors_with_fused_multiply_adds_give_the_same_bits():
    program = str(TESTS / "result_bits.py")
    own = run(program, NB_SEPCONV_ENGINE="fma").splitlines()
    assert len(own) == 2 * (4 * 6 * 4 + 3 + 3 + 4 * 3 * 4 + 2)
    assert own == run_as("haswell", program).splitlines()
