"""Arrays of other libraries: stand-ins that offer what CuPy, PyTorch and JAX offer, in memory of the GPU."""

import contextlib
import sys
import types

import ml_dtypes
import numpy as np
import pytest
import reference
from device_data import SIMULATED, random, to_gpu, to_host

from nb_sepconv import ops
from nb_sepconv.devices import arrays as device_arrays
from nb_sepconv.devices import dlpack
from nb_sepconv.kernels.cuda.runtime import memory

STREAM = 0  # a handle that exists everywhere


class Memory:
    """Memory of the GPU with a shape: what all stand-ins hold."""

    def __init__(self, array):
        self.base = to_gpu(np.ascontiguousarray(array))
        described = device_arrays.describe("array", self.base)
        self.address, self.shape, self.elements = described.address, described.shape, array.dtype
        self.strides_in_elements = described.strides


def stand_in(package):
    """A class of arrays whose module is ``package``, which is put among the imported ones."""
    module = types.ModuleType(package)
    kind = type("Array", (Memory,), {"__module__": f"{package}.core"})
    module.empty = lambda shape, dtype, device=None: kind(np.full(shape, np.nan, dtype))
    return module, kind


@pytest.fixture
def torch(monkeypatch):
    module, kind = stand_in("torch")
    kind.is_cuda, kind.requires_grad, kind.negative = True, False, False
    kind.is_neg = lambda self: self.negative
    kind.data_ptr = lambda self: self.address
    kind.stride = lambda self: self.strides_in_elements
    kind.dtype = property(lambda self: f"torch.{self.elements.name}")
    kind.device = types.SimpleNamespace(index=0)
    for name in ("float16", "bfloat16", "float32", "float64"):
        setattr(module, name, memory.numpy_type(name))
    module.cuda = types.SimpleNamespace(current_stream=lambda device: types.SimpleNamespace(cuda_stream=STREAM))
    monkeypatch.setitem(sys.modules, "torch", module)
    return kind


def interface(self):
    text = self.elements.str if self.elements.name != "bfloat16" else "<V2"
    strides = tuple(stride * self.elements.itemsize for stride in self.strides_in_elements)
    return {"data": (self.address, False), "shape": self.shape, "strides": strides, "typestr": text, "version": 3}


@pytest.fixture
def cupy(monkeypatch):
    module, kind = stand_in("cupy")
    kind.data = property(lambda self: types.SimpleNamespace(ptr=self.address))
    kind.strides = property(lambda self: interface(self)["strides"])
    kind.dtype = property(lambda self: self.elements)
    kind.device = type("Device", (contextlib.nullcontext,), {"id": 0})()
    stream = types.SimpleNamespace(ptr=STREAM)
    module.cuda = types.SimpleNamespace(get_current_stream=lambda: stream)
    monkeypatch.setitem(sys.modules, "cupy", module)
    return kind


@pytest.fixture
def jax(monkeypatch):
    module, kind = stand_in("jax")
    kind.dtype = property(lambda self: self.elements)
    kind.devices = lambda self: [types.SimpleNamespace(id=0, platform="gpu")]
    kind.waits = 0

    def block_until_ready(self):
        type(self).waits += 1

    kind.block_until_ready = block_until_ready
    kind.unsafe_buffer_pointer = lambda self: self.address
    module.numpy = types.SimpleNamespace(empty=module.empty)
    monkeypatch.setitem(sys.modules, "jax", module)
    return kind


@pytest.fixture
def unknown():
    """A library of the Array API, known by ``__cuda_array_interface__`` and ``__array_namespace__`` alone."""
    module, kind = stand_in("elsewhere")
    kind.__cuda_array_interface__ = property(interface)
    kind.__array_namespace__ = lambda self: module
    kind.device = "the GPU"
    module.float32 = np.dtype(np.float32)
    return kind


@pytest.fixture(params=["torch", "cupy", "jax", "unknown"])
def kind(request):
    return request.getfixturevalue(request.param)


def test_result_is_of_the_caller_s_kind(kind):
    x, *weights = random(np.random.default_rng(0), (2, 7, 4), (3, 4, 1), (4, 5), (5,), integers=True)
    got = ops.separable_conv1d(*map(kind, (x, *weights)), padding="same")
    assert type(got) is kind
    np.testing.assert_array_equal(to_host(got.base), reference.separable_conv1d(x, *weights, padding="same"))


def test_gradients_are_of_the_caller_s_kind(kind):
    x, *weights = random(np.random.default_rng(1), (1, 5, 2), (3, 2, 1), (2, 3), (3,), integers=True)
    (g,) = random(np.random.default_rng(2), (1, 3, 3), integers=True)
    got = ops.separable_conv1d_gradients(*map(kind, (g, x, *weights)))
    wanted = reference.separable_conv1d_gradients(g, x, *weights)
    for one, other in zip(got, wanted, strict=True):
        assert type(one) is kind
        np.testing.assert_array_equal(to_host(one.base), other)


