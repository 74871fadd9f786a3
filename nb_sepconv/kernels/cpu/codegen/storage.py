"""How numbers lie in memory and how they become the vectors that are computed with: float16 and bfloat16 as float32."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from nb_sepconv.kernels.cpu.codegen.vector import Lanes, masked_load, masked_store

I16: Any = ir.IntType(16)
I32: Any = ir.IntType(32)


class Float:
    """float32 or float64: stored as computed."""

    def __init__(self, dtype: Any) -> None:
        self.lanes: Any = Lanes(dtype)
        self.item_bytes: int = self.lanes.item_bytes

    def load(self, builder: Any, address: Any, mask: Any) -> Any:
        return masked_load(builder, address, mask, self.lanes.type)

    def store(self, builder: Any, value: Any, address: Any, mask: Any) -> None:
        masked_store(builder, value, address, mask)

    def load_whole(self, builder: Any, address: Any) -> Any:
        return self.lanes.load(builder, address, 1)

    def store_whole(self, builder: Any, value: Any, address: Any) -> None:
        self.lanes.store(builder, value, address, 1)

    def store_first(self, builder: Any, value: Any, address: Any) -> None:
        _store_first(builder, value, address)


class HalfWidth:
    """Sixteen bits in memory, float32 in registers, converted by integer operations that every machine has."""

    item_bytes = 2

    def __init__(self, widen: Any, narrow: Any) -> None:
        self.lanes: Any = Lanes(types.float32)
        self._widen, self._narrow = widen, narrow
        self._stored = ir.VectorType(I16, self.lanes.width)
        self._bits = ir.VectorType(I32, self.lanes.width)

    def load(self, builder: Any, address: Any, mask: Any) -> Any:
        stored = masked_load(builder, address, mask, self._stored)
        return self._widen(builder, builder.zext(stored, self._bits), self.lanes)

    def store(self, builder: Any, value: Any, address: Any, mask: Any) -> None:
        masked_store(builder, self._narrowed(builder, value), address, mask)

    def load_whole(self, builder: Any, address: Any) -> Any:
        stored = builder.load(builder.inttoptr(address, self._stored.as_pointer()), align=1)
        return self._widen(builder, builder.zext(stored, self._bits), self.lanes)

    def store_whole(self, builder: Any, value: Any, address: Any) -> None:
        stored = self._narrowed(builder, value)
        builder.store(stored, builder.inttoptr(address, self._stored.as_pointer()), align=1)

    def store_first(self, builder: Any, value: Any, address: Any) -> None:
        _store_first(builder, self._narrowed(builder, value), address)

    def _narrowed(self, builder, value):
        bits = self._narrow(builder, builder.bitcast(value, self._bits), self.lanes)
        return builder.trunc(bits, self._stored)


def _store_first(builder, value, address):
    """The first lane alone: LLVM 22 writes 32 bits where a mask leaves one lane of narrowed 16-bit ones."""
    item = builder.extract_element(value, I32(0))
    builder.store(item, builder.inttoptr(address, item.type.as_pointer()), align=1)


def _constant(number, lanes):
    return ir.Constant(ir.VectorType(I32, lanes.width), [number] * lanes.width)


def _widen_bfloat16(builder, bits, lanes):
    return builder.bitcast(builder.shl(bits, _constant(16, lanes)), lanes.type)


def _narrow_bfloat16(builder, bits, lanes):
    """The upper half, rounded to nearest even; a NaN stays a quiet NaN."""
    upper = builder.lshr(bits, _constant(16, lanes))
    odd = builder.and_(upper, _constant(1, lanes))
    rounded = builder.add(builder.add(bits, _constant(0x7FFF, lanes)), odd)
    magnitude = builder.and_(bits, _constant(0x7FFFFFFF, lanes))
    nan = builder.icmp_unsigned(">", magnitude, _constant(0x7F800000, lanes))
    quiet = builder.or_(upper, _constant(0x40, lanes))
    return builder.select(nan, quiet, builder.lshr(rounded, _constant(16, lanes)))


def _widen_float16(builder, bits, lanes):
    """The exponent is rebased by an exact product with 2**112, which makes subnormals normal too."""
    sign = builder.shl(builder.and_(bits, _constant(0x8000, lanes)), _constant(16, lanes))
    shifted = builder.shl(builder.and_(bits, _constant(0x7FFF, lanes)), _constant(13, lanes))
    scale = builder.bitcast(_constant(0x77800000, lanes), lanes.type)
    finite = builder.bitcast(builder.fmul(builder.bitcast(shifted, lanes.type), scale), sign.type)
    special = builder.icmp_unsigned(">=", shifted, _constant(0x0F800000, lanes))
    magnitude = builder.select(special, builder.or_(shifted, _constant(0x7F800000, lanes)), finite)
    return builder.bitcast(builder.or_(magnitude, sign), lanes.type)


def _narrow_float16(builder, bits, lanes):
    """Rounded to nearest even; subnormals by adding 0.5, whose last place is theirs; overflow is infinity."""
    magnitude = builder.and_(bits, _constant(0x7FFFFFFF, lanes))
    sign = builder.lshr(builder.and_(bits, _constant(0x80000000, lanes)), _constant(16, lanes))
    odd = builder.and_(builder.lshr(magnitude, _constant(13, lanes)), _constant(1, lanes))
    rebased = builder.add(builder.add(magnitude, _constant(0xC8000FFF, lanes)), odd)
    normal = builder.lshr(rebased, _constant(13, lanes))
    half = _constant(0x3F000000, lanes)
    sum_ = builder.fadd(builder.bitcast(magnitude, lanes.type), builder.bitcast(half, lanes.type))
    small = builder.sub(builder.bitcast(sum_, half.type), half)
    nan = builder.icmp_unsigned(">", magnitude, _constant(0x7F800000, lanes))
    special = builder.select(nan, _constant(0x7E00, lanes), _constant(0x7C00, lanes))
    result = builder.select(builder.icmp_unsigned("<", magnitude, _constant(0x38800000, lanes)), small, normal)
    result = builder.select(builder.icmp_unsigned(">=", magnitude, _constant(0x47800000, lanes)), special, result)
    return builder.or_(result, sign)


def storage(name: Any) -> Any:
    """The storage of a dtype by its name."""
    if name == "float16":
        return HalfWidth(_widen_float16, _narrow_float16)
    if name == "bfloat16":
        return HalfWidth(_widen_bfloat16, _narrow_bfloat16)
    return Float(types.float64 if name == "float64" else types.float32)
