"""The reference of causal-conv1d's update in plain PyTorch, which is what runs without a GPU; it has no dilation.

A state is joined with the chunk, the last steps are copied back into it, and the whole is convolved without padding.
"""

from functools import partial

import torch
from torch.nn import functional

from benchmarks.peers import NotApplicableError, Prepared, channels_first
from benchmarks.peers.with_pytorch import use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]


def update(chunk, state, weight, bias=None):
    """(N, C, steps), (N, C, K - 1), (C, K), (C,) or None -> (N, C, steps)."""
    series = torch.cat([state, chunk], dim=-1)
    state.copy_(series[:, :, series.shape[2] - state.shape[2] :])
    return functional.conv1d(series, weight.unsqueeze(1), bias, padding=0, groups=len(weight))


def then_product(workload, arrays):
    if workload.dilation_rate > 1:
        raise NotApplicableError
    weight = torch.from_numpy(arrays["depthwise"][:, :, 0].T.copy())
    state = torch.zeros(workload.batch, workload.channels, workload.kernel_size - 1)
    chunk = torch.from_numpy(channels_first(arrays["inputs"]))
    if workload.filters:
        mixing, bias = torch.from_numpy(arrays["pointwise"].T.copy()), torch.from_numpy(arrays["bias"])

    def call():
        with torch.inference_mode():
            hidden = update(chunk, state, weight).transpose(1, 2)
            return functional.linear(hidden, mixing, bias) if workload.filters else hidden

    with torch.inference_mode():
        call()
    return Prepared(call, lambda outputs: outputs.numpy())


CANDIDATES = {"update, then a product": partial(then_product)}
