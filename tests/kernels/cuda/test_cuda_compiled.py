"""What the compiler makes of the GPU's kernels, without a GPU: registers, spills, vector loads, types."""

import functools
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform == "darwin":
    pytest.skip("NVIDIA has no compiler for this system", allow_module_level=True)

from nb_sepconv.kernels.cuda.backward import kernels as gradients
from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.forward import cublas, depthwise, plan
from nb_sepconv.kernels.cuda.forward.form import APART, PLAIN, Form
from nb_sepconv.kernels.cuda.forward.product import product

FLOAT, DOUBLE, HALF, BRAIN = (STORAGE[name] for name in ("float32", "float64", "float16", "bfloat16"))
OLDEST, NEWEST = (8, 0), (9, 0)
ASSEMBLED_FOR = ("sm_80", "sm_90")
PRODUCTS = {"tf32x3": 3, "tf32": 1}  # on tensor cores for each of float32's


def form(storage, taps, steps_first=False, vectors=False, wide=False, filters=64, depth=64, precision="float32"):
    return Form(
        *(storage, storage, storage, "relu", taps),
        *(
            plan.tile_for(1000, filters, depth, storage, precision),
            steps_first,
            vectors,
            vectors,
            True,
            wide,
            precision,
        ),
    )


def kernels():
    """By name: a kernel, how its numbers are stored, and the most registers that it may take."""
    channels, steps = depthwise.vectors_of_channels, depthwise.vectors_of_steps
    yield "channels of float32", channels(FLOAT, "relu", 5, 1, False), FLOAT, 96
    yield "channels of float32, many taps", channels(FLOAT, None, 33, 1, False), FLOAT, 112
    yield "channels of float32, stride 2", channels(FLOAT, None, 5, 2, False), FLOAT, 128
    yield "channels of float32, far", channels(FLOAT, None, 5, 1, True), FLOAT, 128
    yield "channels of float64", channels(DOUBLE, "tanh", 9, 1, False), DOUBLE, 128
    yield "channels of float16", channels(HALF, None, 5, 1, False), HALF, 128
    yield "channels of bfloat16", channels(BRAIN, "swish", 5, 1, False), BRAIN, 128
    yield "steps of float32", steps(FLOAT, "relu", 5, 2, False), FLOAT, 64
    yield "steps of float32, many taps", steps(FLOAT, None, 33, 0, False), FLOAT, 64
    yield "steps of float64", steps(DOUBLE, None, 9, 1, False), DOUBLE, 96
    yield "steps of bfloat16", steps(BRAIN, None, 9, 5, False), BRAIN, 80
    yield "any layout", depthwise.any_layout(FLOAT, FLOAT, "gelu", False, False), FLOAT, 48
    yield "product with float32, 5 taps", product(form(FLOAT, 5, vectors=True)), FLOAT, 128
    yield "product with float32, 256 filters", product(form(FLOAT, 1, vectors=True, filters=256)), FLOAT, 128
    few = product(form(FLOAT, 5, vectors=True, filters=16, depth=8))
    yield "product with float32, 8 channels, 16 filters", few, FLOAT, 128
    yield "product with float32, dilated", product(form(FLOAT, APART)), FLOAT, 128
    dilated = product(form(FLOAT, APART, filters=256))
    yield "product with float32, dilated, 256 filters", dilated, FLOAT, 128
    yield "product with float32, steps first", product(form(FLOAT, 3, True, True)), FLOAT, 128
    yield "product with float32, far", product(form(FLOAT, PLAIN, wide=True)), FLOAT, 168
    yield "product with float64", product(form(DOUBLE, 5)), DOUBLE, 200
    yield "product with bfloat16", product(form(BRAIN, 5)), BRAIN, 128
    for precision in PRODUCTS:
        for filters in (32, 64, 256):
            cores = product(form(FLOAT, 5, vectors=True, filters=filters, precision=precision))
            yield f"tensor cores, {precision}, {filters} filters", cores, FLOAT, 128
        first = product(form(FLOAT, 3, True, True, filters=256, precision=precision))
        yield f"tensor cores, {precision}, steps first", first, FLOAT, 128
        odd = product(form(FLOAT, APART, filters=256, precision=precision))
        yield f"tensor cores, {precision}, dilated, any filters", odd, FLOAT, 128
        far = product(form(FLOAT, PLAIN, wide=True, filters=256, precision=precision))
        yield f"tensor cores, {precision}, far", far, FLOAT, 168
    brain = product(form(BRAIN, 5, vectors=False, filters=256, precision="tf32x3"))
    yield "tensor cores, bfloat16", brain, BRAIN, 128
    after = cublas.bias_and_activation(FLOAT, "relu", True, False)
    yield "bias and activation behind a library's product", after, FLOAT, 48
    yield "slopes", gradients.through_activation(FLOAT, FLOAT, "mish", False), FLOAT, 48
    yield "gradient of inputs", gradients.to_inputs(HALF, HALF, False, False), HALF, 48
    yield "gradient of depthwise kernel", gradients.to_depthwise(FLOAT, False), FLOAT, 48
    yield "sums of rows", gradients.sum_rows(FLOAT, BRAIN, False), FLOAT, 48


