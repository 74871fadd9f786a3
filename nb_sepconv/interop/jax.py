"""The convolution for JAX: a callback to the kernels with its vector-Jacobian product; for jit, grad and vmap."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax.custom_derivatives import SymbolicZero

from nb_sepconv import ops
from nb_sepconv.convolution import host, settings
from nb_sepconv.convolution.settings import OPERANDS
from nb_sepconv.convolution.sizes import sizes_of
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
    """:func:`nb_sepconv.ops.separable_conv1d` on JAX's arrays, computed by the host's processor.

    Args:
        inputs, depthwise_kernel, pointwise_kernel, bias: arrays, as there.
        strides, padding, data_format, dilation_rate: as there.
        activation: None, the name of an activation of this library, or a function that JAX differentiates, such as
            ``jax.nn.relu``. Default None.
        precision: as there, for the gradients too; a block's is taken when the function is traced.

    Returns:
        The outputs, a JAX array. There is reverse-mode differentiation, once.

    Raises:
        TypeError, ValueError: as there, when it is traced.

    >>> import jax.numpy as jnp
    >>> kernels = jnp.ones((2, 1, 1)), jnp.ones((1, 1, 1))
    >>> loss = lambda x: separable_conv1d(x, *kernels, activation="relu").sum()
    >>> jax.jit(jax.grad(loss))(jnp.array([[[1.0], [2.0], [-4.0]]])).ravel().tolist()
    [1.0, 1.0, 0.0]
    """
    given = (inputs, depthwise_kernel, pointwise_kernel, bias)
    arrays = tuple(None if array is None else jax.numpy.asarray(array) for array in given)
    name, after = activation_of.split(activation)
    chosen = settings.from_arguments(strides, padding, data_format, dilation_rate, name, precision=precision)
    outputs = _convolve(chosen, arrays)
    return outputs if after is None else after(outputs)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _convolve(chosen, arrays):
    compute = partial(_outputs, _keywords(chosen))
    return jax.pure_callback(compute, _described(chosen, arrays), arrays, vmap_method="sequential")


def _forward(chosen, arrays):
    """The outputs and what the pullback needs; a dict's keys are how JAX carries names."""
    values = tuple(None if array is None else array.value for array in arrays)
    wanted = {name: None for name, array in zip(OPERANDS, arrays, strict=True) if array is not None and array.perturbed}
    outputs = _convolve(chosen, values)
    return outputs, (values, outputs, wanted)


def _backward(chosen, kept, d_outputs):
    arrays, outputs, wanted = kept
    if not wanted or isinstance(d_outputs, SymbolicZero):
        return ((None,) * len(OPERANDS),)
    operands = dict(zip(OPERANDS, arrays, strict=True))
    described = {name: jax.ShapeDtypeStruct(operands[name].shape, operands[name].dtype) for name in wanted}
    compute = partial(_gradients, _keywords(chosen), tuple(wanted))
    found = jax.pure_callback(compute, described, d_outputs, arrays, outputs, vmap_method="sequential")
    return (tuple(found.get(name) for name in OPERANDS),)


_convolve.defvjp(_forward, _backward, symbolic_zeros=True)


def _keywords(chosen):
    return {
        "strides": chosen.stride,
        "padding": chosen.padding,
        "data_format": chosen.data_format,
        "dilation_rate": chosen.dilation,
        "activation": chosen.activation,
        "precision": chosen.precision,
    }


def _described(chosen, arrays):
    """The outputs' shape and type, after the checks that the operation makes of its arguments."""
    blanks = [None if array is None else np.broadcast_to(np.zeros((), array.dtype), array.shape) for array in arrays]
    _, shape = sizes_of(host.checked_arrays(tuple(blanks), chosen), chosen)
    return jax.ShapeDtypeStruct(shape, arrays[0].dtype)


def _outputs(keywords, arrays):
    return ops.separable_conv1d(*_on_host(arrays), **keywords)


def _gradients(keywords, wanted, d_outputs, arrays, outputs):
    d_outputs, outputs, *arrays = _on_host([d_outputs, outputs, *arrays])
    found = ops.separable_conv1d_gradients(d_outputs, *arrays, outputs=outputs, wanted=wanted, **keywords)
    return {name: found[OPERANDS.index(name)] for name in wanted}


def _on_host(arrays):
    return [None if array is None else np.asarray(array) for array in arrays]
