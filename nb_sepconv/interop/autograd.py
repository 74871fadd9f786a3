"""The convolution for HIPS autograd: a primitive with its vector-Jacobian product."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autograd.extend import defvjp_argnums, primitive
from autograd.tracer import getval

from nb_sepconv import ops
from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.settings import OPERANDS
from nb_sepconv.interop import activation as activation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import Identifier, Integers, Precision


def separable_conv1d(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    bias: Any = None,
    *,
    strides: Integers = 1,
    padding: str | Sequence[int] = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    activation: Identifier = None,
    precision: Precision | None = None,
) -> Any:
    """:func:`nb_sepconv.ops.separable_conv1d`, differentiable by each of its arrays with ``autograd.grad``.

    Args:
        inputs, depthwise_kernel, pointwise_kernel, bias: arrays, as there.
        strides, padding, data_format, dilation_rate: as there.
        activation: None, the name of an activation of this library, or a function that autograd differentiates, such
            as ``autograd.numpy.tanh``. Default None.
        precision: as there, for the gradients too.

    Returns:
        The outputs. Their derivatives are not differentiable once more.

    Raises:
        TypeError, ValueError: as there.

    >>> import autograd, numpy as np
    >>> kernels = np.ones((2, 1, 1)), np.ones((1, 1, 1))
    >>> loss = lambda x: separable_conv1d(x, *kernels, activation="relu").sum()
    >>> autograd.grad(loss)(np.array([[[1.0], [2.0], [-4.0]]])).ravel().tolist()
    [1.0, 1.0, 0.0]
    """
    name, after = activation_of.split(activation)
    outputs = _convolve(
        inputs,
        depthwise_kernel,
        pointwise_kernel,
        bias,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
        activation=name,
        precision=precisions.chosen(precision),
    )
    return outputs if after is None else after(outputs)


@primitive
def _convolve(inputs, depthwise_kernel, pointwise_kernel, bias, **settings):
    return ops.separable_conv1d(inputs, depthwise_kernel, pointwise_kernel, bias, **settings)


@primitive
def _gradients(d_outputs, *arrays, outputs, wanted, settings):
    """The wanted gradients, a tuple; a primitive, so that autograd says that it cannot differentiate them."""
    found = ops.separable_conv1d_gradients(d_outputs, *arrays, outputs=outputs, wanted=wanted, **settings)
    return tuple(found[OPERANDS.index(name)] for name in wanted)


def _pullback(argnums, outputs, arrays, settings):
    wanted = tuple(OPERANDS[number] for number in argnums)
    found = {"outputs": getval(outputs), "wanted": wanted, "settings": settings}
    return lambda d_outputs: _gradients(d_outputs, *arrays, **found)


defvjp_argnums(_convolve, _pullback)