KERNELS = {name: rest for name, *rest in kernels()}
IN_VECTORS = [name for name in KERNELS if name.startswith(("channels", "steps"))]
WITHOUT_DOUBLES = [name for name, (_, storage, _) in KERNELS.items() if storage is not DOUBLE]


ONE_OF_TF32 = "tensor cores, tf32, 64 filters"  # the others' code lies in those of tf32x3
BETWEEN = (
    "product with float32, dilated, 256 filters",
    "tensor cores, tf32x3, 32 filters",
    "tensor cores, tf32x3, far",
)


def slow_where_alike(names):
    """Slow tests are those of kernels whose every part is in another one: each is compiled for itself."""
    alike = [name for name in KERNELS if name.startswith("tensor cores, tf32,") and name != ONE_OF_TF32]
    return [pytest.param(name, marks=[pytest.mark.slow] * (name in (*alike, *BETWEEN))) for name in names]


@functools.cache
def ptx(name, capability=OLDEST):
    from numba import cuda
    from numba.cuda import types

    function = KERNELS[name][0].py_func
    signature = types.void(*[types.int64] * function.__code__.co_argcount)
    return cuda.compile(function, signature, device=False, abi="numba", cc=capability)[0]


def assembler():
    """``ptxas`` from the PATH or from NVIDIA's wheels; None where there is none."""
    spec = importlib.util.find_spec("nvidia")
    folders = map(Path, spec.submodule_search_locations if spec else ())
    return shutil.which("ptxas") or next((path for folder in folders for path in folder.glob("*/bin/ptxas")), None)


