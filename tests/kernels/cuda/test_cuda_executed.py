"""What the compiler makes of the GPU's kernels, run without one: against float64, into poisoned memory, in bounds."""

import ctypes
import functools
import itertools
import sys
import types
from typing import ClassVar

import ml_dtypes
import numpy as np
import pytest

if sys.platform == "darwin":
    pytest.skip("NVIDIA has no compiler for this system", allow_module_level=True)

import ptx_executor
import reference

from nb_sepconv import ops
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import cuda, engines
from nb_sepconv.kernels.cuda import precision
from nb_sepconv.kernels.cuda.forward import cublas
from nb_sepconv.kernels.cuda.runtime import launch, memory

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
CAPABILITY = (8, 0)


class Tensor:
    """What PyTorch offers of a tensor on a GPU, in the memory of this process at a multiple of 256 bytes."""

    __module__ = "torch"
    is_cuda, requires_grad, is_neg = True, False, staticmethod(lambda: False)
    device = types.SimpleNamespace(index=0)
    made: ClassVar = []  # all that lies in memory while a test runs

    def __init__(self, array):
        whole = np.zeros(array.nbytes + 512, np.uint8)
        skipped = -whole.__array_interface__["data"][0] % 256
        self.array = whole[skipped : skipped + array.nbytes].view(array.dtype).reshape(array.shape)
        self.array[...] = array
        self.shape, self.dtype = array.shape, f"torch.{array.dtype.name}"
        Tensor.made.append(self)

    def data_ptr(self):
        return self.array.__array_interface__["data"][0]

    def stride(self):
        return tuple(stride // self.array.itemsize for stride in self.array.strides)


class Driver:
    """Runs what is launched."""

    def __init__(self):
        self.programs = []

    def compiled(self, kernel, arguments):
        self.programs.append((ptx_executor.Program(ptx(kernel, arguments)), arguments))
        return len(self.programs)

    def cuLaunchKernel(self, function, blocks, _, __, threads, *rest):
        program, count = self.programs[function - 1]
        places = (ctypes.POINTER(ctypes.c_int64) * count).from_address(rest[-2])
        parameters = [place[0] for place in places]
        ptx_executor.run(program, blocks, threads, parameters, [each.array for each in Tensor.made])
        return (0,)


@functools.cache
def ptx(kernel, arguments):
    """What a kernel of so many integers is compiled to, once for all tests."""
    from numba import cuda
    from numba.cuda import types

    signature = types.void(*[types.int64] * arguments)
    return cuda.compile(kernel.py_func, signature, device=False, abi="numba", cc=CAPABILITY)[0]


@pytest.fixture(autouse=True)
def executor(monkeypatch):
    """Tensors lie on a GPU whose driver runs PTX in Python."""
    driver = Driver()
    torch = types.ModuleType("torch")
    stream = types.SimpleNamespace(cuda_stream=0)
    torch.cuda = types.SimpleNamespace(current_stream=lambda device: stream)
    torch.empty = lambda shape, dtype, device: Tensor(np.full(shape, np.nan, dtype))
    for name in ("float16", "bfloat16", "float32", "float64"):
        setattr(torch, name, memory.numpy_type(name))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(engines, "_ready", [cuda])
    for module in (launch, memory):
        monkeypatch.setattr(module, "gpu_count", lambda: 1)
    monkeypatch.setattr(precision, "_has_tensor_cores", lambda: True)
    monkeypatch.setattr(launch, "driver", driver)
    monkeypatch.setattr(launch, "_compiled", driver.compiled)
    monkeypatch.setattr(launch, "_function", lambda compiled: compiled)
    forget()
    yield driver
    forget()


def forget():
    planned_calls.clear()
    Tensor.made.clear()


def numbers(rng, *shapes, dtype=np.float32, integers=True):
    if integers:
        return [rng.integers(-3, 4, shape).astype(dtype) for shape in shapes]
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def in_layout(layout, array):
    return array if layout == "channels_last" else np.ascontiguousarray(array.transpose(0, 2, 1))


def convolve(function, layout, x, *weights, **keywords):
    operands = (Tensor(each) for each in (in_layout(layout, x), *weights))
    return in_layout(layout, function(*operands, data_format=layout, **keywords).array)


LAYOUTS = ("channels_last", "channels_first")
TYPES = (np.dtype(np.float16), BFLOAT16, np.dtype(np.float32), np.dtype(np.float64))
WHOLE, ODD, DEEP = (24, 8, 16, {}), (67, 5, 9, {"strides": 2, "dilation_rate": 3}), (24, 40, 8, {})


def all_slow(*axes):
    return [pytest.param(*values, marks=pytest.mark.slow) for values in itertools.product(*axes)]


def half_slow(*axes):
    """All combinations of some axes, those on the white fields of a chessboard as slow tests: each is compiled anew.

    The black fields hold every combination of all axes but one, where that one has two values.
    """
    slow = all_slow(*axes)
    numbers = itertools.product(*(range(len(axis)) for axis in axes))
    return [pytest.param(*case.values) if sum(at) % 2 == 0 else case for at, case in zip(numbers, slow, strict=True)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_depthwise(layout, dtype):
    rng = np.random.default_rng(0)
    cases = [(24, 8, 1, 5, {}), (19, 5, 2, 4, {"strides": 2, "dilation_rate": 3})]
    if layout == "channels_last":
        cases.append((40, 8, 1, 9, {"strides": 2, "dilation_rate": 3, "padding": "same"}))
    for length, channels, multiplier, taps, geometry in cases:
        x, kernel = numbers(rng, (2, length, channels), (taps, channels, multiplier), dtype=dtype)
        geometry = {"padding": "same", **geometry}
        got = convolve(ops.depthwise_conv1d, layout, x, kernel, **geometry)
        wanted = reference.depthwise_conv1d(x, kernel, **geometry)
        np.testing.assert_array_equal(got.astype(float), wanted.astype(dtype).astype(float))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", TYPES, ids=str)
def test_depthwise_kernels_use_all_that_they_touch(executor, layout, dtype):
    x, kernel = numbers(np.random.default_rng(11), (2, 64, 32), (5, 32, 1), dtype=dtype)
    convolve(ops.depthwise_conv1d, layout, x, kernel, padding="causal")
    ((program, _),) = executor.programs
    assert program.asked >= 2 * x.nbytes
    assert program.touched <= 1.05 * program.asked


@pytest.mark.parametrize(
    ("layout", "dtype", "case"),
    [*half_slow(LAYOUTS, TYPES[1:], [WHOLE, ODD, DEEP]), *all_slow(LAYOUTS, TYPES[:1], [WHOLE, ODD, DEEP])],
    ids=str,
)
def test_separable(layout, dtype, case):
    length, channels, filters, geometry = case
    shapes = (2, length, channels), (5, channels, 1), (channels, filters), (filters,)
    x, *weights = numbers(np.random.default_rng(1), *shapes, dtype=dtype)
    got = convolve(ops.separable_conv1d, layout, x, *weights, padding="same", activation="relu", **geometry)
    wanted = np.maximum(reference.separable_conv1d(x, *weights, padding="same", **geometry), 0)
    np.testing.assert_array_equal(got.astype(float), wanted.astype(dtype).astype(float))


PLACED = LAYOUTS, ("tf32x3", "tf32"), [{"padding": "same"}, {"strides": 2, "padding": (3, 0)}]


@pytest.mark.parametrize(
    ("layout", "asked", "geometry", "columns"),
    [*half_slow(*PLACED, [(16, 1), (70, 2)]), *all_slow(*PLACED, [(300, 1)])],
    ids=str,
)
def test_tensor_cores(layout, asked, geometry, columns):
    filters, multiplier = columns
    shapes = (2, 37, 6), (3, 6, multiplier), (6 * multiplier, filters), (filters,)
    x, *weights = numbers(np.random.default_rng(2), *shapes)
    got = convolve(ops.separable_conv1d, layout, x, *weights, precision=asked, **geometry)
    np.testing.assert_array_equal(got, reference.separable_conv1d(x, *weights, **geometry))


@pytest.mark.parametrize(("asked", "least", "most"), [("float32", 0, 5e-7), ("tf32x3", 0, 5e-7), ("tf32", 1e-5, 1e-3)])
def test_exactness(asked, least, most):
    x, *weights = numbers(np.random.default_rng(3), (1, 40, 50), (3, 50, 1), (50, 24), (24,), integers=False)
    got = convolve(ops.separable_conv1d, "channels_last", x, *weights, precision=asked)
    error = np.abs(got - reference.separable_conv1d(x, *weights)) / reference.error_scale(x, *weights)
    assert least <= error.max() < most


def test_bfloat16_on_tensor_cores(executor):
    x, *weights = numbers(np.random.default_rng(4), (1, 20, 16), (3, 16, 1), (16, 24), dtype=BFLOAT16)
    got = convolve(ops.separable_conv1d, "channels_last", x, *weights)
    wanted = reference.separable_conv1d(x, *weights).astype(BFLOAT16)
    np.testing.assert_array_equal(got.astype(float), wanted.astype(float))
    (program, _) = executor.programs[-1]
    assert any(statement.opcode.startswith("mma.sync") for statement in program.statements)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("dtype", "asked"),
    [
        (np.float32, "float32"),
        (np.float32, "tf32x3"),
        pytest.param(np.float32, "tf32", marks=pytest.mark.slow),
        (np.float64, "float32"),
        (BFLOAT16, "bf16"),
    ],
)
def test_gradients(layout, dtype, asked):
    rng = np.random.default_rng(5)
    x, *weights = numbers(rng, (2, 21, 4), (3, 4, 2), (1, 8, 12), (12,), dtype=dtype)
    geometry = {"strides": 2, "padding": "same"}
    (g,) = numbers(rng, reference.separable_conv1d(x, *weights, **geometry).shape, dtype=dtype)
    operands = (Tensor(each) for each in (in_layout(layout, g), in_layout(layout, x), *weights))
    found = ops.separable_conv1d_gradients(*operands, data_format=layout, precision=asked, **geometry)
    d_inputs, *others = (each.array for each in found)
    wanted = reference.separable_conv1d_gradients(g, x, *weights, **geometry)
    for one, other in zip((in_layout(layout, d_inputs), *others), wanted, strict=True):
        np.testing.assert_array_equal(one.astype(float), other.astype(dtype).astype(float))


def test_activations_and_their_slopes():
    rng = np.random.default_rng(6)
    x, *weights = numbers(rng, (1, 12, 4), (3, 4, 1), (1, 4, 8), (8,), integers=False)
    before = reference.separable_conv1d(x, *weights)
    for name, function, slope in (
        ("tanh", np.tanh, lambda y: 1 - y * y),
        ("sigmoid", lambda v: 1 / (1 + np.exp(-v)), lambda y: y * (1 - y)),
    ):
        y = function(before)
        got = convolve(ops.separable_conv1d, "channels_last", x, *weights, activation=name)
        np.testing.assert_allclose(got, y, rtol=1e-5, atol=1e-6)
        (g,) = numbers(rng, y.shape, integers=False)
        found = ops.separable_conv1d_gradients(*map(Tensor, (g, x, *weights)), activation=name)
        wanted = reference.separable_conv1d_gradients(g * slope(y), x, *weights)
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one.array, other, rtol=1e-4, atol=1e-5)


