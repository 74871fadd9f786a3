"""What the instructions are made of: LLVM's instructions for numbers as they are stored, and for vectors of them."""

from typing import Any, NamedTuple

from llvmlite import ir

from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, real_type

if not SIMULATED:
    from numba.cuda import cgutils, types

VECTOR_BYTES = 16
I16: Any = ir.IntType(16)
I32: Any = ir.IntType(32)
I64: Any = ir.IntType(64)
HALF: Any = ir.HalfType()
FLOAT: Any = ir.FloatType()
DOUBLE: Any = ir.DoubleType()
GLOBAL = 1  # the address space of arrays


class Storage(NamedTuple):
    """How numbers lie in memory."""

    name: str
    item_bytes: int

    @property
    def lanes(self) -> int:
        """The numbers in a vector of 16 bytes."""
        return VECTOR_BYTES // self.item_bytes

    @property
    def sums(self) -> str:
        """The name of the type that adds them up."""
        return "float64" if self.name == "float64" else "float32"


STORAGE = {
    name: Storage(name, size) for name, size in (("float16", 2), ("bfloat16", 2), ("float32", 4), ("float64", 8))
}


def pointer_to(builder: Any, address: Any, offset: Any, item: Any) -> Any:
    """A pointer to an item, ``offset`` items behind an address in an array."""
    offset = offset if offset.type.width == 64 else builder.sext(offset, I64)
    return builder.gep(builder.inttoptr(address, ir.PointerType(item, addrspace=GLOBAL)), [offset])


def item_type(storage: Any) -> Any:
    """The LLVM type of a stored number."""
    return {2: I16, 4: FLOAT, 8: DOUBLE}[storage.item_bytes]


def widened(builder: Any, storage: Any, item: Any) -> Any:
    """A stored number as one that is added up."""
    if storage.name == "float16":
        return builder.fpext(builder.bitcast(item, HALF), FLOAT)
    if storage.name == "bfloat16":
        return builder.bitcast(builder.shl(builder.zext(item, I32), I32(16)), FLOAT)
    return item


def narrowed(builder: Any, storage: Any, value: Any) -> Any:
    """A sum as it is stored, rounded to the nearest, ties to even."""
    if storage.name == "float16":
        return builder.bitcast(builder.fptrunc(value, HALF), I16)
    if storage.name == "bfloat16":
        return builder.asm(ir.FunctionType(I16, [FLOAT]), "cvt.rn.bf16.f32 $0, $1;", "=h,f", [value], False)
    return value


def load_item(builder: Any, storage: Any, address: Any, offset: Any) -> Any:
    """One stored number, to be added up."""
    pointer = pointer_to(builder, address, offset, item_type(storage))
    return widened(builder, storage, builder.load(pointer, align=storage.item_bytes))


def words(storage: Any) -> Any:
    """The registers that a vector fills: their type and how many."""
    return (DOUBLE, 2) if storage.name == "float64" else (FLOAT if storage.name == "float32" else I32, 4)


def lanes_of(builder: Any, storage: Any, words: Any) -> list[Any]:
    if storage.item_bytes != 2:
        return list(words)
    halves = []
    for word in words:
        halves += builder.trunc(word, I16), builder.trunc(builder.lshr(word, I32(16)), I16)
    return [widened(builder, storage, half) for half in halves]


def words_of(builder: Any, storage: Any, lanes: Any) -> Any:
    if storage.item_bytes != 2:
        return lanes
    halves = [builder.zext(narrowed(builder, storage, lane), I32) for lane in lanes]
    return [builder.or_(low, builder.shl(high, I32(16))) for low, high in zip(halves[::2], halves[1::2], strict=True)]


def load_vector(builder: Any, storage: Any, address: Any, offset: Any) -> list[Any]:
    word, count = words(storage)
    pointer = pointer_to(builder, address, offset, item_type(storage))
    pointer = builder.bitcast(pointer, ir.PointerType(ir.VectorType(word, count), addrspace=GLOBAL))
    vector = builder.load(pointer, align=VECTOR_BYTES)
    return lanes_of(builder, storage, [builder.extract_element(vector, I32(i)) for i in range(count)])


