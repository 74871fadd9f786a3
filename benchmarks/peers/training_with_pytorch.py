"""PyTorch: the modules of the forward task and their gradients, in both memory formats, compiled on request."""

from functools import partial

import numpy as np
import torch

from benchmarks.peers import Prepared, channels_first, from_grouped_kernel, from_mixing_kernel
from benchmarks.peers.with_pytorch import (
    ThenProduct,
    compiled,
    eager,
    separable_images,
    separable_series,
    use_threads,
    version,
)

__all__ = ["CANDIDATES", "use_threads", "version"]


def prepared(network, prepare, workload, inputs, d_outputs, fetch_one):
    """A step: the outputs, and the gradients of the inputs and of the parameters."""
    inputs.requires_grad_()
    parameters = list(network.train().parameters())
    network = prepare(network, inputs)

    def call():
        outputs = network(inputs)
        return outputs, *torch.autograd.grad(outputs, [inputs, *parameters], d_outputs)

    def fetch(results):
        outputs, d_inputs, d_depthwise, d_mixing, d_bias = (result.detach().numpy() for result in results)
        kernels = from_grouped_kernel(workload, d_depthwise), from_mixing_kernel(workload, d_mixing)
        return fetch_one(outputs), fetch_one(d_inputs), *kernels, d_bias

    return Prepared(call, fetch)


def series(prepare, workload, arrays):
    inputs, d_outputs = (torch.from_numpy(channels_first(arrays[name])) for name in ("inputs", "d_outputs"))
    return prepared(separable_series(workload, arrays), prepare, workload, inputs, d_outputs, channels_first)


def images(prepare, workload, arrays):
    """Images of height one whose channels lie last in memory."""
    inputs, d_outputs = (
        image_of(arrays[name]).contiguous(memory_format=torch.channels_last) for name in ("inputs", "d_outputs")
    )
    network = separable_images(workload, arrays).to(memory_format=torch.channels_last)
    return prepared(network, prepare, workload, inputs, d_outputs, lambda y: channels_first(y[:, :, 0]))


def image_of(array):
    return torch.from_numpy(np.ascontiguousarray(array)).permute(0, 2, 1)[:, :, None]


def images_then_product(prepare, workload, arrays):
    """The depthwise half on images, the other half as a linear layer over the channels that lie last."""
    inputs, d_outputs = (torch.from_numpy(np.array(arrays[name])) for name in ("inputs", "d_outputs"))
    halves = separable_images(workload, arrays).to(memory_format=torch.channels_last)
    return prepared(ThenProduct(halves), prepare, workload, inputs, d_outputs, np.asarray)


CANDIDATES = {
    f"{form.__name__.replace('_', ' ')}, {prepare.__name__}": partial(form, prepare)
    for prepare in (eager, compiled)
    for form in (series, images, images_then_product)
}
