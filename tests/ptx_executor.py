"""Runs compiled kernels without a GPU: PTX, a thread a lane of NumPy arrays, in the memory of this process.

It knows what the kernels here use, and lets the threads of all blocks take turns at whatever instruction is the first
that one of them waits at. It refuses accesses outside of arrays or at no multiple of their size, and to shared memory
that another thread writes, or reads before a write, with no barrier between them. Roundings are the instructions', but
that a fused multiply-add of float64 rounds twice.
Source: PTX ISA, https://docs.nvidia.com/cuda/parallel-thread-execution/
"""

import functools
import re
from collections import namedtuple

import ml_dtypes
import numpy as np

DTYPES = {
    "pred": np.bool_,
    **{f"{kind}{bits}": np.dtype(f"u{bits // 8}") for kind in "ub" for bits in (16, 32, 64)},
    **{f"s{bits}": np.dtype(f"i{bits // 8}") for bits in (16, 32, 64)},
    **{"f16": np.dtype("f2"), "f32": np.dtype("f4"), "f64": np.dtype("f8")},
}
REGISTERS = {"%p": "pred", "%f": "f32", "%fd": "f64", "%r": "u32", "%rd": "u64", "%rs": "u16", "%h": "u16"}
WARP, SECTOR_BYTES = 32, 32
Statement = namedtuple("Statement", "guard negated opcode operands")


class Program:
    """A kernel's statements, the places of its labels, its parameters and the bytes of its shared memory.

    ``asked`` counts the bytes that warps load and store in vectors of arrays, ``touched`` those of the sectors around.
    """

    def __init__(self, text):
        self.asked = self.touched = 0
        self.shared_bytes = sum(int(size) for size in re.findall(r"\.shared .*?\.b8 \w+\[(\d+)\]", text))
        header, body = text.split(".entry", 1)[1].split(")\n{", 1)
        names = re.findall(r"\.param \.u64 (\w+)", header)
        self.parameters = {name: number for number, name in enumerate(names)}
        self.statements, self.labels = [], {}
        for piece in re.split(r"[;\n]", re.sub(r"//.*", "", body)):
            self._read(piece.strip())

    def _read(self, text):
        label = re.fullmatch(r"(\$\w+):", text)
        text = re.sub(r"^[{}]\s+|^[{}]$", "", text).strip()
        if label:
            self.labels[label.group(1)] = len(self.statements)
        elif text and not text.startswith((".", "}")):
            guard, negated, opcode, rest = re.fullmatch(r"(?:@(!?)(%?\w+)\s+)?([\w.]+)\s*(.*)", text).group(2, 1, 3, 4)
            self.statements.append(Statement(guard, bool(negated), opcode, split(rest)))


def split(text):
    """Operands; those in braces are lists of them."""
    found = re.findall(r"\{[^}]*\}|\[[^\]]*\]|[^,\s]+", text)
    return [split(each[1:-1]) if each.startswith("{") else each for each in found]