def assembled(name, architecture, folder):
    """What ``ptxas`` reports of a kernel."""
    source = folder / "kernel.ptx"
    source.write_text(ptx(name))
    most = KERNELS[name][0].targetoptions.get("max_registers")
    limit = [f"-maxrregcount={most}"] if most else []
    command = [assembler(), f"-arch={architecture}", *limit, "-v", source, "-o", folder / "kernel.cubin"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("name", slow_where_alike(KERNELS))
def test_nothing_lies_in_local_memory(name):
    assert not re.search(r"\.local|depot", ptx(name))


@pytest.mark.parametrize("name", slow_where_alike(WITHOUT_DOUBLES))
def test_no_kernel_of_smaller_types_computes_in_float64(name):
    assert not re.search(r"\.f64|\.b64 +%fd", ptx(name))


@pytest.mark.parametrize("name", IN_VECTORS)
def test_vectors_are_loaded_and_stored_whole(name):
    text = ptx(name)
    lanes = "v2" if "float64" in name else "v4"
    loads = re.findall(r"ld\.global\.nc\.(v\d)", text)
    assert loads
    assert set(loads) == {lanes}
    stores = re.findall(r"st\.global\.(v\d)?", text)
    assert stores
    assert set(stores) == {lanes}


def test_products_load_shared_memory_and_store_in_vectors():
    text = ptx("product with float32, 5 taps")
    assert re.search(r"ld\.shared\.v4", text)
    assert re.search(r"st\.shared\.v4", text)
    assert re.search(r"st\.global\.v4", text)


@pytest.mark.parametrize("name", slow_where_alike(KERNELS))
def test_tensor_cores_work_where_they_are_asked_to_and_nowhere_else(name):
    asked = name.startswith("tensor cores")
    text = ptx(name)
    assert bool(re.search(r"mma\.sync\.aligned\.m16n8k8\.row\.col\.f32\.tf32\.tf32\.f32", text)) == asked
    assert ("cvt.rna.tf32.f32" in text) == asked


@pytest.mark.parametrize(("precision", "products"), PRODUCTS.items())
def test_products_on_tensor_cores_are_as_few_as_can_be(precision, products):
    text = ptx(f"tensor cores, {precision}, 64 filters")
    down, across = 2, 4  # the fragments of a warp's 32 rows by 32 columns; one turn of the loop is 8 deep
    assert text.count("mma.sync") == products * down * across
    assert text.count("cvt.rna.tf32") == min(products, 2) * (4 * down + 2 * across)


def test_lanes_of_a_warp_read_different_banks_of_shared_memory():
    for filters in (32, 64, 128, 256):
        tile = plan.tile_for(1000, filters, 64, FLOAT, "tf32")
        for pitch in (tile.row_pitch, tile.column_pitch):
            assert len({(2 * (lane % 4) * pitch + lane // 4) % 32 for lane in range(32)}) == 32


@pytest.mark.parametrize(
    ("filters", "depth", "rows", "columns", "deep"),
    [(1, 1, 128, 16, 8), (16, 8, 128, 16, 8), (17, 33, 64, 32, 24), (64, 64, 64, 64, 32), (300, 100, 64, 256, 32)],
)
def test_tiles_are_as_large_as_the_product(filters, depth, rows, columns, deep):
    tile = plan.tile_for(1000, filters, depth, FLOAT)
    assert (tile.rows, tile.columns, tile.depth) == (rows, columns, deep)
    assert tile.threads % 32 == 0
    assert plan.tile_for(64, filters, depth, FLOAT).rows == 64
    assert plan.tile_for(1000, filters, depth, FLOAT, "tf32").columns == max(columns, 32)


def test_multiply_adds_are_as_few_as_can_be():
    taps, lanes, steps = 5, 4, 8
    assert len(re.findall(r"fma\.rn\.f32", ptx("channels of float32"))) == taps * lanes * steps


def test_far_offsets_have_64_bits_and_others_have_not():
    def products(name):
        return len(re.findall(r"mul\.lo\.s64|mad\.lo\.s64", ptx(name)))

    assert products("channels of float32, far") > products("channels of float32")


@pytest.mark.parametrize("name", ["channels of bfloat16", "product with float32, 5 taps"])
def test_the_newest_target_compiles_too(name):
    assert ".target sm_90" in ptx(name, NEWEST)


@pytest.mark.skipif(assembler() is None, reason="there is no ptxas; the extra `cudacompile` brings one")
@pytest.mark.parametrize("architecture", ASSEMBLED_FOR)
@pytest.mark.parametrize("name", slow_where_alike(KERNELS))
def test_registers_suffice(name, architecture, tmp_path):
    report = assembled(name, architecture, tmp_path)
    assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in report
    registers = int(re.search(r"Used (\d+) registers", report).group(1))
    assert registers <= KERNELS[name][2]
