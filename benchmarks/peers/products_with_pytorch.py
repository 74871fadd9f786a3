"""PyTorch: a linear layer, or a convolution of series or of images whose channels lie last, eager and frozen."""

from functools import partial

import numpy as np
import torch
from torch import nn

from benchmarks.peers import NotApplicableError, Prepared, channels_first
from benchmarks.peers.with_pytorch import eager, frozen, padded, quiet, use_threads, version
from benchmarks.product_workloads import DENSE

__all__ = ["CANDIDATES", "use_threads", "version"]


def linear(prepare, workload, arrays):
    if workload.kernel_size > 1:
        raise NotApplicableError
    layer = nn.Linear(workload.channels, workload.filters)
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(arrays["kernel"][0].T))
    return ready(prepare, layer, torch.from_numpy(arrays["inputs"]), arrays, lambda y: y.numpy())


def series(prepare, workload, arrays):
    refuse_dense(workload)
    w, (before, padding) = workload, padded(workload, 1)
    layer = nn.Conv1d(w.channels, w.filters, w.kernel_size, w.strides, padding, w.dilation_rate)
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(arrays["kernel"].transpose(2, 1, 0)))
    inputs = torch.from_numpy(channels_first(arrays["inputs"]))
    return ready(prepare, nn.Sequential(*before, layer), inputs, arrays, lambda y: channels_first(y.numpy()))


def images(prepare, workload, arrays):
    """Images of height one whose channels lie last in memory."""
    refuse_dense(workload)
    w, (before, padding) = workload, padded(workload, 2)
    along_width = (1, w.kernel_size), (1, w.strides), (0, padding), (1, w.dilation_rate)
    layer = nn.Conv2d(w.channels, w.filters, *along_width)
    layer.weight.data = torch.from_numpy(np.ascontiguousarray(arrays["kernel"].transpose(2, 1, 0)[:, :, None]))
    inputs = torch.from_numpy(arrays["inputs"]).permute(0, 2, 1)[:, :, None]
    network = nn.Sequential(*before, layer).to(memory_format=torch.channels_last)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    return ready(prepare, network, inputs, arrays, lambda y: channels_first(y.numpy()[:, :, 0]))


def refuse_dense(workload):
    if workload.model == DENSE:
        raise NotApplicableError


def ready(prepare, network, inputs, arrays, fetch):
    last = network[-1] if isinstance(network, nn.Sequential) else network
    last.bias.data = torch.from_numpy(arrays["bias"].copy())
    with torch.inference_mode():
        prepared = prepare(network.eval(), inputs)
    return Prepared(quiet(prepared, inputs), fetch)


CANDIDATES = {
    f"{form.__name__}, {prepare.__name__}": partial(form, prepare)
    for prepare in (eager, frozen)
    for form in (linear, series, images)
}
