"""PyTorch: eager modules in both memory formats, the same traced and frozen for inference, compiled on request."""

import os
from functools import partial

import numpy as np
import torch
from torch import nn

from benchmarks.peers import NotApplicableError, Prepared, channels_first, grouped_kernel, mixing_kernel


def version():
    return torch.__version__


def use_threads(count):
    torch.set_num_threads(count)
    if torch.get_num_interop_threads() != 1:  # it can be set once
        torch.set_num_interop_threads(1)


def padded(workload, rank):
    """What goes before the convolution, and the padding that the convolution does itself."""
    left, right = workload.pads
    if left == right:
        return [], left
    return [nn.ConstantPad1d((left, right), 0.0) if rank == 1 else nn.ZeroPad2d((left, right, 0, 0))], 0


def separable_series(workload, arrays):
    hidden = workload.channels * workload.depth_multiplier
    before, padding = padded(workload, 1)
    depthwise = nn.Conv1d(
        workload.channels,
        hidden,
        workload.kernel_size,
        workload.strides,
        padding,
        workload.dilation_rate,
        workload.channels,
        bias=False,
    )
    return with_weights(nn.Sequential(*before, depthwise, nn.Conv1d(hidden, workload.filters, 1)), workload, arrays)


def separable_images(workload, arrays):
    hidden = workload.channels * workload.depth_multiplier
    before, padding = padded(workload, 2)
    depthwise = nn.Conv2d(
        workload.channels,
        hidden,
        (1, workload.kernel_size),
        (1, workload.strides),
        (0, padding),
        (1, workload.dilation_rate),
        workload.channels,
        bias=False,
    )
    return with_weights(nn.Sequential(*before, depthwise, nn.Conv2d(hidden, workload.filters, 1)), workload, arrays)


def with_weights(network, workload, arrays):
    depthwise, mixing = network[-2], network[-1]
    kernels = grouped_kernel(workload, arrays["depthwise"]), mixing_kernel(arrays["pointwise"])
    for module, kernel in zip((depthwise, mixing), kernels, strict=True):
        module.weight.data = torch.from_numpy(kernel).reshape(module.weight.shape)
    mixing.bias.data = torch.from_numpy(arrays["bias"].copy())
    return network.eval()


def eager(network, example):
    return network


def frozen(network, example):
    return torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.trace(network, example)))


def compiled(network, example):
    if not os.environ.get("BENCHMARKS_TORCH_COMPILE"):
        raise NotApplicableError
    return torch.compile(network)


def quiet(network, example):
    def call():
        with torch.inference_mode():
            return network(example)

    return call


def series(prepare, workload, arrays, dtype=torch.float32):
    inputs = torch.from_numpy(channels_first(arrays["inputs"])).to(dtype)
    with torch.inference_mode():
        network = prepare(separable_series(workload, arrays).to(dtype), inputs)
    return Prepared(quiet(network, inputs), lambda y: channels_first(y.float().numpy()))


def images(prepare, workload, arrays, dtype=torch.float32):
    """Images of height one whose channels lie last in memory."""
    inputs = torch.from_numpy(np.ascontiguousarray(arrays["inputs"])).permute(0, 2, 1)[:, :, None]
    inputs = inputs.to(dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        network = separable_images(workload, arrays).to(dtype, memory_format=torch.channels_last)
        network = prepare(network, inputs)
    return Prepared(quiet(network, inputs), lambda y: channels_first(y.float().numpy()[:, :, 0]))


def images_then_product(prepare, workload, arrays, dtype=torch.float32):
    """The depthwise half on images, the other half as a linear layer over the channels that lie last."""
    inputs = torch.from_numpy(np.ascontiguousarray(arrays["inputs"])).to(dtype)
    with torch.inference_mode():
        halves = separable_images(workload, arrays).to(memory_format=torch.channels_last)
        network = prepare(ThenProduct(halves).to(dtype).eval(), inputs)
    return Prepared(quiet(network, inputs), lambda y: y.float().numpy())


class ThenProduct(nn.Module):
    def __init__(self, halves):
        super().__init__()
        self.depthwise, mixing = halves[:-1], halves[-1]
        self.mixing = nn.Linear(mixing.in_channels, mixing.out_channels)
        self.mixing.weight.data = mixing.weight.data[:, :, 0, 0].contiguous()
        self.mixing.bias.data = mixing.bias.data

    def forward(self, series):
        hidden = self.depthwise(series.permute(0, 2, 1)[:, :, None])
        return self.mixing(hidden[:, :, 0].permute(0, 2, 1))


CANDIDATES = {
    f"{form.__name__.replace('_', ' ')}, {prepare.__name__}": partial(form, prepare)
    for prepare in (eager, frozen, compiled)
    for form in (series, images, images_then_product)
}
