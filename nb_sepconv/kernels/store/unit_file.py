"""The file of a unit: a magic number, a hash of all that follows, the key, a description, and the machine code."""

import hashlib
import json
import struct
from typing import NamedTuple

MAGIC = b"nbsepco1"
HASH_BYTES = 32
_LENGTH = struct.Struct("<I")
_HEAD_BYTES = len(MAGIC) + HASH_BYTES
_FIXED_BYTES = _HEAD_BYTES + HASH_BYTES + _LENGTH.size


class Unit(NamedTuple):
    """A function's machine code, an object file, where ``symbol`` is its name and ``needs`` are those of others."""

    name: str
    symbol: str
    needs: tuple[str, ...]
    code: bytes


def encoded(unit: Unit, key: bytes) -> bytes:
    """The content of the file."""
    about = json.dumps([unit.name, unit.symbol, unit.needs]).encode()
    body = key + _LENGTH.pack(len(about)) + about + unit.code
    return MAGIC + hashlib.sha256(body).digest() + body


def decoded(content: bytes) -> tuple[Unit, bytes] | None:
    """The unit and its key; None where the content is not what was written."""
    body = content[_HEAD_BYTES:]
    if len(content) < _FIXED_BYTES or content[:_HEAD_BYTES] != MAGIC + hashlib.sha256(body).digest():
        return None
    (length,) = _LENGTH.unpack_from(content, _FIXED_BYTES - _LENGTH.size)
    name, symbol, needs = json.loads(content[_FIXED_BYTES : _FIXED_BYTES + length])
    return Unit(name, symbol, tuple(needs), content[_FIXED_BYTES + length :]), body[:HASH_BYTES]
