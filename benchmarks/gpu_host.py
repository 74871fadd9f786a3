"""`python -m benchmarks.gpu_host`: the host's time for a warmed call on a GPU, measured without one.

Tensors and the driver are stand-ins; everything between them is what a call runs. What the driver itself takes is added
on a GPU, where `make bench-gpu` measures both together.
"""

import statistics
import sys
import timeit
import types
from importlib import import_module

import numpy as np

CALLS, REPEATS = 2000, 11


class Tensor:
    """What PyTorch offers of a contiguous tensor on a GPU; there is no memory behind it."""

    __module__ = "torch"
    is_cuda, requires_grad, is_neg = True, False, staticmethod(lambda: False)
    device = types.SimpleNamespace(index=0)
    dtype = "torch.float32"

    def __init__(self, shape, address=4096):
        steps = np.cumprod([1, *shape[:0:-1]])[::-1]
        self.shape, self._strides, self._address = tuple(shape), tuple(map(int, steps)), address

    def data_ptr(self):
        return self._address

    def stride(self):
        return self._strides

    def __dlpack__(self, **how):
        raise BufferError("there is no memory behind a stand-in")


def stand_ins():
    """Put stand-ins in the place of PyTorch and of the driver, in this process."""
    from nb_sepconv.kernels import engines

    engine = import_module(engines.GPU_ENGINE)
    launch, memory = (import_module(f"{engines.GPU_ENGINE}.runtime.{name}") for name in ("launch", "memory"))
    stream = types.SimpleNamespace(cuda_stream=0)
    torch = types.ModuleType("torch")
    torch.cuda = types.SimpleNamespace(current_stream=lambda device: stream)
    torch.empty, torch.float32 = lambda shape, dtype, device: Tensor(shape), "torch.float32"
    sys.modules["torch"] = torch
    engines._ready.append(engine)
    engine.upload, engine.synchronize = lambda array, stream: Tensor(array.shape), lambda stream: None
    launch.gpu_count = memory.gpu_count = lambda: 1
    launch._compiled, launch._function = lambda kernel, arguments: None, lambda compiled: 1
    launch.driver = types.SimpleNamespace(cuLaunchKernel=lambda *arguments: (0,))


def calls():
    """Warmed calls by name."""
    import nb_sepconv as tf

    x, depthwise, pointwise, bias = map(Tensor, ((2, 64, 8), (5, 8, 1), (1, 8, 16), (16,)))
    out, layer = Tensor((2, 60, 16), 2**30), tf.layers.SeparableConv1D(16, 5)
    return {
        "ops.separable_conv1d with out=": lambda: tf.ops.separable_conv1d(x, depthwise, pointwise, bias, out=out),
        "ops.separable_conv1d": lambda: tf.ops.separable_conv1d(x, depthwise, pointwise, bias),
        "layers.SeparableConv1D": lambda: layer(x),
    }


def microseconds(call):
    """The median time of a call."""
    call()
    return statistics.median(timeit.repeat(call, number=CALLS, repeat=REPEATS)) / CALLS * 1e6


def main():
    stand_ins()
    for name, call in calls().items():
        print(f"{name}: {microseconds(call):.1f} us")


if __name__ == "__main__":
    main()