class Memory:
    """Contiguous arrays by their addresses, and nothing beside them."""

    def __init__(self, arrays):
        self.pieces = []
        for array in arrays:
            start = array.__array_interface__["data"][0]
            self.pieces.append((start, start + array.nbytes, array.reshape(-1).view(np.uint8)))

    def elements(self, addresses, dtype):
        """(array of elements, indices) by which each address is reached, with the lanes that it is for."""
        size, left = dtype.itemsize, np.ones(len(addresses), bool)
        if np.any(addresses % size):
            raise IndexError(f"an address that is no multiple of {size}")
        for start, end, whole in self.pieces:
            inside = (addresses >= start) & (addresses + size <= end)
            if inside.any():
                shift = start % size
                usable = whole[-shift % size :][: (len(whole) - (-shift % size)) // size * size].view(dtype)
                yield usable, (addresses[inside] - (start + (-shift % size))) // size, inside
                left &= ~inside
        if left.any():
            raise IndexError(f"{left.sum()} addresses outside of all arrays, such as {addresses[left][0]}")


def run(program, blocks, threads, parameters, arrays):
    """Run all blocks of a launch; parameters are 64 bits each."""
    Grid(program, blocks, threads, parameters, Memory(arrays)).run()


class Shared(Memory):
    """The memory of each block for itself, which notes who touched which 4 bytes since the last barrier."""

    NOBODY, SEVERAL = -1, -2
    ALIGNMENT = 16  # bytes, the largest vector

    def __init__(self, size, blocks, threads):
        self.size, self.threads = size, threads
        self.pitch = -(-size // self.ALIGNMENT) * self.ALIGNMENT
        words = np.full((blocks * self.pitch + self.ALIGNMENT) // 4, np.nan, np.float32)
        skipped = -words.__array_interface__["data"][0] % self.ALIGNMENT // 4
        self.words = words[skipped : skipped + blocks * self.pitch // 4]
        super().__init__([self.words])
        self.readers, self.writers = (np.empty(len(self.words), np.int64) for _ in range(2))
        self.barrier()

    @property
    def address(self):
        return self.words.__array_interface__["data"][0]

    def address_of(self, blocks):
        """Where the memory of each of some blocks begins."""
        return (self.address + blocks * self.pitch).astype(np.uint64)

    def barrier(self):
        self.readers[:] = self.writers[:] = self.NOBODY

    def note(self, addresses, size, threads, writes):
        """Refuse what is another block's, and what another thread may do before or after."""
        places = addresses - self.address - threads // self.threads * self.pitch
        if np.any((places < 0) | (places + size > self.size)):
            raise IndexError("an address outside of the block's shared memory")
        for word in range(0, max(size, 4), 4):
            words = (addresses + word - self.address) // 4
            others = [self.writers[words]] + ([self.readers[words]] if writes else [])
            touched = self.writers if writes else self.readers
            free = (touched[words] == self.NOBODY) | (touched[words] == threads)
            touched[words] = np.where(free, threads, self.SEVERAL)
            alone = touched[words] == threads
            touched[words[~alone]] = self.SEVERAL
            if any(np.any((other != self.NOBODY) & (other != threads)) for other in others) or (
                writes and not alone.all()
            ):
                raise RuntimeError(f"threads race for shared memory: {'a write' if writes else 'a read'}")


@functools.cache
def parts(opcode):
    """An instruction's name and its modifiers."""
    name, *how = opcode.split(".")
    return name, tuple(how)


@functools.cache
def dtype_of(register):
    """The type of what a register holds."""
    kind = REGISTERS.get(re.match(r"%[a-z]+|", register).group(), "u32" if register == "%temp" else "pred")
    return np.dtype(DTYPES[kind])


def constant(operand, dtype):
    """A number that is written into an instruction, its bits where it begins with 0f or 0d."""
    if operand.startswith(("0f", "0d")):
        return np.array(int(operand[2:], 16), np.uint32 if operand[1] == "f" else np.uint64).view(dtype)[()]
    bits = int(operand, 0) & (2 ** (8 * dtype.itemsize) - 1)
    return np.array(bits, f"u{dtype.itemsize}").view(dtype)[()]


@functools.cache
def place(operand):
    """The register and the bytes behind it of an operand in brackets."""
    base, offset = re.fullmatch(r"\[([%\w]+)\+?(-?\d+)?\]", operand).groups()
    return base, int(offset or 0)


class Grid:
    """The threads of all blocks, one block behind the other, their registers and their shared memory."""

    def __init__(self, program, blocks, threads, parameters, memory):
        self.program, self.parameters, self.memory = program, parameters, memory
        self.threads = blocks * threads
        block, thread = np.divmod(np.arange(self.threads), threads)
        self.shared = Shared(program.shared_bytes, blocks, threads)
        self.special = {"%ctaid.x": block, "%ntid.x": np.full(self.threads, threads), "%tid.x": thread}
        self.registers, self.constants = {}, {"_cudapy_smem": self.shared.address_of(block)}
        self.next, self.waiting = np.zeros(self.threads, np.int64), np.zeros(self.threads, bool)
        self.alive, self.block = np.ones(self.threads, bool), block

    def run(self):
        with np.errstate(all="ignore"):
            while self.alive.any():
                ready = self.alive & ~self.waiting
                if ready.any():
                    self.run_first(ready)
                else:
                    self.pass_barriers()

    def run_first(self, ready):
        """The threads that wait at the first instruction, up to where others wait, or to one that moves threads."""
        at = self.next[ready].min()
        lanes = ready & (self.next == at)
        others = self.next[ready & ~lanes]
        end = others.min() if len(others) else len(self.program.statements)
        moved = False
        while at < end and not moved:
            statement = self.program.statements[at]
            at += 1
            moved = parts(statement.opcode)[0] in ("bra", "ret", "bar")
            if moved:
                self.next[lanes] = at
            self.step(statement, lanes)
        if not moved:
            self.next[lanes] = at

    def pass_barriers(self):
        """All threads wait: those of a block at one barrier."""
        blocks = self.block[self.alive]
        barriers = blocks * len(self.program.statements) + self.next[self.alive]
        assert len(np.unique(barriers)) == len(np.unique(blocks)), "threads wait at different barriers"
        self.waiting[:] = False
        self.shared.barrier()

    def step(self, statement, lanes):
        if statement.guard:
            flag = self.read(statement.guard, "pred")
            lanes = lanes & (~flag if statement.negated else flag)
        name, how = parts(statement.opcode)
        if name == "bra":
            self.next[lanes] = self.program.labels[statement.operands[0]]
        elif name == "ret":
            self.alive &= ~lanes
        elif name == "bar":
            self.waiting |= lanes
        elif lanes.any():
            getattr(self, f"do_{name}", self.do_arithmetic)(name, how, statement.operands, lanes)

    def read(self, operand, kind):
        """An operand's values for all threads, as numbers of a type."""
        dtype = np.dtype(DTYPES[kind])
        if operand in self.special:
            return self.special[operand].astype(dtype)
        if operand in self.registers:
            found = self.registers[operand]
            return found.view(dtype) if found.itemsize == dtype.itemsize else found.astype(dtype)
        if operand.startswith("_cudapy_smem"):
            return self.constants["_cudapy_smem"]
        if (operand, dtype) not in self.constants:
            self.constants[operand, dtype] = np.full(self.threads, constant(operand, dtype))
        return self.constants[operand, dtype]

    def write(self, register, values, lanes):
        dtype = dtype_of(register)
        if values.dtype != dtype:
            values = values.view(dtype) if values.itemsize == dtype.itemsize else values.astype(dtype)
        if register not in self.registers:
            self.registers[register] = np.zeros(self.threads, dtype)
        np.copyto(self.registers[register], values, where=lanes)

    def do_mov(self, name, how, operands, lanes):
        to, origin = operands
        if isinstance(to, list):
            bits = self.read(origin, "u64")
            for number, register in enumerate(to):
                self.write(register, (bits >> np.uint64(32 * number)).astype(np.uint32), lanes)
        elif isinstance(origin, list):
            low, high = (self.read(each, "u16").astype(np.uint32) for each in origin)
            self.write(to, low | high << np.uint32(16), lanes)
        else:
            self.write(to, self.read(origin, how[0]), lanes)

    def do_ld(self, name, how, operands, lanes):
        if how[0] == "param":
            number = self.parameters[self.program.parameters[operands[1][1:-1]]]
            self.write(operands[0], np.full(self.threads, number, np.int64).view(np.uint64), lanes)
            return
        registers = operands[0] if isinstance(operands[0], list) else [operands[0]]
        dtype = np.dtype(DTYPES[how[-1]])
        for number, address in self.addresses(how, operands[1], len(registers), dtype, lanes):
            values = np.zeros(self.threads, dtype)
            for whole, indices, inside in self.space(how).elements(address, dtype):
                values[np.flatnonzero(lanes)[inside]] = whole[indices]
            self.write(registers[number], values, lanes)

    def do_st(self, name, how, operands, lanes):
        values = operands[1] if isinstance(operands[1], list) else [operands[1]]
        dtype = np.dtype(DTYPES[how[-1]])
        for number, address in self.addresses(how, operands[0], len(values), dtype, lanes, writes=True):
            stored = self.read(values[number], how[-1])[lanes]
            for whole, indices, inside in self.space(how).elements(address, dtype):
                whole[indices] = stored[inside]

    def space(self, how):
        return self.shared if how[0] == "shared" else self.memory

    def addresses(self, how, operand, count, dtype, lanes, writes=False):
        """The address of each element of a vector, which begins at a multiple of its size."""
        base, offset = place(operand)
        first = (self.read(base, "s64") + offset)[lanes]
        if np.any(first % (count * dtype.itemsize)):
            raise IndexError(f"a vector that does not lie at a multiple of its size: {operand}")
        found = [(number, first + number * dtype.itemsize) for number in range(count)]
        if how[0] == "shared":
            for _, address in found:
                self.shared.note(address, dtype.itemsize, np.flatnonzero(lanes), writes)
        elif count > 1:
            self.count(first, count * dtype.itemsize, lanes)
        return found

    def count(self, addresses, size, lanes):
        warps, sectors = np.flatnonzero(lanes) // WARP, addresses // SECTOR_BYTES
        self.program.asked += len(addresses) * size
        self.program.touched += len(np.unique(warps << 44 | sectors)) * SECTOR_BYTES

    def do_cvt(self, name, how, operands, lanes):
        *how, to, origin = how
        value = self.read(operands[1], origin)
        if to == "tf32":
            bits = value.view(np.uint32)
            value = np.where(np.isfinite(value), (bits + np.uint32(1 << 12)) >> np.uint32(13) << np.uint32(13), bits)
        elif to == "bf16":
            value = value.astype(ml_dtypes.bfloat16).view(np.uint16)
        elif "sat" in how:
            value = np.nan_to_num(np.clip(value, 0, 1))
        elif how and how[0] in ("rni", "rzi"):
            value = (np.rint if how[0] == "rni" else np.trunc)(value)
        else:
            value = value.astype(DTYPES[to])
        self.write(operands[0], value.astype(value.dtype), lanes)

    def do_setp(self, name, how, operands, lanes):
        a, b = (self.read(each, how[1]) for each in operands[1:])
        compared = COMPARISONS[how[0][:2]](a, b)
        self.write(operands[0], compared | np.isnan(a) | np.isnan(b) if how[0].endswith("u") else compared, lanes)

    def do_selp(self, name, how, operands, lanes):
        a, b = (self.read(each, how[0]) for each in operands[1:3])
        self.write(operands[0], np.where(self.read(operands[3], "pred"), a, b), lanes)

    def do_mma(self, name, how, operands, lanes):
        to, left, right, sums = operands
        at_work = lanes.reshape(-1, WARP)
        assert (at_work.all(1) == at_work.any(1)).all(), "a warp multiplies as a whole"
        warps = at_work.any(1)
        a, b, c = (
            [self.read(each, "f32").reshape(-1, WARP)[warps] for each in registers] for registers in (left, right, sums)
        )
        found = [np.zeros(self.threads, np.float32) for _ in range(4)]
        for one, values in zip(found, multiplied(a, b, c), strict=True):
            one.reshape(-1, WARP)[warps] = values
        for register, values in zip(to, found, strict=True):
            self.write(register, values, lanes)

    def do_arithmetic(self, name, how, operands, lanes):
        *how, kind = how
        if not MODIFIERS.issuperset(how):
            raise NotImplementedError(f"no kernel has needed {name}.{'.'.join(how)}.{kind} yet")
        values = [self.read(each, kind) for each in operands[1:]]
        if "hi" in how:
            name = "mul_hi"
        if "wide" in how:
            values = [each.astype({"s32": np.int64, "u32": np.uint64}[kind]) for each in values]
        if name in ("shl", "shr"):
            values[1] = self.read(operands[2], "u32").astype(values[0].dtype)
        self.write(operands[0], ARITHMETIC[name](*values), lanes)


def multiplied(a, b, c):
    """``A B + C`` of the fragments (warps, lanes) of each warp for m16n8k8, cut off towards zero.

    With lane = 4 g + t: A has rows g, g + 8 of the columns t and t + 4, B the rows t and t + 4 of column g, and C the
    columns 2 t, 2 t + 1 of the rows g and g + 8.
    """
    g, t = np.divmod(np.arange(WARP), 4)
    whole_a, whole_b, whole_c = (np.zeros((len(a[0]), *shape)) for shape in ((16, 8), (8, 8), (16, 8)))
    assert not any(np.any(values.view(np.uint32) & 0x1FFF) for values in (*a, *b)), "a factor that is not of TF32"
    for values, rows, columns in zip(a, (g, g + 8, g, g + 8), (t, t, t + 4, t + 4), strict=True):
        whole_a[:, rows, columns] = values
    for values, rows in zip(b, (t, t + 4), strict=True):
        whole_b[:, rows, g] = values
    places = [(g, 2 * t), (g, 2 * t + 1), (g + 8, 2 * t), (g + 8, 2 * t + 1)]
    for values, (rows, columns) in zip(c, places, strict=True):
        whole_c[:, rows, columns] = values
    exact = whole_a @ whole_b + whole_c
    near = exact.astype(np.float32)
    near = np.where(np.abs(near) > np.abs(exact), np.nextafter(near, np.float32(0)), near)
    return [near[:, rows, columns] for rows, columns in places]


def fused(a, b, c):
    if a.dtype != np.float32:
        return a * b + c
    return (a.astype(np.float64) * b + c).astype(np.float32)


def divided(a, b):
    if a.dtype.kind == "f":
        return a / b
    quotient = np.abs(a) // np.maximum(np.abs(b), b.dtype.type(1))
    return np.where((a < 0) != (b < 0), -quotient, quotient) if a.dtype.kind == "i" else quotient


def upper_half(a, b):
    """What of the product of integers lies above their own bits."""
    wide = object if a.itemsize == 8 else f"{a.dtype.kind}{2 * a.itemsize}"
    products = a.astype(wide) * b.astype(wide)
    return (products >> 8 * a.itemsize).astype(a.dtype)


MODIFIERS = {"lo", "hi", "wide", "rn", "rm", "approx", "ftz"}
COMPARISONS = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal}
COMPARISONS |= {"gt": np.greater, "ge": np.greater_equal}
ARITHMETIC = {
    **{"add": np.add, "sub": np.subtract, "mul": np.multiply, "fma": fused, "mad": lambda a, b, c: a * b + c},
    **{
        "div": divided,
        "rem": lambda a, b: a - divided(a, b) * b,
        "neg": np.negative,
        "abs": np.abs,
        "not": np.invert,
        "min": np.fmin,
        "max": np.fmax,
    },
    **{"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "shl": np.left_shift, "shr": np.right_shift},
    **{"copysign": lambda sign, size: np.copysign(size, sign), "ex2": np.exp2, "rcp": lambda a: 1 / a},
    "mul_hi": upper_half,
}