def test_kernels_around_a_library_s_product(executor, monkeypatch):
    def multiply(stream, left, right, outputs, exactness):
        outputs.owner.array.reshape(-1, right.shape[-1])[...] = left.owner.array @ right.owner.array.reshape(
            right.shape
        )

    monkeypatch.setenv(cublas.VARIABLE, "1")
    monkeypatch.setitem(sys.modules, "cupy", types.ModuleType("cupy"))
    monkeypatch.setattr(cublas, "multiply", multiply)
    for dtype in (np.float32, np.float64):
        x, *weights = numbers(np.random.default_rng(10), (2, 9, 4), (3, 4, 1), (4, 5), (5,), dtype=dtype)
        got = convolve(ops.separable_conv1d, "channels_last", x, *weights, activation="relu")
        np.testing.assert_array_equal(got, np.maximum(reference.separable_conv1d(x, *weights), 0))
    assert len(executor.programs) == 4


def test_offsets_of_64_bits(monkeypatch):
    for module in ("forward", "backward"):
        monkeypatch.setattr(f"nb_sepconv.kernels.cuda.{module}.plan.wide", lambda *counts: True)
    rng = np.random.default_rng(7)
    x, *weights = numbers(rng, (2, 24, 8), (5, 8, 1), (8, 16), (16,))
    for asked in ("float32", "tf32"):
        got = convolve(ops.separable_conv1d, "channels_last", x, *weights, precision=asked)
        np.testing.assert_array_equal(got, reference.separable_conv1d(x, *weights))
    got = convolve(ops.depthwise_conv1d, "channels_last", x, weights[0])
    np.testing.assert_array_equal(got, reference.depthwise_conv1d(x, weights[0]))


