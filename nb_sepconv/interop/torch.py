"""The convolution for PyTorch: an operator that is differentiable, and a module; tensors are read without a copy."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from nb_sepconv import ops
from nb_sepconv.checks import arguments
from nb_sepconv.convolution import precisions, settings
from nb_sepconv.convolution.geometry import geometry
from nb_sepconv.convolution.settings import OPERANDS
from nb_sepconv.interop import activation as activation_of
from nb_sepconv.tensors.dtypes import dtype_named

TYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def separable_conv1d(
    inputs: torch.Tensor,
    depthwise_kernel: torch.Tensor,
    pointwise_kernel: torch.Tensor,
    bias: torch.Tensor | None = None,
    *,
    strides: int | Sequence[int] = 1,
    padding: str | Sequence[int] = "valid",
    data_format: str = "channels_last",
    dilation_rate: int | Sequence[int] = 1,
    activation: str | Callable[..., Any] | None = None,
    precision: str | None = None,
) -> torch.Tensor:
    """:func:`nb_sepconv.ops.separable_conv1d` on tensors, differentiable by each of them once.

    Args:
        inputs, depthwise_kernel, pointwise_kernel, bias: tensors on the CPU, as there; any strides.
        strides, padding, data_format, dilation_rate: as there.
        activation: None, the name of an activation of this library, or a function of tensors, such as
            ``torch.nn.functional.relu``. Default None.
        precision: as there, for the gradients too; ``torch.compile`` takes a block's when it traces. Default None.

    Returns:
        The outputs, a tensor.

    Raises:
        TypeError, ValueError: as there, or for a tensor on another device.

    >>> x = torch.tensor([[[1.0], [2.0], [-4.0]]], requires_grad=True)
    >>> separable_conv1d(x, torch.ones(2, 1, 1), torch.ones(1, 1, 1), activation="relu").sum().backward()
    >>> x.grad.ravel().tolist()
    [1.0, 1.0, 0.0]
    """
    operands = inputs, depthwise_kernel, pointwise_kernel, bias
    activation = activation_of.split(activation)
    return _convolved(operands, strides, padding, data_format, dilation_rate, activation, precision)


def _convolved(operands, strides, padding, data_format, dilation_rate, activation, precision):
    """The outputs; ``activation`` is what :func:`activation_of.split` made of it."""
    for name, tensor in zip(OPERANDS, operands, strict=True):
        if tensor is not None or name != "bias":
            _check(name, tensor)
    name, after = activation
    chosen = settings.from_arguments(strides, padding, data_format, dilation_rate, name, precision=precision)
    outputs = _convolve(*operands, *_plain(chosen))
    return outputs if after is None else after(outputs)


class SeparableConv1d(torch.nn.Module):
    """:func:`separable_conv1d` with its weights, in the layout of ``torch.nn.Conv1d``: (N, C, L) to (N, F, T).

    ``state_dict`` has ``depthwise_kernel`` (K, C, M), ``pointwise_kernel`` (1, C*M, F) and ``bias`` (F,): the names and
    the arrays of TensorFlow's and this library's layers. Kernels start from Glorot's uniform distribution, as there.

    Args:
        in_channels: int > 0, C.
        out_channels: int > 0, F.
        kernel_size: int > 0, K.
        stride: int > 0. Default 1.
        padding: int, the zeros on both sides; two ints; "valid", "same" or "causal". Default 0.
        dilation: int > 0. Default 1.
        depth_multiplier: int > 0, M. Default 1.
        bias: bool. Default True.
        activation, precision: as in :func:`separable_conv1d`. Default None.
        device, dtype: of the weights, as in PyTorch's modules.

    >>> module = SeparableConv1d(4, 6, 3, padding="same", activation="relu")
    >>> module(torch.zeros(2, 4, 9)).shape, list(module.state_dict())
    (torch.Size([2, 6, 9]), ['depthwise_kernel', 'pointwise_kernel', 'bias'])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int | str | Sequence[int] = 0,
        dilation: int = 1,
        depth_multiplier: int = 1,
        bias: bool = True,
        activation: str | Callable[..., Any] | None = None,
        precision: str | None = None,
        device: Any = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.stride: int = stride
        self.dilation: int = dilation
        self.activation: str | Callable[..., Any] | None = activation
        self.precision: str | None = precisions.checked(precision)
        self._activation = activation_of.split(activation)
        self.padding: str | Sequence[int] = (padding, padding) if isinstance(padding, int) else padding
        (kernel_size,) = arguments.one_integer(kernel_size, "kernel_size")
        made = {"device": device, "dtype": dtype}
        mixed = in_channels * depth_multiplier
        self.depthwise_kernel: torch.nn.Parameter = torch.nn.Parameter(
            torch.empty(kernel_size, in_channels, depth_multiplier, **made)
        )
        self.pointwise_kernel: torch.nn.Parameter = torch.nn.Parameter(torch.empty(1, mixed, out_channels, **made))
        self.bias: torch.nn.Parameter | None = torch.nn.Parameter(torch.empty(out_channels, **made)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the kernels anew, from PyTorch's generator, and set the bias to zero."""
        for kernel in (self.depthwise_kernel, self.pointwise_kernel):
            taps, inputs, outputs = kernel.shape
            limit = math.sqrt(6 / (taps * (inputs + outputs)))
            torch.nn.init.uniform_(kernel, -limit, limit)
        if self.bias is not None:
            torch.nn.init.zeros_(self.bias)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Convolve (N, C, L)."""
        operands = inputs, self.depthwise_kernel, self.pointwise_kernel, self.bias
        moves = self.stride, self.padding, "channels_first", self.dilation
        return _convolved(operands, *moves, self._activation, self.precision)

    def extra_repr(self) -> str:
        """What ``print(module)`` says of it."""
        (taps, channels, multiplier), filters = self.depthwise_kernel.shape, self.pointwise_kernel.shape[2]
        precision = "" if self.precision is None else f", precision={self.precision!r}"
        return (
            f"{channels}, {filters}, kernel_size={taps}, stride={self.stride}, padding={self.padding!r}, "
            f"dilation={self.dilation}, depth_multiplier={multiplier}, bias={self.bias is not None}, "
            f"activation={self.activation!r}{precision}"
        )


def _check(name, tensor):
    if not isinstance(tensor, torch.Tensor) or tensor.dtype not in TYPES:
        kind = tensor.dtype if isinstance(tensor, torch.Tensor) else type(tensor).__name__
        raise TypeError(f"`{name}` must be a tensor of float16, bfloat16, float32 or float64. Received: {kind}")
    if tensor.device.type != "cpu":
        raise ValueError(f"`{name}` must be a tensor on the CPU. Received: a tensor on {tensor.device}")


# ---- the operators, which torch.compile takes as they are ----


@torch.library.custom_op("nb_sepconv::separable_conv1d", mutates_args=(), device_types="cpu")
def _convolve(
    inputs: torch.Tensor,
    depthwise_kernel: torch.Tensor,
    pointwise_kernel: torch.Tensor,
    bias: torch.Tensor | None,
    stride: int,
    dilation: int,
    padding: str,
    zeros: list[int],
    data_format: str,
    activation: str,
    precision: str = "",
) -> torch.Tensor:
    arrays = map(_array, (inputs, depthwise_kernel, pointwise_kernel, bias))
    return _tensor(
        ops.separable_conv1d(*arrays, **_keywords(stride, dilation, padding, zeros, data_format, activation, precision))
    )


@_convolve.register_fake
def _(inputs, depthwise_kernel, pointwise_kernel, bias, stride, dilation, padding, zeros, data_format, *_):
    channels_last = data_format == "channels_last"
    length = inputs.shape[1 if channels_last else 2]
    found = geometry(length, depthwise_kernel.shape[0], stride, dilation, padding or zeros)
    steps, filters = found.output_length, pointwise_kernel.shape[-1]
    return inputs.new_empty((inputs.shape[0], steps, filters) if channels_last else (inputs.shape[0], filters, steps))


@torch.library.custom_op("nb_sepconv::separable_conv1d_gradients", mutates_args=(), device_types="cpu")
def _gradients(
    d_outputs: torch.Tensor,
    inputs: torch.Tensor,
    depthwise_kernel: torch.Tensor,
    pointwise_kernel: torch.Tensor,
    bias: torch.Tensor | None,
    outputs: torch.Tensor,
    wanted: list[bool],
    stride: int,
    dilation: int,
    padding: str,
    zeros: list[int],
    data_format: str,
    activation: str,
    precision: str = "",
) -> list[torch.Tensor]:
    """The wanted gradients, in the operands' order."""
    arrays = map(_array, (d_outputs, inputs, depthwise_kernel, pointwise_kernel, bias))
    found = ops.separable_conv1d_gradients(
        *arrays,
        outputs=_array(outputs),
        wanted=[name for name, asked in zip(OPERANDS, wanted, strict=True) if asked],
        **_keywords(stride, dilation, padding, zeros, data_format, activation, precision),
    )
    return [_tensor(array) for array, asked in zip(found, wanted, strict=True) if asked]


@_gradients.register_fake
def _(d_outputs, inputs, depthwise_kernel, pointwise_kernel, bias, outputs, wanted, *settings):
    operands = inputs, depthwise_kernel, pointwise_kernel, bias
    return [operand.new_empty(operand.shape) for operand, asked in zip(operands, wanted, strict=True) if asked]


def _keep(ctx, inputs, output):
    operands, ctx.settings = inputs[: len(OPERANDS)], inputs[len(OPERANDS) :]
    ctx.save_for_backward(*operands, output)


def _pull_back(ctx, d_outputs):
    wanted = list(ctx.needs_input_grad[: len(OPERANDS)])
    found = iter(_gradients(d_outputs, *ctx.saved_tensors, wanted, *ctx.settings))
    return *(next(found) if asked else None for asked in wanted), *(None for _ in ctx.settings)


_convolve.register_autograd(_pull_back, setup_context=_keep)


def _plain(chosen):
    """The settings as types that an operator takes; zeros of its own make ``padding`` empty."""
    padding, zeros = (chosen.padding, []) if isinstance(chosen.padding, str) else ("", list(chosen.padding))
    names = chosen.activation or "linear", chosen.precision or ""
    return chosen.stride, chosen.dilation, padding, zeros, chosen.data_format, *names


def _keywords(stride, dilation, padding, zeros, data_format, activation, precision):
    return {
        "strides": stride,
        "dilation_rate": dilation,
        "padding": padding or tuple(zeros),
        "data_format": data_format,
        "activation": activation,
        "precision": precision or None,
    }


def _array(tensor):
    """The tensor's memory as an array."""
    if tensor is None:
        return None
    if tensor.dtype is torch.bfloat16:
        return tensor.detach().view(torch.int16).numpy().view(dtype_named("bfloat16"))
    return tensor.detach().numpy()


def _tensor(array):
    """The array's memory as a tensor."""
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)
