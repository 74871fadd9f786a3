"""The vector unit: how wide it is, and its loads, stores and fused multiply-adds as LLVM instructions.

Everything here works on addresses (intp) and one width, so that a micro-kernel is written once for every
instruction set.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import config
from numba.core.cgutils import alloca_once_value, get_or_insert_function
from numba.core.codegen import get_host_cpu_features

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once

if TYPE_CHECKING:
    from collections.abc import Iterator

INTP: Any = ir.IntType(64)
LANE_BYTES = 16  # shuffles within 128 bits are the cheap ones


class VectorUnit(NamedTuple):
    """What the code generator can use: bytes of a register, registers, whether multiply-adds are fused, and whether a
    store of some lanes takes no longer than one of all.
    """

    name: str
    width_bytes: int
    registers: int
    fma: bool
    masks: bool


AVX512 = VectorUnit("AVX-512", 64, 32, True, True)
AVX2 = VectorUnit("AVX2+FMA", 32, 16, True, False)  # Zen 3 takes a dozen cycles for some lanes, of all of them as well
NEON = VectorUnit("NEON", 16, 32, True, False)
GENERIC = VectorUnit("128-bit", 16, 16, False, False)


@compile_once
def vector_unit() -> VectorUnit:
    """The unit that the code generator uses, which ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` may choose."""
    assembly = _probe_assembly()
    if "zmm" in assembly:
        return AVX512
    if "ymm" in assembly and "vfmadd" in assembly:
        return AVX2
    if "fmla" in assembly:
        return NEON
    return GENERIC


def _probe_assembly() -> str:
    """What a 64-byte multiply-add compiles to: the registers it names are the width of the unit."""
    module = ir.Module("probe")
    vector = ir.VectorType(ir.FloatType(), 16)
    function = ir.Function(module, ir.FunctionType(vector, [vector] * 3), "probe")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(call_intrinsic(builder, "llvm.fmuladd.v16f32", function.args))
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=cpu_name(), features=_cpu_features())
    return machine.emit_assembly(llvm.parse_assembly(str(module)))


def cpu_name() -> str:
    """The processor that code is generated for, by LLVM's name."""
    return config.CPU_NAME or llvm.get_host_cpu_name()


def _cpu_features() -> str:
    if config.CPU_FEATURES is not None:
        return config.CPU_FEATURES
    return "" if config.CPU_NAME else get_host_cpu_features()


def call_intrinsic(builder: Any, name: Any, arguments: Any) -> Any:
    """Call an LLVM intrinsic whose result has the type of its first argument."""
    return call_named(builder, name, arguments[0].type, arguments)


def call_named(builder: Any, name: Any, result: Any, arguments: Any) -> Any:
    """Call an LLVM intrinsic, or a function of this process."""
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(get_or_insert_function(builder.module, signature, name), arguments)


def masked_load(builder: Any, address: Any, mask: Any, vector: Any) -> Any:
    """The lanes of ``mask`` from memory of any alignment, zeros elsewhere; memory outside the mask is not touched."""
    pointer = builder.inttoptr(address, vector.as_pointer())
    zero = ir.Constant(vector, None)
    name = f"llvm.masked.load.{_suffix(vector)}.p0"
    return call_named(builder, name, vector, [pointer, ir.IntType(32)(1), mask, zero])


def masked_store(builder: Any, value: Any, address: Any, mask: Any) -> None:
    pointer = builder.inttoptr(address, value.type.as_pointer())
    name = f"llvm.masked.store.{_suffix(value.type)}.p0"
    call_named(builder, name, ir.VoidType(), [value, pointer, ir.IntType(32)(1), mask])


def prefetch(builder: Any, address: Any, for_writing: Any = False) -> None:
    """Bring the cache line of an address near; the address may be of no memory at all."""
    number = ir.IntType(32)
    pointer = builder.inttoptr(address, ir.IntType(8).as_pointer())
    call_named(builder, "llvm.prefetch.p0", ir.VoidType(), [pointer, number(int(for_writing)), number(3), number(1)])


def _suffix(vector):
    kinds = {ir.FloatType: "f32", ir.DoubleType: "f64"}
    return f"v{vector.count}" + kinds.get(type(vector.element), f"i{getattr(vector.element, 'width', 0)}")


def _indices(order):
    return ir.Constant(ir.VectorType(ir.IntType(32), len(order)), order)


def splat(builder: Any, value: Any, width: Any) -> Any:
    undefined = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    one = builder.insert_element(undefined, value, ir.IntType(32)(0))
    return builder.shuffle_vector(one, undefined, _indices([0] * width))


class Lanes:
    """Vectors of one element type: emits the instructions of a micro-kernel into an LLVM builder."""

    def __init__(self, dtype: Any) -> None:
        unit = vector_unit()
        self.double: Any = dtype == types.float64
        self.item_bytes = 8 if self.double else 4
        self.width: Any = unit.width_bytes // self.item_bytes
        self.scalar: Any = ir.DoubleType() if self.double else ir.FloatType()
        self.type: Any = ir.VectorType(self.scalar, self.width)
        self._fma = "llvm.fma." if unit.fma else "llvm.fmuladd."

    @property
    def bytes(self) -> Any:
        return self.width * self.item_bytes

    def at(self, builder: Any, address: Any, offset_bytes: Any = 0) -> Any:
        return builder.add(address, INTP(offset_bytes)) if offset_bytes else address

    def load(self, builder: Any, address: Any, align: Any = ALIGNMENT) -> Any:
        return builder.load(builder.inttoptr(address, self.type.as_pointer()), align=min(align, self.bytes))

    def store(self, builder: Any, value: Any, address: Any, align: Any = ALIGNMENT) -> None:
        builder.store(value, builder.inttoptr(address, self.type.as_pointer()), align=min(align, self.bytes))

    def broadcast(self, builder: Any, address: Any) -> Any:
        value = builder.load(builder.inttoptr(address, self.scalar.as_pointer()), align=self.item_bytes)
        return self.splat(builder, value)

    def splat(self, builder: Any, value: Any) -> Any:
        return splat(builder, value, self.width)

    def fma(self, builder: Any, a: Any, b: Any, c: Any) -> Any:
        return call_intrinsic(builder, self._fma + _suffix(self.type), [a, b, c])

    def zero(self) -> Any:
        return ir.Constant(self.type, [0.0] * self.width)

    def below(self, builder: Any, count: Any) -> Any:
        """The mask whose first ``count`` lanes are set (none where ``count`` <= 0)."""
        lane = ir.Constant(ir.VectorType(INTP, self.width), list(range(self.width)))
        return builder.icmp_signed("<", lane, splat(builder, count, self.width))

    def permute(self, builder: Any, value: Any, index: Any) -> Any:
        """``value[index[l]]`` in lane ``l``, for a vector of intps."""
        bits = ir.IntType(64 if self.double else 32)
        index = index if self.double else builder.trunc(index, ir.VectorType(bits, self.width))
        if vector_unit() is AVX512:
            return call_intrinsic(
                builder, f"llvm.x86.avx512.permvar.{'df' if self.double else 'sf'}.512", [value, index]
            )
        if vector_unit() is AVX2 and not self.double:
            return call_intrinsic(builder, "llvm.x86.avx2.permps", [value, index])
        lane = ir.IntType(32)
        permuted = ir.Constant(self.type, ir.Undefined)
        for i in range(self.width):
            item = builder.extract_element(value, builder.extract_element(index, lane(i)))
            permuted = builder.insert_element(permuted, item, lane(i))
        return permuted

    def transpose(self, builder: Any, rows: Any) -> list[Any]:
        """``width`` vectors, transposed: squares within 128-bit lanes first, then the lanes themselves."""
        items = LANE_BYTES // self.item_bytes
        squares = [self._transpose_squares(builder, rows[i : i + items]) for i in range(0, self.width, items)]
        columns = [self._transpose_lanes(builder, [square[item] for square in squares]) for item in range(items)]
        return [columns[i % items][i // items] for i in range(self.width)]

    def _transpose_squares(self, builder, rows):
        """Each lane's square of items: low and high halves interleaved, log2 times."""
        items, half = len(rows), len(rows) // 2
        low, high = (
            [lane + start + i // 2 + self.width * (i % 2) for lane in range(0, self.width, items) for i in range(items)]
            for start in (0, half)
        )
        for _ in range(items.bit_length() - 1):
            rows = [
                builder.shuffle_vector(rows[i], rows[i + half], _indices(order))
                for i in range(half)
                for order in (low, high)
            ]
        return rows

    def _transpose_lanes(self, builder, rows):
        """``rows[i]`` lane ``j`` to ``rows[j]`` lane ``i``: the even and the odd lanes of pairs, log2 times."""
        if len(rows) == 1:
            return rows
        items = LANE_BYTES // self.item_bytes
        lanes = range(2 * self.width // items)
        halves = []
        for start in (0, 1):
            order = _indices([lane * items + i for lane in lanes[start::2] for i in range(items)])
            pairs = zip(rows[::2], rows[1::2], strict=True)
            halves.append(self._transpose_lanes(builder, [builder.shuffle_vector(a, b, order) for a, b in pairs]))
        return [row for pair in zip(*halves, strict=True) for row in pair]

    def registers(self, builder: Any, values: Any) -> list[Any]:
        """Mutable vectors that LLVM keeps in registers."""
        return [alloca_once_value(builder, value) for value in values]


@contextmanager
def count_from(builder: Any, start: Any, stop: Any, step: Any) -> Iterator[Any]:
    """A loop ``for i in range(start, stop, step)`` over signed intp; yields ``i``."""
    index = alloca_once_value(builder, start)
    head, body, end = (builder.append_basic_block(name) for name in ("head", "body", "end"))
    builder.branch(head)
    builder.position_at_end(head)
    builder.cbranch(builder.icmp_signed("<", builder.load(index), stop), body, end)
    builder.position_at_end(body)
    now = builder.load(index)
    yield now
    builder.store(builder.add(now, INTP(step)), index)
    builder.branch(head)
    builder.position_at_end(end)


@contextmanager
def while_at_least(builder: Any, total: Any, done: Any, least: Any, excluded: Any = ()) -> Iterator[Any]:
    """A loop that goes on while ``total - done`` is ``least`` or more and none of ``excluded``; the body advances
    ``done``, an intp in memory.
    """
    head, body, end = (builder.append_basic_block(name) for name in ("head", "body", "end"))
    builder.branch(head)
    builder.position_at_end(head)
    left = builder.sub(total, builder.load(done))
    goes_on = builder.icmp_signed(">=", left, INTP(least))
    for each in excluded:
        goes_on = builder.and_(goes_on, builder.icmp_signed("!=", left, INTP(each)))
    builder.cbranch(goes_on, body, end)
    builder.position_at_end(body)
    yield
    builder.branch(head)
    builder.position_at_end(end)
