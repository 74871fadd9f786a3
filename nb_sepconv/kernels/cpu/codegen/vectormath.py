"""Activations on whole vectors: exponentials by range reduction and polynomials, without a call and without a branch.

Bound, held by tests: 4 ULP in float32 and float64 against the exact value, NaN and infinities as in NumPy.
"""

from __future__ import annotations

from math import factorial, log
from typing import Any

from llvmlite import ir
from numba.core.cgutils import for_range

from nb_sepconv.kernels.cpu.codegen.vector import INTP

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


class _Format:
    """What the polynomials need to know of a float format."""

    def __init__(self, lanes: Any) -> None:
        double = lanes.double
        self.bits: Any = ir.VectorType(ir.IntType(64 if double else 32), lanes.width)
        self.fraction_bits = 52 if double else 23
        self.bias = 1023 if double else 127
        self.magic: float = 1.5 * 2.0**self.fraction_bits  # adding it rounds to an integer, left in the low bits
        self.magic_bits = 0x4338000000000000 if double else 0x4B400000
        self.ln2_high: float = 6.93147180369123816490e-01 if double else 0.693145751953125
        self.ln2_low: float = log(2.0) - 0.693145751953125 if not double else 1.90821492927058770002e-10
        self.exp_degree = 13 if double else 7
        self.log_terms = 17 if double else 9
        self.lowest, self.highest = (-760.0, 710.0) if double else (-115.0, 89.0)
        self.saturation: float = 40.0 if double else 20.0


