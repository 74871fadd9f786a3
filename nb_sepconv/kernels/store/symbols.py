"""The names that an object file leaves to others: a name that is not found would end the process that loads it."""

import struct
from collections.abc import Iterator

ELF, COFF_X86, COFF_ARM = b"\x7fELF", b"\x64\x86", b"\x64\xaa"
MACH_O = b"\xcf\xfa\xed\xfe"
SYMBOL_TABLE, MACH_SYMBOL_TABLE = 2, 2
MACH_TYPE, MACH_HEADER_BYTES = 0x0E, 32


def undefined(code: bytes) -> tuple[str, ...] | None:
    """The names that the object file does not define, None where its format is not known."""
    readers = {ELF: _of_elf, MACH_O: _of_mach_o, COFF_X86: _of_coff, COFF_ARM: _of_coff}
    for magic, reader in readers.items():
        if code.startswith(magic):
            return tuple(sorted(set(reader(code))))
    return None


def _of_elf(code: bytes) -> Iterator[str]:
    (sections,) = struct.unpack_from("<Q", code, 0x28)
    size, count = struct.unpack_from("<HH", code, 0x3A)
    headers = [struct.unpack_from("<IIQQQQIIQQ", code, sections + i * size) for i in range(count)]
    for _, kind, _, _, offset, length, link, *_ in headers:
        if kind == SYMBOL_TABLE:
            names = headers[link][4]
            for at in range(offset + 24, offset + length, 24):
                name, _, _, section = struct.unpack_from("<IBBH", code, at)
                if section == 0 and name:
                    yield _name(code, names + name)


def _of_mach_o(code: bytes) -> Iterator[str]:
    (commands,) = struct.unpack_from("<I", code, 16)
    at = MACH_HEADER_BYTES
    for _ in range(commands):
        kind, length = struct.unpack_from("<II", code, at)
        if kind == MACH_SYMBOL_TABLE:
            offset, count, names, _ = struct.unpack_from("<IIII", code, at + 8)
            for i in range(count):
                name, symbol, _, _, value = struct.unpack_from("<IBBHQ", code, offset + 16 * i)
                if symbol & MACH_TYPE == 0 and value == 0:  # with a value it is common storage
                    yield _name(code, names + name).removeprefix("_")
        at += length


def _of_coff(code: bytes) -> Iterator[str]:
    offset, count = struct.unpack_from("<II", code, 8)
    names, skipped = offset + 18 * count, 0
    for at in range(offset, names, 18):
        if skipped:
            skipped -= 1
            continue
        short, value, section, _, storage, skipped = struct.unpack_from("<8sIhHBB", code, at)
        if section == 0 and value == 0 and storage == 2:
            far = struct.unpack("<I", short[4:])[0] if short[:4] == bytes(4) else None
            yield _name(code, names + far) if far is not None else short.rstrip(b"\0").decode()


def _name(code: bytes, at: int) -> str:
    return code[at : code.index(b"\0", at)].decode()