def test_what_lies_outside_is_refused():
    x, kernel = (Tensor(each) for each in numbers(np.random.default_rng(8), (1, 9, 3), (3, 3, 1)))
    ops.depthwise_conv1d(x, kernel)
    Tensor.made.remove(kernel)
    with pytest.raises(RuntimeError, match="addresses outside of all arrays"):
        ops.depthwise_conv1d(x, kernel)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_barrier_is_a_race(executor, missing):
    x, *weights = map(Tensor, numbers(np.random.default_rng(9), (1, 24, 40), (3, 40, 1), (40, 8)))
    ops.separable_conv1d(x, *weights)
    ((program, _),) = executor.programs
    barriers = [at for at, statement in enumerate(program.statements) if statement.opcode.startswith("bar")]
    assert len(barriers) == 2
    nothing = ptx_executor.Statement(None, False, "mov.u32", ["%r0", "0"])
    program.statements[barriers[missing]] = nothing
    with pytest.raises(RuntimeError, match="threads race for shared memory"):
        ops.separable_conv1d(x, *weights)


def test_the_shared_memory_of_another_block_is_refused():
    shared = ptx_executor.Shared(size=64, blocks=2, threads=32)
    first, second = shared.address_of(np.arange(2)).astype(np.int64)
    threads = np.array([31, 32])
    shared.note(np.array([first, second]), 4, threads, writes=True)
    for addresses in ([first, first], [second, second], [first + 64, second], [first, second - 4]):
        with pytest.raises(IndexError, match="outside of the block's shared memory"):
            shared.note(np.array(addresses), 4, threads, writes=True)