def vector_of(builder: Any, values: Any) -> Any:
    """A vector of LLVM values."""
    vector = ir.Constant(ir.VectorType(values[0].type, len(values)), ir.Undefined)
    for i, value in enumerate(values):
        vector = builder.insert_element(vector, value, I32(i))
    return vector


def store_vector(builder: Any, storage: Any, address: Any, offset: Any, lanes: Any) -> None:
    """Store the lanes of a vector at a multiple of its size."""
    vector = vector_of(builder, words_of(builder, storage, lanes))
    pointer = pointer_to(builder, address, offset, item_type(storage))
    pointer = builder.bitcast(pointer, ir.PointerType(vector.type, addrspace=GLOBAL))
    builder.store(vector, pointer, align=storage.item_bytes * len(lanes))


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


def load_where_inside(builder: Any, storage: Any, lanes: Any, address: Any, offset: Any, inside: Any) -> list[Any]:
    """A vector, or one number where ``lanes`` is 1; zeros where it is not ``inside``."""
    word, count = words(storage) if lanes > 1 else (item_type(storage), 1)
    text = _INSIDE["vector" if lanes > 1 else "one", count if lanes > 1 else storage.item_bytes]
    result = ir.LiteralStructType([word] * count) if count > 1 else word
    constraints = ",".join([f"={_REGISTERS[word]}"] * count + ["l", "r"])
    where = builder.ptrtoint(pointer_to(builder, address, offset, item_type(storage)), I64)
    flag = builder.zext(inside, I32) if inside.type.width < 32 else inside
    got = builder.asm(ir.FunctionType(result, [I64, I32]), text, constraints, [where, flag], False)
    if lanes == 1:
        return [widened(builder, storage, got)]
    return lanes_of(builder, storage, [builder.extract_value(got, i) for i in range(count)])


def is_within(builder: Any, position: Any, length: Any) -> Any:
    """``0 <= position < length`` in one comparison."""
    return builder.icmp_unsigned("<", position, length)


def fused_multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(a.type, [a.type] * 3),
        "llvm.fma.f64" if a.type == DOUBLE else "llvm.fma.f32",
    )
    return builder.call(function, [a, b, c])


def unpacked(builder: Any, nested: Any) -> Any:
    """A tuple of numbers, or of tuples of them, as lists of LLVM values."""
    if isinstance(nested.type, (ir.ArrayType, ir.LiteralStructType)):
        return [unpacked(builder, part) for part in cgutils.unpack_tuple(builder, nested)]
    return nested


def packed(builder: Any, nested: Any) -> Any:
    if isinstance(nested, list):
        return cgutils.pack_array(builder, [packed(builder, part) for part in nested])
    return nested


def lanes_type(storage: Any, lanes: Any) -> Any:
    return types.UniTuple(real_type(storage.sums), lanes)


def shared_pointer(context: Any, builder: Any, signature: Any, tile: Any, offset: Any, plus: Any, kind: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, value=tile)
    offset = builder.add(offset if offset.type.width == 64 else builder.sext(offset, I64), I64(plus))
    pointer = builder.gep(array.data, [offset])
    return builder.bitcast(pointer, ir.PointerType(kind, addrspace=pointer.type.addrspace))


def load_shared(context: Any, builder: Any, signature: Any, tile: Any, offset: Any, count: Any) -> list[Any]:
    item = real_type_of(signature.args[0])
    lanes = VECTOR_BYTES // (8 if item == DOUBLE else 4)
    kind, got = ir.VectorType(item, lanes), []
    for i in range(0, count, lanes):
        vector = builder.load(shared_pointer(context, builder, signature, tile, offset, i, kind), align=VECTOR_BYTES)
        got += [builder.extract_element(vector, I32(lane)) for lane in range(lanes)]
    return got


def real_type_of(array: Any) -> Any:
    """The LLVM type of the numbers of an array in shared memory."""
    return DOUBLE if array.dtype == types.float64 else FLOAT
