"""Writing past the system's memory: any range of a file."""

import errno
import os
import random

import numpy as np
import pytest

from nb_sepconv.files import direct
from nb_sepconv.files.direct import BLOCK_BYTES, whole_blocks
from nb_sepconv.files.preallocated import PreallocatedFile, allocate

SIZE = 40 * BLOCK_BYTES + 1237


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A file of random bytes; a single block is worth a request."""
    monkeypatch.setattr(direct, "LEAST_BYTES", BLOCK_BYTES)
    where = str(tmp_path / "bytes")
    np.random.default_rng(0).integers(0, 256, SIZE, np.uint8).tofile(where)
    descriptor = direct.opened_direct(where, os.O_RDONLY)
    if descriptor is None:
        pytest.skip("the system or its file system has no O_DIRECT")
    os.close(descriptor)
    return where


def placed(memory, offset, count):
    """Bytes of a larger memory that lie in their blocks as the file has them at ``offset``."""
    begin = (offset - memory.ctypes.data) % BLOCK_BYTES
    return memory[begin : begin + count]


def counted(monkeypatch, owner, name):
    """The bytes that each call of a method of requests gave."""
    found, method = [], getattr(owner, name)

    def call(*arguments):
        found.append(method(*arguments))
        return found[-1]

    monkeypatch.setattr(owner, name, call)
    return found


@pytest.mark.parametrize("shift", [0, 1, BLOCK_BYTES - 1])
def test_whole_blocks(shift, monkeypatch):
    monkeypatch.setattr(direct, "LEAST_BYTES", 2 * BLOCK_BYTES)
    memory = np.empty(8 * BLOCK_BYTES, np.uint8)
    for count in (1, BLOCK_BYTES, 2 * BLOCK_BYTES, 2 * BLOCK_BYTES + shift, 4 * BLOCK_BYTES - 1, 4 * BLOCK_BYTES):
        offset = 7 * BLOCK_BYTES + shift
        first, last = whole_blocks(placed(memory, offset, count), offset)
        starts = [start for start in range(offset, offset + count + 1) if not start % BLOCK_BYTES]
        wanted = starts[-1] - starts[0] if starts else 0
        assert last - first == (wanted if wanted >= 2 * BLOCK_BYTES else 0)
        assert first == last or offset + first == starts[0]
        assert whole_blocks(placed(memory, offset + 1, count), offset) == (0, 0)


def test_any_range_is_written(path, monkeypatch):
    straight = counted(monkeypatch, PreallocatedFile, "_write_blocks")
    wanted, memory, draw = np.fromfile(path, np.uint8), np.empty(SIZE + 2 * BLOCK_BYTES, np.uint8), random.Random(0)
    with PreallocatedFile(path, keep=False) as file:
        for number in range(200):
            start = draw.randrange(SIZE)
            stop = draw.randrange(start, SIZE + 1)
            values = placed(memory, start + (number % 10 == 9), stop - start)
            values[...] = np.random.default_rng(number).integers(0, 256, stop - start, np.uint8)
            file.write(start, values)
            wanted[start:stop] = values
            if number % 20 == 0:
                file.sync()
                np.testing.assert_array_equal(np.fromfile(path, np.uint8), wanted)
    np.testing.assert_array_equal(np.fromfile(path, np.uint8), wanted)
    assert sum(straight) > SIZE


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_blocks_that_are_refused_are_written_as_usual_and_errors_are_raised(path, number, monkeypatch):
    pwrite = os.pwrite

    def refuse(descriptor, buffer, offset):
        if descriptor == file._direct:
            raise OSError(number, os.strerror(number))
        return pwrite(descriptor, buffer, offset)

    values = placed(np.full(SIZE + BLOCK_BYTES, 7, np.uint8), 0, SIZE)
    with PreallocatedFile(path, keep=False) as file:
        monkeypatch.setattr(os, "pwrite", refuse)
        if number == errno.EINVAL:
            file.write(0, values)
            np.testing.assert_array_equal(np.fromfile(path, np.uint8), values)
        else:
            with pytest.raises(OSError, match="bytes") as error:
                file.write(0, values)
            assert error.value.errno == errno.EIO


def test_a_direct_descriptor_is_closed_with_its_file(path):
    file = PreallocatedFile(path, keep=False)
    os.fstat(file._direct)
    file.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(file._direct)


def test_without_o_direct_all_goes_through_the_memory(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "O_DIRECT", raising=False)
    path = str(tmp_path / "bytes")
    allocate(path, SIZE)
    values = np.full(SIZE, 7, np.uint8)
    with PreallocatedFile(path, keep=False) as file:
        assert file._direct is None
        file.write(0, values)
    np.testing.assert_array_equal(np.fromfile(path, np.uint8), values)
