"""The activations' derivatives on whole vectors: of the outputs where these tell them, else of what went in."""

from __future__ import annotations

from typing import Any

from numba.core.cgutils import for_range

from nb_sepconv.kernels.cpu.codegen.vector import INTP
from nb_sepconv.kernels.cpu.codegen.vectormath import SELU_ALPHA, SELU_SCALE, VectorMath


def _one_where_positive(m, y, otherwise):
    return m.where_positive(y, m.constant(1.0), otherwise)


def _relu(m, y):
    return _one_where_positive(m, y, m.constant(0.0))


def _between(m, y, top, slope):
    """``slope`` where ``0 < y < top``, else 0."""
    below_top = m.b.select(m.b.fcmp_ordered("<", y, m.constant(top)), m.constant(slope), m.constant(0.0))
    return m.where_positive(y, below_top, m.constant(0.0))


def _relu6(m, y):
    return _between(m, y, 6.0, 1.0)


def _hard_sigmoid(m, y):
    return _between(m, y, 1.0, 0.2)


def _leaky_relu(m, y):
    return _one_where_positive(m, y, m.constant(0.2))


def _elu(m, y):
    return _one_where_positive(m, y, m.b.fadd(y, m.constant(1.0)))


def _selu(m, y):
    return m.where_positive(y, m.constant(SELU_SCALE), m.b.fadd(y, m.constant(SELU_SCALE * SELU_ALPHA)))


def _sigmoid(m, y):
    return m.b.fmul(y, m.b.fsub(m.constant(1.0), y))


def _tanh(m, y):
    return m.lanes.fma(m.b, m.negative(y), y, m.constant(1.0))


def _softplus(m, y):
    return m.negative(m.expm1(m.negative(y)))


def _softsign(m, y):
    rest = m.b.fsub(m.constant(1.0), m.absolute(y))
    return m.b.fmul(rest, rest)


def _exponential(m, y):
    return y


def _swish(m, x):
    """``s (1 + x (1 - s))`` with ``s = sigmoid(x)``; the bounds keep infinities from meeting zeros."""
    x = m.at_least(m.at_most(x, m.format.highest), m.format.lowest)
    s = m.sigmoid(x)
    return m.b.fmul(s, m.lanes.fma(m.b, x, m.sigmoid(m.negative(x)), m.constant(1.0)))


def _mish(m, x):
    """``w + 4 x e (e + 1) / (n + 2)**2`` with ``e = exp(x)``, ``n = e (e + 2)`` and ``w = n / (n + 2)``."""
    b, fma = m.b, m.lanes.fma
    x = m.at_least(m.at_most(x, m.format.saturation), m.format.lowest)
    e = m.exp(x)
    n = b.fmul(e, b.fadd(e, m.constant(2.0)))
    n2 = b.fadd(n, m.constant(2.0))
    numerator = b.fmul(b.fmul(m.constant(4.0), x), fma(b, e, e, e))
    return b.fdiv(b.fadd(n, b.fdiv(numerator, n2)), n2)


OF_OUTPUTS: Any = {
    "relu": _relu,
    "relu6": _relu6,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "sigmoid": _sigmoid,
    "tanh": _tanh,
    "softplus": _softplus,
    "softsign": _softsign,
    "exponential": _exponential,
    "hard_sigmoid": _hard_sigmoid,
}
OF_INPUTS: Any = {"swish": _swish, "mish": _mish}
DERIVATIVES: Any = OF_OUTPUTS | OF_INPUTS


def differentiate(lanes: Any, name: Any) -> Any:
    """``g[r] *= f'(y[r])`` for ``rows`` rows of one vector; ``y`` are outputs or inputs of ``f``, as it needs."""

    def emit(builder, g, y, rows):
        functions = VectorMath(builder, lanes)
        with for_range(builder, rows) as row:
            offset = builder.mul(row.index, INTP(lanes.bytes))
            at = builder.add(g, offset)
            slope = DERIVATIVES[name](functions, lanes.load(builder, builder.add(y, offset)))
            lanes.store(builder, builder.fmul(lanes.load(builder, at), slope), at)

    return 3, emit
