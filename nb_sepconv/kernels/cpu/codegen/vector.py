"""The vector unit: how wide it is, and its loads, stores and fused multiply-adds as LLVM instructions.

Everything here works on addresses (intp) and one width, so that a micro-kernel is written once for every
instruction set.
"""

from contextlib import contextmanager
from typing import NamedTuple

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import config
from numba.core.cgutils import alloca_once_value, get_or_insert_function
from numba.core.codegen import get_host_cpu_features

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once

INTP = ir.IntType(64)
LANE_BYTES = 16  # shuffles within 128 bits are the cheap ones


class VectorUnit(NamedTuple):
    """What the code generator can use: bytes of a register, registers, and whether multiply-adds are fused."""

    name: str
    width_bytes: int
    registers: int
    fma: bool


AVX512 = VectorUnit("AVX-512", 64, 32, True)
AVX2 = VectorUnit("AVX2+FMA", 32, 16, True)
NEON = VectorUnit("NEON", 16, 32, True)
GENERIC = VectorUnit("128-bit", 16, 16, False)


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


def call_intrinsic(builder, name, arguments):
    """Call an LLVM intrinsic whose result has the type of its first argument."""
    return call_named(builder, name, arguments[0].type, arguments)


def call_named(builder, name, result, arguments):
    """Call an LLVM intrinsic."""
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(get_or_insert_function(builder.module, signature, name), arguments)


def masked_load(builder, address, mask, vector):
    """The lanes of ``mask`` from memory of any alignment, zeros elsewhere; memory outside the mask is not touched."""
    pointer = builder.inttoptr(address, vector.as_pointer())
    zero = ir.Constant(vector, None)
    name = f"llvm.masked.load.{_suffix(vector)}.p0"
    return call_named(builder, name, vector, [pointer, ir.IntType(32)(1), mask, zero])


def masked_store(builder, value, address, mask):
    pointer = builder.inttoptr(address, value.type.as_pointer())
    name = f"llvm.masked.store.{_suffix(value.type)}.p0"
    call_named(builder, name, ir.VoidType(), [value, pointer, ir.IntType(32)(1), mask])


def prefetch(builder, address, for_writing=False):
    """Bring the cache line of an address near; the address may be of no memory at all."""
    number = ir.IntType(32)
    pointer = builder.inttoptr(address, ir.IntType(8).as_pointer())
    call_named(builder, "llvm.prefetch.p0", ir.VoidType(), [pointer, number(int(for_writing)), number(3), number(1)])


def _suffix(vector):
    kinds = {ir.FloatType: "f32", ir.DoubleType: "f64"}
    return f"v{vector.count}" + kinds.get(type(vector.element), f"i{getattr(vector.element, 'width', 0)}")


def _indices(order):
    return ir.Constant(ir.VectorType(ir.IntType(32), len(order)), order)


def splat(builder, value, width):
    undefined = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    one = builder.insert_element(undefined, value, ir.IntType(32)(0))
    return builder.shuffle_vector(one, undefined, _indices([0] * width))


class Lanes:
    """Vectors of one element type: emits the instructions of a micro-kernel into an LLVM builder."""

    def __init__(self, dtype):
        unit = vector_unit()
        self.double = dtype == types.float64
        self.item_bytes = 8 if self.double else 4
        self.width = unit.width_bytes // self.item_bytes
        self.scalar = ir.DoubleType() if self.double else ir.FloatType()
        self.type = ir.VectorType(self.scalar, self.width)
        self._fma = "llvm.fma." if unit.fma else "llvm.fmuladd."

    @property
    def bytes(self):
        return self.width * self.item_bytes

    def at(self, builder, address, offset_bytes=0):
        return builder.add(address, INTP(offset_bytes)) if offset_bytes else address

    def load(self, builder, address, align=ALIGNMENT):
        return builder.load(builder.inttoptr(address, self.type.as_pointer()), align=min(align, self.bytes))

    def store(self, builder, value, address, align=ALIGNMENT):
        builder.store(value, builder.inttoptr(address, self.type.as_pointer()), align=min(align, self.bytes))

    def broadcast(self, builder, address):
        value = builder.load(builder.inttoptr(address, self.scalar.as_pointer()), align=self.item_bytes)
        return self.splat(builder, value)

    def splat(self, builder, value):
        return splat(builder, value, self.width)

    def fma(self, builder, a, b, c):
        return call_intrinsic(builder, self._fma + _suffix(self.type), [a, b, c])

    def zero(self):
        return ir.Constant(self.type, [0.0] * self.width)

    def below(self, builder, count):
        """The mask whose first ``count`` lanes are set (none where ``count`` <= 0)."""
        lane = ir.Constant(ir.VectorType(INTP, self.width), list(range(self.width)))
        return builder.icmp_signed("<", lane, splat(builder, count, self.width))

    def transpose(self, builder, rows):
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

    def registers(self, builder, values):
        """Mutable vectors that LLVM keeps in registers."""
        return [alloca_once_value(builder, value) for value in values]


@contextmanager
def count_from(builder, start, stop, step):
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
def while_at_least(builder, total, done, least):
    """A loop that goes on while ``total - done >= least``; the body advances ``done``, an intp in memory."""
    head, body, end = (builder.append_basic_block(name) for name in ("head", "body", "end"))
    builder.branch(head)
    builder.position_at_end(head)
    left = builder.sub(total, builder.load(done))
    builder.cbranch(builder.icmp_signed(">=", left, INTP(least)), body, end)
    builder.position_at_end(body)
    yield
    builder.branch(head)
    builder.position_at_end(end)
