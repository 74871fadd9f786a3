"""What is timed on a GPU: this library and others, each as functions of no arguments on arrays that lie there."""

import functools
import importlib.util
import os

from benchmarks.workloads import Workload

OURS, TORCH, COMPILED, JAX = "nb_sepconv", "PyTorch", "torch.compile", "JAX"
THREE_TF32, ONE_TF32, CUBLAS = f"{OURS}, tf32x3", f"{OURS}, tf32", f"{OURS}, cuBLAS"
CUBLAS_VARIABLE = "NB_SEPCONV_CUBLAS_FILTERS"
OURS_TOO = (THREE_TF32, ONE_TF32, CUBLAS)  # what else this library can do; no peers of it
LAYOUTS = ("channels_last", "channels_first")


def tensors(workload: Workload, arrays, layout):
    """(inputs, depthwise, pointwise, bias) as PyTorch's on the GPU."""
    import torch

    inputs, *weights = (torch.from_numpy(arrays[name]).cuda() for name in ("inputs", "depthwise", "pointwise", "bias"))
    if layout == "channels_first":
        inputs = inputs.transpose(1, 2).contiguous()
    return inputs, *weights


def ours(workload, arrays, precision="float32"):
    """The convolution, the depthwise half, and the gradients, by layout."""
    from nb_sepconv import ops

    for layout in LAYOUTS:
        inputs, *weights = tensors(workload, arrays, layout)
        how = {
            "strides": workload.strides,
            "padding": workload.padding,
            "dilation_rate": workload.dilation_rate,
            "data_format": layout,
            "precision": precision,
        }
        outputs = ops.separable_conv1d(inputs, *weights, **how)
        hidden = ops.depthwise_conv1d(inputs, weights[0], **how)
        yield (
            layout,
            {
                "forward": functools.partial(ops.separable_conv1d, inputs, *weights, out=outputs, **how),
                "depthwise": functools.partial(ops.depthwise_conv1d, inputs, weights[0], out=hidden, **how),
                "backward": functools.partial(ops.separable_conv1d_gradients, outputs, inputs, *weights, **how),
            },
        )


def by_cublas(workload, arrays):
    """The convolution whose pointwise product is cuBLAS's, which channels_last alone can be."""
    from nb_sepconv.convolution.planned_calls import planned_calls

    os.environ[CUBLAS_VARIABLE] = "1"
    planned_calls.clear()
    try:
        layout, calls = next(ours(workload, arrays))  # which plans the call
        yield layout, {"forward": calls["forward"]}
    finally:
        del os.environ[CUBLAS_VARIABLE]
        planned_calls.clear()


def torch_convolution(workload, layout):
    """The same convolution in PyTorch's words, as a function of the tensors of its own layout."""
    import torch.nn.functional as functional

    def convolve(inputs, depthwise, pointwise, bias):
        x = inputs.transpose(1, 2) if layout == "channels_last" else inputs
        hidden = functional.conv1d(
            functional.pad(x, workload.pads),
            depthwise.permute(1, 2, 0).reshape(-1, 1, workload.kernel_size),
            stride=workload.strides,
            dilation=workload.dilation_rate,
            groups=workload.channels,
        )
        if layout == "channels_last":
            return hidden.transpose(1, 2) @ pointwise + bias
        return functional.conv1d(hidden, pointwise.t().unsqueeze(-1), bias)

    return convolve


def torch_calls(workload, arrays, compiled=False):
    """PyTorch, eager or compiled for most speed, by layout."""
    import torch

    for layout in LAYOUTS:
        inputs, *weights = tensors(workload, arrays, layout)
        convolve = torch_convolution(workload, layout)
        if compiled:
            convolve = torch.compile(convolve, mode="max-autotune")
        learned = [tensor.clone().requires_grad_() for tensor in (inputs, *weights)]
        with torch.no_grad():
            d_outputs = torch.randn_like(convolve(inputs, *weights))

        def forward(convolve=convolve, operands=(inputs, *weights)):
            with torch.no_grad():
                return convolve(*operands)

        def backward(convolve=convolve, learned=learned, d_outputs=d_outputs):
            return torch.autograd.grad(convolve(*learned), learned, d_outputs)

        yield layout, {"forward": forward, "backward": backward}


def jax_calls(workload, arrays):
    """JAX, compiled, channels last."""
    import jax

    names = ("inputs", "depthwise", "pointwise", "bias")
    operands = [jax.device_put(arrays[name]) for name in names]

    def convolve(inputs, depthwise, pointwise, bias):
        hidden = jax.lax.conv_general_dilated(
            inputs,
            depthwise.reshape(workload.kernel_size, 1, -1),
            (workload.strides,),
            [workload.pads],
            rhs_dilation=(workload.dilation_rate,),
            dimension_numbers=("NWC", "WIO", "NWC"),
            feature_group_count=workload.channels,
            precision="highest",
        )
        return jax.numpy.matmul(hidden, pointwise, precision="highest") + bias

    forward = jax.jit(convolve)
    d_outputs = jax.numpy.ones_like(forward(*operands))
    backward = jax.jit(lambda g, *given: jax.vjp(convolve, *given)[1](g))
    yield (
        "channels_last",
        {
            "forward": lambda: jax.block_until_ready(forward(*operands)),
            "backward": lambda: jax.block_until_ready(backward(d_outputs, *operands)),
        },
    )


def libraries():
    """The functions above by the library's name, for what is installed."""
    found = {OURS: ours, TORCH: torch_calls, COMPILED: functools.partial(torch_calls, compiled=True)}
    if importlib.util.find_spec("jax"):
        found[JAX] = jax_calls
    found |= {
        THREE_TF32: functools.partial(ours, precision="tf32x3"),
        ONE_TF32: functools.partial(ours, precision="tf32"),
    }
    if importlib.util.find_spec("cupy"):
        found[CUBLAS] = by_cublas
    return found