class VectorMath:
    """Emits elementwise functions of one vector."""

    def __init__(self, builder: Any, lanes: Any) -> None:
        self.b, self.lanes, self.format = builder, lanes, _Format(lanes)

    def constant(self, number: Any) -> Any:
        return ir.Constant(self.lanes.type, [number] * self.lanes.width)

    def _integer(self, number):
        return ir.Constant(self.format.bits, [number] * self.lanes.width)

    def absolute(self, x: Any) -> Any:
        mask = self._integer((1 << (self.format.bits.element.width - 1)) - 1)
        return self._as_float(self.b.and_(self._as_bits(x), mask))

    def with_sign_of(self, magnitude: Any, x: Any) -> Any:
        sign = self.b.and_(self._as_bits(x), self._integer(1 << (self.format.bits.element.width - 1)))
        return self._as_float(self.b.or_(self._as_bits(magnitude), sign))

    def negative(self, x: Any) -> Any:
        return self.b.fsub(self.constant(-0.0), x)

    def _as_bits(self, x):
        return self.b.bitcast(x, self.format.bits)

    def _as_float(self, x):
        return self.b.bitcast(x, self.lanes.type)

    def at_most(self, x: Any, bound: Any) -> Any:
        """``min(x, bound)``; NaN stays."""
        return self.b.select(self.b.fcmp_ordered(">", x, self.constant(bound)), self.constant(bound), x)

    def at_least(self, x: Any, bound: Any) -> Any:
        """``max(x, bound)``; NaN stays."""
        return self.b.select(self.b.fcmp_ordered("<", x, self.constant(bound)), self.constant(bound), x)

    def where_positive(self, x: Any, yes: Any, no: Any) -> Any:
        return self.b.select(self.b.fcmp_ordered(">", x, self.constant(0.0)), yes, no)

    def polynomial(self, x: Any, coefficients: Any) -> Any:
        """Horner, highest power first."""
        total = self.constant(coefficients[0])
        for coefficient in coefficients[1:]:
            total = self.lanes.fma(self.b, total, x, self.constant(coefficient))
        return total

    def _reduced(self, x):
        """``x = n*ln2 + r`` with ``|r| <= ln2/2``: ``n`` as integers, and ``exp(r) - 1``."""
        b, f, fma = self.b, self.format, self.lanes.fma
        x = self.at_least(self.at_most(x, f.highest), f.lowest)
        shifted = fma(b, x, self.constant(1.0 / log(2.0)), self.constant(f.magic))
        n = b.sub(self._as_bits(shifted), self._integer(f.magic_bits))
        n_float = b.fsub(shifted, self.constant(f.magic))
        r = fma(b, n_float, self.constant(-f.ln2_high), x)
        r = fma(b, n_float, self.constant(-f.ln2_low), r)
        series = self.polynomial(r, [1.0 / factorial(k) for k in range(f.exp_degree, 1, -1)])
        return n, fma(b, b.fmul(r, r), series, r)

    def _power_of_two(self, n):
        exponent = self.b.add(n, self._integer(self.format.bias))
        return self._as_float(self.b.shl(exponent, self._integer(self.format.fraction_bits)))

    def _halves(self, n):
        """``2**n`` as two factors, which reach subnormals and infinity."""
        half = self.b.ashr(n, self._integer(1))
        return self._power_of_two(half), self._power_of_two(self.b.sub(n, half))

    def exp(self, x: Any) -> Any:
        return self.exp_times(x, None)

    def exp_times(self, x: Any, factor: Any) -> Any:
        """``exp(x) * factor``, accurate where ``exp(x)`` alone is subnormal."""
        n, small = self._reduced(x)
        first, second = self._halves(n)
        value = self.b.fmul(self.b.fadd(small, self.constant(1.0)), first)
        return self.b.fmul(value if factor is None else self.b.fmul(value, factor), second)

    def expm1(self, x: Any) -> Any:
        """``2**n * (exp(r) - 1) + (2**n - 1)``, accurate next to 0."""
        n, small = self._reduced(self.at_least(x, -self.format.saturation * 2))
        first, second = self._halves(n)
        power = self.b.fmul(first, second)
        whole = self.b.fsub(power, self.constant(1.0))
        value = self.b.fadd(self.b.fmul(self.b.fmul(small, first), second), whole)
        infinite = self.b.fcmp_ordered("==", power, self.constant(float("inf")))
        return self.b.select(infinite, self.exp(x), value)

    def log1p_of_unit(self, z: Any) -> Any:
        """``log(1 + z)`` for ``0 <= z <= 1``: ``2 atanh(z / (2 + z))`` by its series."""
        s = self.b.fdiv(z, self.b.fadd(z, self.constant(2.0)))
        square = self.b.fmul(s, s)
        series = self.polynomial(square, [2.0 / (2 * k + 1) for k in range(self.format.log_terms, 0, -1)])
        return self.lanes.fma(self.b, self.b.fmul(s, square), series, self.b.fadd(s, s))

    def tanh(self, x: Any) -> Any:
        twice = self.b.fmul(self.absolute(x), self.constant(2.0))
        e = self.expm1(self.at_most(twice, 2 * self.format.saturation))
        return self.with_sign_of(self.b.fdiv(e, self.b.fadd(e, self.constant(2.0))), x)

    def sigmoid(self, x: Any) -> Any:
        z = self.exp(self.negative(self.absolute(x)))
        numerator = self.where_positive(x, self.constant(1.0), z)
        return self.b.fdiv(numerator, self.b.fadd(z, self.constant(1.0)))

    def softplus(self, x: Any) -> Any:
        z = self.exp(self.negative(self.absolute(x)))
        return self.b.fadd(self.at_least(x, 0.0), self.log1p_of_unit(z))

    def softsign(self, x: Any) -> Any:
        x = self.at_least(self.at_most(x, 1e30), -1e30)  # as far out as the limits are reached
        return self.b.fdiv(x, self.b.fadd(self.absolute(x), self.constant(1.0)))

    def elu(self, x: Any) -> Any:
        return self.where_positive(x, x, self.expm1(x))

    def selu(self, x: Any) -> Any:
        negative = self.b.fmul(self.expm1(x), self.constant(SELU_SCALE * SELU_ALPHA))
        return self.where_positive(x, self.b.fmul(x, self.constant(SELU_SCALE)), negative)

    def swish(self, x: Any) -> Any:
        below = self.negative(self.absolute(x))
        numerator = self.where_positive(x, x, self.exp_times(below, self.at_least(x, self.format.lowest)))
        return self.b.fdiv(numerator, self.b.fadd(self.exp(below), self.constant(1.0)))

    def mish(self, x: Any) -> Any:
        """``x tanh(softplus(x)) = x / (1 + 2 / (e e + 2 e))`` with ``e = exp(x)``, which far below 0 is ``x e``."""
        b, two = self.b, self.constant(2.0)
        low = self.at_most(x, self.format.saturation)
        e = self.exp(low)
        n = self.lanes.fma(b, e, e, b.fadd(e, e))
        near = b.fdiv(x, b.fadd(b.fdiv(two, n), self.constant(1.0)))
        far = self.exp_times(low, self.at_least(x, self.format.lowest))
        return b.select(b.fcmp_ordered(">", x, self.constant(-self.format.saturation)), near, far)

    def relu(self, x: Any) -> Any:
        return self.at_least(x, 0.0)

    def relu6(self, x: Any) -> Any:
        return self.at_most(self.at_least(x, 0.0), 6.0)

    def leaky_relu(self, x: Any) -> Any:
        return self.where_positive(x, x, self.b.fmul(x, self.constant(0.2)))

    def hard_sigmoid(self, x: Any) -> Any:
        """``0.2 (x + 2.5)``: next to -2.5, where ``0.2 x + 0.5`` cancels, this sum is exact."""
        line = self.b.fmul(self.b.fadd(x, self.constant(2.5)), self.constant(0.2))
        return self.at_most(self.at_least(line, 0.0), 1.0)


ACTIVATIONS = {
    "relu": VectorMath.relu,
    "relu6": VectorMath.relu6,
    "leaky_relu": VectorMath.leaky_relu,
    "elu": VectorMath.elu,
    "selu": VectorMath.selu,
    "sigmoid": VectorMath.sigmoid,
    "tanh": VectorMath.tanh,
    "softplus": VectorMath.softplus,
    "softsign": VectorMath.softsign,
    "swish": VectorMath.swish,
    "mish": VectorMath.mish,
    "exponential": VectorMath.exp,
    "hard_sigmoid": VectorMath.hard_sigmoid,
}


def activate(lanes: Any, name: Any) -> Any:
    """``values[r, v] = f(values[r, v])`` for rows of ``vectors`` vectors, ``row_bytes`` apart."""

    def emit(builder, values, rows, row_bytes, vectors):
        function = VectorMath(builder, lanes)
        with for_range(builder, rows) as row, for_range(builder, vectors) as vector:
            at = builder.add(values, builder.mul(row.index, row_bytes))
            at = builder.add(at, builder.mul(vector.index, INTP(lanes.bytes)))
            lanes.store(
                builder, ACTIVATIONS[name](function, lanes.load(builder, at, lanes.item_bytes)), at, lanes.item_bytes
            )

    return 4, emit
