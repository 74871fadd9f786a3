"""CRC-32C by bytes, by NumPy and by both compiled kernels."""

import time

import numpy as np
import pytest

from nb_sepconv.kernels.cpu import checksum
from nb_sepconv.weights import crc32c

LENGTHS = [
    0,
    1,
    3,
    7,
    8,
    9,
    63,
    64,
    65,
    1023,
    1024,
    1025,
    12287,
    12288,
    12289,
    12296,
    262143,
    262144,
    262145,
    300001,
    2500000,
]


def reference(data, crc=0):
    """Bit by bit, as in RFC 3720, appendix B.4."""
    crc ^= 0xFFFFFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def random_bytes(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
    ],
)
def test_published_values(data, crc):
    assert crc32c.crc32c(data) == crc == reference(data)


def by_rows(data, crc):
    return crc32c._update_by_rows(crc, data)


def by_tables(data, crc):
    return crc32c._update_by_kernel(crc, data, instruction=False)


def by_instruction(data, crc):
    if not checksum.has_instruction():
        pytest.skip("this CPU has no CRC-32C instruction that Numba may use")
    return crc32c._update_by_kernel(crc, data, instruction=True)


@pytest.mark.parametrize("update", [by_rows, by_tables, by_instruction])
@pytest.mark.parametrize("length", LENGTHS)
def test_fast_ways_agree_with_the_slow_one(update, length):
    data = random_bytes(length, seed=length)
    state, rest = update(data, 0x12345678)
    assert crc32c._update_bytewise(state, rest.tobytes()) == crc32c._update_bytewise(0x12345678, data.tobytes())


@pytest.mark.parametrize("length", [0, 5, 100, 1500])
def test_all_agree_with_the_definition(length):
    data = random_bytes(length).tobytes()
    assert crc32c.crc32c(data) == reference(data)


@pytest.mark.parametrize("cut", [0, 1, 777, 5000, 65536, 99999, 100000])
def test_checksums_continue(cut):
    data = random_bytes(100000)
    assert crc32c.crc32c(data[cut:], crc32c.crc32c(data[:cut])) == crc32c.crc32c(data)


def test_mask_is_that_of_tensorflow():
    assert crc32c.masked(0) == 0xA282EAD8
    assert crc32c.masked(0xE3069283) == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize("instruction", [True, False])
def test_kernels_hash_a_gigabyte_per_second_of_one_core(instruction):
    if instruction and not checksum.has_instruction():
        pytest.skip("this CPU has no CRC-32C instruction that Numba may use")
    data = random_bytes(32 << 20)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        crc32c._update_by_kernel(0, data, instruction)
        seconds.append(time.process_time() - started)
    assert data.size / min(seconds) > 1e9
