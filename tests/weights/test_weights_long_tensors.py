"""Long tensors: where they lie, and reading them by several threads."""

import mmap
import threading

import numpy as np
import pytest

from nb_sepconv import weights
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights import memory, verified_read
from nb_sepconv.weights.tensorflow import crc32c
from nb_sepconv.weights.tensorflow.crc32c import KERNEL_AFTER_BYTES

BLOCK = verified_read.BLOCK_BYTES
SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 5 * BLOCK + 12345]


def random_bytes(size):
    return np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)


@pytest.fixture(params=[False, True], ids=["by NumPy", "compiled"])
def way(request, monkeypatch):
    """Before and after long data is hashed by compiled code, and by several threads."""
    monkeypatch.setitem(crc32c._seen, "bytes", KERNEL_AFTER_BYTES if request.param else -(1 << 40))


@pytest.fixture
def stored(tmp_path):
    """A function that writes bytes behind seven others and opens the file."""

    def store(data):
        path = tmp_path / "data"
        path.write_bytes(b"before!" + data.tobytes())
        return RandomAccessFile(path)

    return store


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", SIZES)
def test_blocks_give_the_bytes_and_the_checksum(size, stored):
    data, buffer = random_bytes(size), np.full(size, 77, np.uint8)
    with stored(data) as file:
        crc = verified_read.read_with_crc(file, 7, buffer, "a tensor")
    np.testing.assert_array_equal(buffer, data)
    assert crc == crc32c.crc32c(data)


@pytest.mark.usefixtures("way")
def test_a_file_that_shrinks_is_refused(stored):
    data = random_bytes(6 * BLOCK)
    with stored(data) as file:
        with open(file.path, "rb+") as shrinking:
            shrinking.truncate(3 * BLOCK)
        with pytest.raises(weights.WeightsError, match="the file ends inside a tensor"):
            verified_read.read_with_crc(file, 7, np.empty(data.size, np.uint8), "a tensor")


@pytest.mark.usefixtures("way")
def test_an_error_ends_the_reading():
    done = []

    def action(number):
        done.append(number)
        raise KeyError(number)

    with pytest.raises(KeyError):
        verified_read._share(action, 1000)
    assert len(done) <= threading.active_count()


@pytest.mark.parametrize("second_bytes", [0, 1, 2, 7, 64, 1000, 65537])
def test_checksums_of_neighbours_are_joined(second_bytes):
    data = random_bytes(3000 + second_bytes)
    first, second = data[:3000], data[3000:]
    assert crc32c.joined(crc32c.crc32c(first), crc32c.crc32c(second), second_bytes) == crc32c.crc32c(data)


@pytest.mark.parametrize("dtype", ["u1", "<f4", "<c16", "<U3", object])
@pytest.mark.parametrize("shape", [(), (0, 3), (5, 7), (1024, 1025), (3, 1 << 20)])
def test_memory_is_an_array_of_its_own(shape, dtype):
    first, second = memory.empty(shape, dtype), memory.empty(shape, dtype)
    assert first.shape == shape
    assert first.dtype == np.dtype(dtype)
    assert first.flags.c_contiguous
    assert first.flags.writeable
    assert not np.shares_memory(first, second)


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="this system has no huge pages")
def test_long_arrays_start_with_a_page():
    assert memory.empty((4 << 20,), "u1").ctypes.data % mmap.PAGESIZE == 0


def test_a_system_without_room_for_maps_is_served_by_numpy(monkeypatch):
    def refuse(*arguments, **settings):
        raise OSError

    monkeypatch.setattr(mmap, "mmap", refuse)
    assert memory.empty((1 << 20, 8), "f4").shape == (1 << 20, 8)


def test_long_tensors_outlive_their_file(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(1500, 1001)).astype("f4")
    weights.save(tmp_path / "model.ckpt", {"kernel": kernel})
    with weights.load(tmp_path / "model.ckpt") as file:
        first, second = file["kernel"], file["kernel"]
    first += 1
    np.testing.assert_array_equal(second, kernel)
    np.testing.assert_array_equal(first, kernel + 1)
