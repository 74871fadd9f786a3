"""Every instruction that Numba does not offer, each beside its Python twin for the simulator.

``address`` is a pointer to a series of stored numbers and ``offset`` counts them from it. A *lane* is one number of a
vector of 16 bytes; lanes come as tuples. Sums are float64 for float64 and float32 for all other storage.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir

from nb_sepconv.kernels.cuda.runtime import SIMULATED, instruction, once, real_type

if not SIMULATED:
    from numba.cuda import cgutils, types

VECTOR_BYTES = 16
I16, I32, I64 = ir.IntType(16), ir.IntType(32), ir.IntType(64)
HALF, FLOAT, DOUBLE = ir.HalfType(), ir.FloatType(), ir.DoubleType()
GLOBAL = 1  # the address space of arrays


class Storage(NamedTuple):
    """How numbers lie in memory."""

    name: str
    item_bytes: int

    @property
    def lanes(self):
        """The numbers in a vector of 16 bytes."""
        return VECTOR_BYTES // self.item_bytes

    @property
    def sums(self):
        """The name of the type that adds them up."""
        return "float64" if self.name == "float64" else "float32"


STORAGE = {
    name: Storage(name, size) for name, size in (("float16", 2), ("bfloat16", 2), ("float32", 4), ("float64", 8))
}


# ---- what the instructions are made of ----


def _sum_type(storage):
    return DOUBLE if storage.sums == "float64" else FLOAT


def _pointer(builder, address, offset, item, space=GLOBAL):
    offset = offset if offset.type.width == 64 else builder.sext(offset, I64)
    return builder.gep(builder.inttoptr(address, ir.PointerType(item, addrspace=space)), [offset])


def _item(storage):
    return {2: I16, 4: FLOAT, 8: DOUBLE}[storage.item_bytes]


def _widened(builder, storage, item):
    """A stored number as one that is added up."""
    if storage.name == "float16":
        return builder.fpext(builder.bitcast(item, HALF), FLOAT)
    if storage.name == "bfloat16":
        return builder.bitcast(builder.shl(builder.zext(item, I32), I32(16)), FLOAT)
    return item


def _narrowed(builder, storage, value):
    """A sum as it is stored, rounded to the nearest, ties to even."""
    if storage.name == "float16":
        return builder.bitcast(builder.fptrunc(value, HALF), I16)
    if storage.name == "bfloat16":
        return builder.asm(ir.FunctionType(I16, [FLOAT]), "cvt.rn.bf16.f32 $0, $1;", "=h,f", [value], False)
    return value


def _words(storage):
    """The registers that a vector fills: their type and how many."""
    return (DOUBLE, 2) if storage.name == "float64" else (FLOAT if storage.name == "float32" else I32, 4)


def _lanes_of(builder, storage, words):
    if storage.item_bytes != 2:
        return list(words)
    halves = []
    for word in words:
        halves += builder.trunc(word, I16), builder.trunc(builder.lshr(word, I32(16)), I16)
    return [_widened(builder, storage, half) for half in halves]


def _words_of(builder, storage, lanes):
    if storage.item_bytes != 2:
        return lanes
    halves = [builder.zext(_narrowed(builder, storage, lane), I32) for lane in lanes]
    return [builder.or_(low, builder.shl(high, I32(16))) for low, high in zip(halves[::2], halves[1::2], strict=True)]


def _load_vector(builder, storage, address, offset):
    word, count = _words(storage)
    pointer = _pointer(builder, address, offset, _item(storage))
    pointer = builder.bitcast(pointer, ir.PointerType(ir.VectorType(word, count), addrspace=GLOBAL))
    vector = builder.load(pointer, align=VECTOR_BYTES)
    return _lanes_of(builder, storage, [builder.extract_element(vector, I32(i)) for i in range(count)])


def _store_vector(builder, storage, address, offset, lanes):
    word, count = _words(storage)
    vector = ir.Constant(ir.VectorType(word, count), ir.Undefined)
    for i, value in enumerate(_words_of(builder, storage, lanes)):
        vector = builder.insert_element(vector, value, I32(i))
    pointer = _pointer(builder, address, offset, _item(storage))
    builder.store(
        vector, builder.bitcast(pointer, ir.PointerType(vector.type, addrspace=GLOBAL)), align=VECTOR_BYTES
    )  # fmt: skip


# One predicated load instead of a branch; nothing that these loads read is written while the kernel runs.
_INSIDE = {
    ("vector", 4): (
        "{ .reg .pred p; setp.ne.b32 p, $5, 0; @p ld.global.nc.v4.b32 {$0, $1, $2, $3}, [$4]; @!p mov.b32 $0, 0; "
        "@!p mov.b32 $1, 0; @!p mov.b32 $2, 0; @!p mov.b32 $3, 0; }"
    ),
    ("vector", 2): (
        "{ .reg .pred p; setp.ne.b32 p, $3, 0; @p ld.global.nc.v2.b64 {$0, $1}, [$2]; @!p mov.b64 $0, 0; "
        "@!p mov.b64 $1, 0; }"
    ),
    ("one", 2): "{ .reg .pred p; setp.ne.b32 p, $2, 0; @p ld.global.nc.b16 $0, [$1]; @!p mov.b16 $0, 0; }",
    ("one", 4): "{ .reg .pred p; setp.ne.b32 p, $2, 0; @p ld.global.nc.b32 $0, [$1]; @!p mov.b32 $0, 0; }",
    ("one", 8): "{ .reg .pred p; setp.ne.b32 p, $2, 0; @p ld.global.nc.b64 $0, [$1]; @!p mov.b64 $0, 0; }",
}
_REGISTERS = {I16: "h", I32: "r", FLOAT: "f", DOUBLE: "d"}


def _load_inside(builder, storage, lanes, address, offset, inside):
    """A vector, or one number where ``lanes`` is 1; zeros where it is not ``inside``."""
    word, count = _words(storage) if lanes > 1 else (_item(storage), 1)
    text = _INSIDE["vector" if lanes > 1 else "one", count if lanes > 1 else storage.item_bytes]
    result = ir.LiteralStructType([word] * count) if count > 1 else word
    constraints = ",".join([f"={_REGISTERS[word]}"] * count + ["l", "r"])
    where = builder.ptrtoint(_pointer(builder, address, offset, _item(storage)), I64)
    flag = builder.zext(inside, I32) if inside.type.width < 32 else inside
    got = builder.asm(ir.FunctionType(result, [I64, I32]), text, constraints, [where, flag], False)
    if lanes == 1:
        return [_widened(builder, storage, got)]
    return _lanes_of(builder, storage, [builder.extract_value(got, i) for i in range(count)])


def _within(builder, position, length):
    """``0 <= position < length`` in one comparison."""
    return builder.icmp_unsigned("<", position, length)


def _fused(builder, a, b, c):
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(a.type, [a.type] * 3),
        "llvm.fma.f64" if a.type == DOUBLE else "llvm.fma.f32",
    )
    return builder.call(function, [a, b, c])


def _values(builder, nested):
    """A tuple of numbers, or of tuples of them, as lists of LLVM values."""
    if isinstance(nested.type, (ir.ArrayType, ir.LiteralStructType)):
        return [_values(builder, part) for part in cgutils.unpack_tuple(builder, nested)]
    return nested


def _packed(builder, nested):
    if isinstance(nested, list):
        return cgutils.pack_array(builder, [_packed(builder, part) for part in nested])
    return nested


def _lanes_type(storage, lanes):
    return types.UniTuple(real_type(storage.sums), lanes)


# ---- the instructions ----


def _twin_multiply_add(a, b, c):
    with np.errstate(all="ignore"):
        return type(c)(np.float64(a) * np.float64(b) + np.float64(c))


@instruction(_twin_multiply_add)
def multiply_add(typing, a, b, c):
    """``a * b + c``, rounded once."""

    def emit(context, builder, signature, arguments):
        return _fused(builder, *arguments)

    return c(c, c, c), emit


def _twin_divide(number, by):
    return divmod(number, by)


@instruction(_twin_divide)
def divide(typing, number, by):
    """The quotient and the rest of two integers that are not negative."""

    def emit(context, builder, signature, arguments):
        number, by = arguments
        quotient = builder.udiv(number, by)
        return _packed(builder, [quotient, builder.sub(number, builder.mul(quotient, by))])

    return types.UniTuple(number, 2)(number, number), emit


def _twin_within(position, length):
    return 0 <= position < length


@instruction(_twin_within)
def within(typing, position, length):
    """``0 <= position < length``."""

    def emit(context, builder, signature, arguments):
        return _within(builder, *arguments)

    return types.boolean(position, position), emit


@once
def loader(storage):
    """``load(address, offset)``: one number, to be added up."""
    real = real_type(storage.sums)

    def twin(address, offset):
        return real(address[offset])

    @instruction(twin)
    def load(typing, address, offset):
        def emit(context, builder, signature, arguments):
            pointer = _pointer(builder, *arguments, _item(storage))
            return _widened(builder, storage, builder.load(pointer, align=storage.item_bytes))

        return real(types.int64, offset), emit

    return load


@once
def storer(storage):
    """``store(address, offset, value)``: one sum, rounded to how it is stored."""

    def twin(address, offset, value):
        address[offset] = value

    @instruction(twin)
    def store(typing, address, offset, value):
        def emit(context, builder, signature, arguments):
            *where, value = arguments
            pointer = _pointer(builder, *where, _item(storage))
            builder.store(_narrowed(builder, storage, value), pointer, align=storage.item_bytes)
            return context.get_dummy_value()

        return types.void(types.int64, offset, real_type(storage.sums)), emit

    return store


@once
def inside_loader(storage, lanes):
    """``load(address, offset, inside)``: the lanes of a vector, or a single number; zeros where it is not inside."""
    real = real_type(storage.sums)

    def twin(address, offset, inside):
        return tuple(real(address[offset + lane]) if inside else real(0) for lane in range(lanes))

    @instruction(twin)
    def load(typing, address, offset, inside):
        def emit(context, builder, signature, arguments):
            return _packed(builder, _load_inside(builder, storage, lanes, *arguments))

        return _lanes_type(storage, lanes)(types.int64, offset, types.boolean), emit

    return load


@once
def vector_storer(storage):
    """``store(address, offset, lanes)``: a vector of 16 bytes."""

    def twin(address, offset, lanes):
        for lane, value in enumerate(lanes):
            address[offset + lane] = value

    @instruction(twin)
    def store(typing, address, offset, lanes):
        def emit(context, builder, signature, arguments):
            address, offset, lanes = arguments
            _store_vector(builder, storage, address, offset, _values(builder, lanes))
            return context.get_dummy_value()

        return types.void(types.int64, offset, _lanes_type(storage, storage.lanes)), emit

    return store


@once
def zeros(storage, *counts):
    """``zeros()``: a tuple of zeros, or of tuples of them."""
    real = real_type(storage.sums)

    def twin():
        values = real(0)
        for count in reversed(counts):
            values = (values,) * count
        return values

    @instruction(twin)
    def make(typing):
        kind = real
        for count in reversed(counts):
            kind = types.UniTuple(kind, count)

        def emit(context, builder, signature, arguments):
            return ir.Constant(context.get_value_type(signature.return_type), None)

        return kind(), emit

    return make


@once
def sliding_taps(storage, lanes, steps, count):
    """``slide(sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch)``: ``count`` taps.

    ``steps`` neighbouring sums see a window of ``steps - 1`` inputs that moves by one input with each tap::

        window = (*window, x[at + i * pitch] if 0 <= position + i * apart < length else 0)
        sums[j] += window[j] * w[weight + i * weight_pitch]

    With ``lanes`` more than 1 each of these is a vector of 16 bytes. Returns the sums and the window.
    """
    real = real_type(storage.sums)
    width = range(lanes)

    def twin(sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch):
        for i in range(count):
            inside = 0 <= position + i * apart < length
            new = tuple(real(x[at + i * pitch + lane]) if inside else real(0) for lane in width)
            factors = [real(w[weight + i * weight_pitch + lane]) for lane in width]
            seen = (*window, new)
            sums = tuple(
                tuple(_twin_multiply_add(seen[j][lane], factors[lane], sums[j][lane]) for lane in width)
                for j in range(steps)
            )
            window = seen[1:]
        return sums, window

    @instruction(twin)
    def slide(typing, sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch):
        def emit(context, builder, signature, arguments):
            sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch = arguments
            sums, window = _values(builder, sums), _values(builder, window)
            for _ in range(count):
                new = _load_inside(builder, storage, lanes, x, at, _within(builder, position, length))
                factors = _factors(builder, w, weight)
                window.append(new)
                for j, lane in ((j, lane) for j in range(steps) for lane in width):
                    sums[j][lane] = _fused(builder, window[j][lane], factors[lane], sums[j][lane])
                del window[0]
                at, position = builder.add(at, pitch), builder.add(position, apart)
                weight = builder.add(weight, weight_pitch)
            parts = [_packed(builder, sums), _packed(builder, window)]
            return context.make_tuple(builder, signature.return_type, parts)

        index = at
        pair = types.Tuple((sums, window))
        return pair(sums, window, types.int64, *[index] * 5, types.int64, index, index), emit

    def _factors(builder, w, weight):
        if lanes > 1:
            return _load_vector(builder, storage, w, weight)
        pointer = _pointer(builder, w, weight, _item(storage))
        return [_widened(builder, storage, builder.load(pointer, align=storage.item_bytes))]

    return slide


@once
def separate_tap(storage, steps):
    """``tap(sums, x, at, position, length, pitch, apart, factor)``: one tap of ``steps`` sums that share no input.

    ``sums[j] += x[at + j * pitch] * factor`` where ``0 <= position + j * apart < length``.
    """
    real = real_type(storage.sums)

    def twin(sums, x, at, position, length, pitch, apart, factor):
        seen = (
            real(x[at + j * pitch]) if 0 <= position + j * apart < length else real(0) for j in range(steps)
        )  # fmt: skip
        return tuple((_twin_multiply_add(value, factor, total[0]),) for value, total in zip(seen, sums, strict=True))

    @instruction(twin)
    def tap(typing, sums, x, at, position, length, pitch, apart, factor):
        def emit(context, builder, signature, arguments):
            sums, x, at, position, length, pitch, apart, factor = arguments
            sums = _values(builder, sums)
            for j in range(steps):
                (seen,) = _load_inside(builder, storage, 1, x, at, _within(builder, position, length))
                sums[j][0] = _fused(builder, seen, factor, sums[j][0])
                at, position = builder.add(at, pitch), builder.add(position, apart)
            return _packed(builder, sums)

        return sums(sums, types.int64, *[at] * 5, real), emit

    return tap


@once
def sweep_along(storage, steps, vectors, shift, count):
    """``sweep(sums, seen, w, weight, pitch)``: ``count`` taps over inputs that lie side by side in ``seen`` vectors.

    ``sums[j] += seen[shift + i + j] * w[weight + i * pitch]``.
    """
    real = real_type(storage.sums)

    def twin(sums, seen, w, weight, pitch):
        items = [item for vector in seen for item in vector]
        for i in range(count):
            factor = real(w[weight + i * pitch])
            sums = tuple(_twin_multiply_add(items[shift + i + j], factor, sums[j]) for j in range(steps))
        return sums

    @instruction(twin)
    def sweep(typing, sums, seen, w, weight, pitch):
        def emit(context, builder, signature, arguments):
            sums, seen, w, weight, pitch = arguments
            sums = _values(builder, sums)
            items = [item for vector in _values(builder, seen) for item in vector]
            for i in range(count):
                pointer = _pointer(builder, w, weight, _item(storage))
                factor = _widened(builder, storage, builder.load(pointer, align=storage.item_bytes))
                for j in range(steps):
                    sums[j] = _fused(builder, items[shift + i + j], factor, sums[j])
                weight = builder.add(weight, pitch)
            return _packed(builder, sums)

        return sums(sums, seen, types.int64, weight, weight), emit

    return sweep


def _twin_push(vectors, new):
    return (*vectors[1:], new)


@instruction(_twin_push)
def push(typing, vectors, new):
    """The vectors without their first one and with a new one behind."""

    def emit(context, builder, signature, arguments):
        vectors, new = (_values(builder, argument) for argument in arguments)
        return _packed(builder, [*vectors[1:], new])

    return vectors(vectors, new), emit


@once
def parted(storage, count, lanes):
    """``part(values)``: ``count`` values as vectors of lanes."""

    def twin(values):
        return tuple(values[i : i + lanes] for i in range(0, count, lanes))

    @instruction(twin)
    def part(typing, values):
        def emit(context, builder, signature, arguments):
            values = _values(builder, *arguments)
            return _packed(builder, [values[i : i + lanes] for i in range(0, count, lanes)])

        return types.UniTuple(_lanes_type(storage, lanes), count // lanes)(values), emit

    return part


def _twin_transpose(rows):
    return tuple(zip(*rows, strict=True))


@instruction(_twin_transpose)
def transpose(typing, rows):
    """A tuple of columns from a tuple of rows."""

    def emit(context, builder, signature, arguments):
        rows = _values(builder, *arguments)
        return _packed(builder, [list(column) for column in zip(*rows, strict=True)])

    return types.UniTuple(types.UniTuple(rows.dtype.dtype, rows.count), rows.dtype.count)(rows), emit


@once
def shared_storer(count):
    """``store(tile, offset, values)``: ``count`` neighbours in shared memory, at a multiple of 16 bytes."""

    def twin(tile, offset, values):
        for i, value in enumerate(values):
            tile[offset + i] = value[0]

    @instruction(twin)
    def store(typing, tile, offset, values):
        def emit(context, builder, signature, arguments):
            tile, offset, values = arguments
            values = [value for (value,) in _values(builder, values)]
            lanes = VECTOR_BYTES // (8 if values[0].type == DOUBLE else 4)
            for i in range(0, count, lanes):
                vector = ir.Constant(ir.VectorType(values[0].type, lanes), ir.Undefined)
                for lane in range(lanes):
                    vector = builder.insert_element(vector, values[i + lane], I32(lane))
                builder.store(vector, _shared(context, builder, signature, tile, offset, i, vector.type), align=16)
            return context.get_dummy_value()

        return types.void(tile, offset, values), emit

    return store


def _shared(context, builder, signature, tile, offset, plus, kind):
    array = context.make_array(signature.args[0])(context, builder, value=tile)
    offset = builder.add(offset if offset.type.width == 64 else builder.sext(offset, I64), I64(plus))
    pointer = builder.gep(array.data, [offset])
    return builder.bitcast(pointer, ir.PointerType(kind, addrspace=pointer.type.addrspace))


def _load_shared(context, builder, signature, tile, offset, count):
    item = real_type_of(signature.args[0])
    lanes = VECTOR_BYTES // (8 if item == DOUBLE else 4)
    kind, got = ir.VectorType(item, lanes), []
    for i in range(0, count, lanes):
        vector = builder.load(_shared(context, builder, signature, tile, offset, i, kind), align=VECTOR_BYTES)
        got += [builder.extract_element(vector, I32(lane)) for lane in range(lanes)]
    return got


def real_type_of(array):
    """The LLVM type of the numbers of an array in shared memory."""
    return DOUBLE if array.dtype == types.float64 else FLOAT


@once
def outer_products(rows, columns, row_pitch, column_pitch, count):
    """``multiply(tile, left, right, sums)``: ``sums[i][j] += tile[left + r*row_pitch + i] * tile[right + ... + j]``.

    ``r`` counts from 0 to ``count``; ``rows`` and ``columns`` neighbours are read at a time.
    """

    def twin(tile, left, right, sums):
        for r in range(count):
            a, b = left + r * row_pitch, right + r * column_pitch
            sums = tuple(
                tuple(_twin_multiply_add(tile[a + i], tile[b + j], sums[i][j]) for j in range(columns))
                for i in range(rows)
            )
        return sums

    @instruction(twin)
    def multiply(typing, tile, left, right, sums):
        def emit(context, builder, signature, arguments):
            tile, left, right, sums = arguments
            sums = _values(builder, sums)
            for r in range(count):
                a_at = builder.add(left, left.type(r * row_pitch))
                b_at = builder.add(right, right.type(r * column_pitch))
                a = _load_shared(context, builder, signature, tile, a_at, rows)
                b = _load_shared(context, builder, signature, tile, b_at, columns)
                for i, j in ((i, j) for i in range(rows) for j in range(columns)):
                    sums[i][j] = _fused(builder, a[i], b[j], sums[i][j])
            return _packed(builder, sums)

        return sums(tile, left, right, sums), emit

    return multiply