@pytest.mark.parametrize("package", ["torch", "cupy", "jax"])
@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float64])
def test_types_by_their_names(package, dtype, request):
    kind = request.getfixturevalue(package)
    x, kernel = random(np.random.default_rng(3), (1, 6, 8), (3, 8, 1), dtype=dtype, integers=True)
    got = ops.depthwise_conv1d(kind(x), kind(kernel))
    assert got.elements == dtype
    np.testing.assert_array_equal(to_host(got.base).astype(float), reference.depthwise_conv1d(x, kernel))


def test_jax_is_waited_for(jax):
    ops.depthwise_conv1d(*map(jax, random(np.random.default_rng(4), (1, 6, 2), (3, 2, 1))))
    assert jax.waits == 3  # inputs, kernel, outputs


def test_tensor_of_the_host_is_no_array_of_the_gpu(torch):
    tensor = torch(np.zeros((1, 2, 3), np.float32))
    assert device_arrays.library_of(tensor) is device_arrays.TORCH
    tensor.is_cuda = False
    assert device_arrays.library_of(tensor) is None


def test_tensor_that_wants_a_gradient_is_refused(torch):
    x, kernel = map(torch, random(np.random.default_rng(5), (1, 6, 2), (3, 2, 1)))
    kernel.requires_grad = True
    with pytest.raises(TypeError, match=r"`depthwise_kernel` must be a tensor that needs no gradient"):
        ops.depthwise_conv1d(x, kernel)


def test_tensor_whose_signs_wait_is_refused(torch):
    x, kernel = map(torch, random(np.random.default_rng(5), (1, 6, 2), (3, 2, 1)))
    x.negative = True
    with pytest.raises(TypeError, match=r"`inputs` must hold its numbers as they are; use `.resolve_neg\(\)`"):
        ops.depthwise_conv1d(x, kernel)


def test_classes_derived_from_a_library_s_are_that_library_s(torch):
    class Derived(torch):
        __module__ = "elsewhere"

    assert device_arrays.library_of(Derived(np.zeros(3, np.float32))) is device_arrays.TORCH


class OffersDLPack:
    """An array that offers nothing but DLPack, as if its memory were the GPU's."""

    def __init__(self, array, device=(2, 0)):
        self._array, self._device, self.streams = array, device, []

    def __dlpack_device__(self):
        return self._device

    def __dlpack__(self, stream=None):
        self.streams.append(stream)
        return self._array.__dlpack__()


