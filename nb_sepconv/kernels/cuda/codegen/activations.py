"""The activations on one number, and the slopes by which gradients go back through them."""

from __future__ import annotations

import math
from typing import Any

from nb_sepconv.kernels.cuda.runtime.numba_cuda import compile_once, device, exp, expm1, log1p, real_type, tanh

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
HALF_ROOT, DENSITY = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)
FARTHEST = 40.0  # beyond it every slope is 0 or 1


def _formulas(real):
    """The functions by name, for one type of numbers."""
    zero, half, one, six = real(0), real(0.5), real(1), real(6)
    leak, steep, apart = real(0.2), real(SELU_SCALE), real(SELU_SCALE * SELU_ALPHA)
    infinity, half_root = real(math.inf), real(HALF_ROOT)

    def linear(x):
        return x

    def relu(x):
        return zero if x < zero else x

    def relu6(x):
        return zero if x < zero else (six if x > six else x)

    def leaky_relu(x):
        return x if x > zero else leak * x

    def elu(x):
        return x if x > zero else real(expm1(x))

    def selu(x):
        return steep * x if x > zero else apart * real(expm1(x))

    def sigmoid(x):
        decayed = real(exp(-abs(x)))
        return (one if x >= zero else decayed) / (one + decayed)

    def hyperbolic(x):
        return real(tanh(x))

    def softplus(x):
        return (x if x > zero else zero) + real(log1p(exp(-abs(x))))

    def softsign(x):
        return real(math.copysign(one, x)) if abs(x) == infinity else x / (one + abs(x))

    def exponential(x):
        return real(exp(x))

    def hard_sigmoid(x):
        y = leak * x + half
        return zero if y < zero else (one if y > one else y)

    def swish(x):
        decayed = real(exp(-abs(x)))
        return zero if x == -infinity else x * ((one if x >= zero else decayed) / (one + decayed))

    def mish(x):
        plus = (x if x > zero else zero) + real(log1p(exp(-abs(x))))
        return zero if x == -infinity else x * real(tanh(plus))

    def gelu(x):
        return zero if x == -infinity else x * (half * real(math.erfc(-x * half_root)))

    named = (linear, relu, relu6, leaky_relu, elu, selu, sigmoid, softplus, softsign, exponential, hard_sigmoid)
    return {**{function.__name__: function for function in (*named, swish, mish, gelu)}, "tanh": hyperbolic}


def _slopes_of_outputs(real):
    zero, one, six = real(0), real(1), real(6)
    leak, steep, apart = real(0.2), real(SELU_SCALE), real(SELU_SCALE * SELU_ALPHA)

    def linear(y):
        return one

    def relu(y):
        return one if y > zero else zero

    def relu6(y):
        return one if zero < y < six else zero

    def leaky_relu(y):
        return one if y > zero else leak

    def elu(y):
        return one if y > zero else y + one

    def selu(y):
        return steep if y > zero else y + apart

    def sigmoid(y):
        return y * (one - y)

    def hyperbolic(y):
        return one - y * y

    def softplus(y):
        return -real(expm1(-y))

    def softsign(y):
        rest = one - abs(y)
        return rest * rest

    def exponential(y):
        return y

    def hard_sigmoid(y):
        return leak if zero < y < one else zero

    named = (linear, relu, relu6, leaky_relu, elu, selu, sigmoid, softplus, softsign, exponential, hard_sigmoid)
    return {**{function.__name__: function for function in named}, "tanh": hyperbolic}


def _slopes_of_inputs(real):
    half, one, two, four = real(0.5), real(1), real(2), real(4)
    half_root, density, farthest, saturated = real(HALF_ROOT), real(DENSITY), real(FARTHEST), real(20)

    def swish(x):
        """``s (1 + x (1 - s))`` with ``s = sigmoid(x)``."""
        x = max(min(x, farthest), -farthest)
        decayed = real(exp(-x))
        s = one / (one + decayed)
        return s * (one + x * (decayed / (one + decayed)))

    def mish(x):
        """``w + 4 x e (e + 1) / (n + 2)**2`` with ``e = exp(x)``, ``n = e (e + 2)`` and ``w = n / (n + 2)``."""
        x = max(min(x, saturated), -farthest)
        e = real(exp(x))
        n = e * (e + two)
        return (n + four * x * e * (e + one) / (n + two)) / (n + two)

    def gelu(x):
        """``P(X <= x) + x p(x)`` for a standard normal ``X`` with density ``p``."""
        bounded = max(min(x, farthest), -farthest)
        return half * real(math.erfc(-x * half_root)) + bounded * (density * real(exp(-half * bounded * bounded)))

    return {function.__name__: function for function in (swish, mish, gelu)}


_NAMES = real_type("float32")
FUSED_ACTIVATIONS = frozenset(_formulas(_NAMES))
OUTPUT_ACTIVATIONS = frozenset(_slopes_of_outputs(_NAMES))  # their slopes follow from what came out


@compile_once
def activation(name: Any, sums: Any) -> Any:
    """The function called ``name``, None for linear, of one number of the type ``sums``."""
    return device(_formulas(real_type(sums))[name or "linear"])


@compile_once
def slope(name: Any, sums: Any) -> Any:
    """The slope of that function, of its output where that tells it, else of its input."""
    real = real_type(sums)
    return device((_slopes_of_outputs(real) | _slopes_of_inputs(real))[name or "linear"])
