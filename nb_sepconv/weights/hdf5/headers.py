"""Object headers: the list of messages that describe a group or a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.files.errors import located
from nb_sepconv.weights.hdf5.claims import UnusualHdf5, number, require

if TYPE_CHECKING:
    from nb_sepconv.weights.hdf5.claims import ClaimedFile

PREFIX_BYTES = 16
LATER_SIGNATURE = b"OHDR"
MESSAGE_PREFIX_BYTES = 8
LINK_INFO, LINK, GROUP_INFO = 2, 6, 10
LATER_GROUP_KINDS = {LINK_INFO, LINK, GROUP_INFO}
NIL, DATASPACE, DATATYPE, FILL, LAYOUT, FILTERS, ATTRIBUTE = 0, 1, 3, 5, 8, 11, 12
CONTINUATION, SYMBOLS, MODIFIED = 16, 17, 18
GROUP_KINDS = {NIL, ATTRIBUTE, CONTINUATION, SYMBOLS, MODIFIED}
DATASET_KINDS = {NIL, DATASPACE, DATATYPE, FILL, LAYOUT, ATTRIBUTE, CONTINUATION, MODIFIED}
CONSTANT, NEVER_SHARED = 1, 4  # h5py before 3.2 renamed attributes, which sets the second


class Message(NamedTuple):
    """One message of an object header."""

    kind: int
    data: memoryview


def read_messages(file: ClaimedFile, address: int) -> list[Any]:
    """All messages of the object at an address: one symbol table, or what makes a dataset, and attributes."""
    prefix = file.take(address, PREFIX_BYTES, "an object header")
    with located(file.path, address):
        if prefix.startswith(LATER_SIGNATURE):
            raise UnusualHdf5("expected an object header of version 1; received version 2")
        require(prefix[0] == 1 and not prefix[1], f"expected an object header of version 1; received {prefix[0]}")
        require(number(prefix, 4, 4) == 1, f"expected one link to an object; received {number(prefix, 4, 4)}")
        require(not any(prefix[12:]), "expected zeros in the padding of an object header")
    blocks = [(address + PREFIX_BYTES, number(prefix, 8, 4))]
    messages = []
    for start, size in blocks:
        block = memoryview(file.take(start, size, "the messages of an object"))
        with located(file.path, start):
            found = list(_split(block))
            blocks += [_continuation(message) for message in found if message.kind == CONTINUATION]
        messages += found
    with located(file.path, address):
        _check(messages, number(prefix, 2, 2))
    return messages


def only(messages: Any, kind: int, what: str) -> Any:
    """The data of the one message of a kind."""
    found = [message.data for message in messages if message.kind == kind]
    require(len(found) == 1, f"expected one {what}; received {len(found)}")
    return found[0]


def is_group(messages: Any) -> bool:
    """Whether the messages are those of a group."""
    return any(message.kind == SYMBOLS for message in messages)


def _split(block):
    """Yield the messages that fill a block."""
    position = 0
    while position < len(block):
        kind, size = number(block, position, 2), number(block, position + 2, 2)
        start = position + MESSAGE_PREFIX_BYTES
        require(
            start + size <= len(block) and size % 8 == 0, f"expected a message that fits; its size is {size}", position
        )
        plain = not block[position + 4] & ~(CONSTANT | NEVER_SHARED)
        require(kind == NIL or plain, "expected a message that is not shared", position)
        yield Message(kind, block[start : start + size])
        position = start + size


def _continuation(message):
    require(len(message.data) >= 16, "expected the place of more messages")
    return number(message.data, 0, 8), number(message.data, 8, 8)


def _check(messages, count):
    require(len(messages) == count, f"expected {count} messages of an object; received {len(messages)}")
    allowed = GROUP_KINDS if is_group(messages) else DATASET_KINDS
    odd = {message.kind for message in messages} - allowed
    problem = f"expected a group or a contiguous dataset without filters; received messages of kind {sorted(odd)}"
    if odd == {FILTERS} or (LINK_INFO in odd and odd <= LATER_GROUP_KINDS):
        raise UnusualHdf5(problem)
    require(not odd, problem)