def test_dlpack_is_read_with_strides_types_and_offsets():
    base = np.arange(60.0, dtype=np.float16).reshape(3, 4, 5)
    for view in (base, base[1:, ::2, 1:], base[:, ::-1], base[:1, :1]):
        address, shape, strides, name, _ = dlpack.read(OffersDLPack(view), 0)
        assert address == view.__array_interface__["data"][0]
        assert (shape, name) == (view.shape, "float16")
        assert strides == tuple(stride // 2 for stride in view.strides)


def test_dlpack_is_asked_for_the_stream_of_the_call():
    array = OffersDLPack(np.zeros((1, 2, 3), np.float32))
    device_arrays.describe("inputs", array)
    device_arrays.describe("inputs", array, 77)
    assert array.streams == [1, 77]


@pytest.mark.parametrize(("device", "library"), [((2, 0), device_arrays.OTHER), ((1, 0), None), ((10, 0), None)])
def test_dlpack_of_which_device(device, library):
    assert device_arrays.library_of(OffersDLPack(np.zeros(3), device)) is library


@pytest.mark.skipif(not SIMULATED, reason="the stand-in's memory is the host's, which only the simulator reads")
def test_dlpack_alone_needs_an_out():
    x, kernel = random(np.random.default_rng(6), (1, 6, 2), (3, 2, 1), integers=True)
    given = OffersDLPack(x), OffersDLPack(kernel)
    with pytest.raises(TypeError, match="`inputs` must be an array of CuPy, PyTorch, JAX or Numba, or of a library"):
        ops.depthwise_conv1d(*given)
    out = to_gpu(np.full((1, 4, 2), np.nan, np.float32))
    assert ops.depthwise_conv1d(*given, out=out) is out
    np.testing.assert_array_equal(to_host(out), reference.depthwise_conv1d(x, kernel))


class Handle:
    value = 9


STREAMS = [
    (5, 5),
    (types.SimpleNamespace(ptr=6), 6),
    (types.SimpleNamespace(cuda_stream=7), 7),
    (types.SimpleNamespace(handle=8), 8),
    (types.SimpleNamespace(handle=Handle), 9),
    (type("Stream", (), {"__cuda_stream__": lambda self: (0, 10)})(), 10),
]


@pytest.mark.parametrize(("stream", "handle"), STREAMS)
def test_streams_of_the_libraries(stream, handle):
    assert device_arrays.stream_handle(stream) == handle


def test_what_is_no_stream_is_refused():
    with pytest.raises(TypeError, match=r"`stream` must be a stream of CuPy, PyTorch or Numba, .* Received: 'main'"):
        device_arrays.stream_handle("main")


def test_interface_s_stream_is_the_caller_s(unknown):
    array = unknown(np.zeros((1, 2, 3), np.float32))
    assert device_arrays.OTHER.stream(array) == 0
    type(array).__cuda_array_interface__ = property(lambda self: {**interface(self), "stream": 2})
    assert device_arrays.OTHER.stream(array) == 2


def small():
    return [to_gpu(each) for each in random(np.random.default_rng(7), (1, 6, 2), (3, 2, 1), (2, 3), (3,))]


REFUSED = [
    (lambda x, d, p, b: (to_host(x), d, p, b), {"device": "gpu"}, ValueError, '`device` must be None, "cpu" or "cuda"'),
    (lambda x, d, p, b: (x, d, p, b), {"device": "cpu"}, ValueError, '`device` "cpu" does not fit inputs on a GPU'),
    (lambda x, d, p, b: (to_host(x), d, p, b), {"stream": 0}, ValueError, "`stream` is for arrays on a GPU"),
    (lambda x, d, p, b: (x, d, p, b), {"engine": "fma"}, ValueError, "`engine` must be cuda or auto for arrays on"),
    (
        lambda x, d, p, b: (x, to_host(d), p, b),
        {},
        TypeError,
        "`depthwise_kernel` must lie on the GPU as `inputs` does",
    ),
    (lambda x, d, p, b: (x[0], d, p, b), {}, ValueError, "`inputs` must have 3 axes"),
    (lambda x, d, p, b: (x, d[:, :1], p, b), {}, ValueError, r"`depthwise_kernel` must have the shape \(K, 2, M\)"),
    (lambda x, d, p, b: (x, d, p[:1], b), {}, ValueError, r"`pointwise_kernel` must have the shape \(2, F\)"),
    (lambda x, d, p, b: (x, d, p, b[:2]), {}, ValueError, r"`bias` must have the shape \(3\)"),
    (lambda x, d, p, b: (x[:, :2], d, p, b), {}, ValueError, "`inputs` is too short: the kernel spans 3 steps"),
    (
        lambda x, d, p, b: (x, to_gpu(np.zeros((3, 2, 1))), p, b),
        {},
        TypeError,
        "`depthwise_kernel` must have the type of `inputs`, float32. Received: float64",
    ),
    (
        lambda x, d, p, b: (to_gpu(np.zeros((1, 6, 2), np.int32)), d, p, b),
        {},
        TypeError,
        "`inputs` must be an array of float16, bfloat16, float32, float64. Received: int32",
    ),
]


@pytest.mark.parametrize(("change", "keywords", "error", "message"), REFUSED)
def test_what_does_not_fit_is_refused(change, keywords, error, message):
    with pytest.raises(error, match=message):
        ops.separable_conv1d(*change(*small()), **keywords)


def test_out_that_does_not_fit_is_refused():
    x, kernel, *_ = small()
    with pytest.raises(
        ValueError, match=r"`out` must have the shape \(1, 4, 2\) and the type float32. Received: shape"
    ):
        ops.depthwise_conv1d(x, kernel, out=to_gpu(np.zeros((1, 4, 3), np.float32)))
    with pytest.raises(ValueError, match="`out` must not share memory with `inputs` on a GPU"):
        ops.depthwise_conv1d(x, kernel, out=x[:, :4])
    with pytest.raises(TypeError, match="`out` must lie on the GPU as `inputs` does"):
        ops.depthwise_conv1d(x, kernel, out=np.zeros((1, 4, 2), np.float32))


def test_strides_of_part_of_an_element_are_refused(unknown):
    array = unknown(np.zeros((1, 2, 3), np.float32))
    type(array).__cuda_array_interface__ = property(lambda self: {**interface(self), "strides": (24, 12, 3)})
    with pytest.raises(ValueError, match="`inputs` must have strides of whole elements on a GPU"):
        device_arrays.describe("inputs", array)


def test_no_memory_for_the_outputs_is_a_memory_error(cupy):
    class OutOfMemoryError(Exception):
        pass

    def fail(shape, dtype):
        raise OutOfMemoryError("Out of memory allocating 4,000 bytes")

    x, kernel = map(cupy, random(np.random.default_rng(8), (1, 6, 2), (3, 2, 1), integers=True))
    empty, sys.modules["cupy"].empty = sys.modules["cupy"].empty, fail
    with pytest.raises(MemoryError, match=r"The output of shape \(1, 4, 2\) and type float32 needs"):
        ops.depthwise_conv1d(x, kernel)
    sys.modules["cupy"].empty = empty
    assert ops.depthwise_conv1d(x, kernel).shape == (1, 4, 2)


def test_errors_of_the_device_name_the_call(monkeypatch):
    def fail(*arguments):
        raise OSError("an illegal memory access was encountered")

    x, kernel, *_ = small()
    ops.depthwise_conv1d(x, kernel)
    monkeypatch.setattr("nb_sepconv.kernels.cuda.forward.plan.Plan.run", fail)
    with pytest.raises(
        RuntimeError, match=r"The convolution of inputs of shape \(1, 6, 2\) failed on the GPU: an illegal"
    ):
        ops.depthwise_conv1d(x, kernel)
