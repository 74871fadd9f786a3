"""CRC-32C by bytes, by NumPy and by both compiled kernels."""

import time

import numpy as np
import pytest

from nb_sepconv.kernels import crc32c as checksum
from nb_sepconv.weights.tensorflow import crc32c

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


def multipliers():
    """The widths of carry-less multiplication that this CPU has; 0 stands for tables."""
    return [width for width in (0, 16, 32, 64) if width <= checksum.multiplier_bytes()]


def slow_state(state, data):
    return crc32c._update_bytewise(state, data.tobytes())


@pytest.mark.parametrize("length", LENGTHS)
def test_rows_agree_with_the_slow_way(length):
    data = random_bytes(length, seed=length)
    state, rest = crc32c._update_by_rows(0x12345678, data)
    assert slow_state(state, rest) == slow_state(0x12345678, data)


@pytest.mark.parametrize("width_bytes", multipliers())
@pytest.mark.parametrize("length", LENGTHS)
def test_kernels_agree_with_the_slow_way(width_bytes, length):
    data = random_bytes(length + 1, seed=length)[1:]
    state, rest = crc32c._update_by_kernel(0xFEDCBA98, data, width_bytes)
    assert slow_state(state, rest) == slow_state(0xFEDCBA98, data)


@pytest.mark.parametrize("width_bytes", multipliers())
def test_a_kernel_sees_every_flipped_bit(width_bytes):
    data = random_bytes(1 << 10)
    crcs = {crc32c._update_by_kernel(0, data, width_bytes)[0]}
    for position in range(8 * data.size):
        data[position // 8] ^= 1 << position % 8
        crcs.add(crc32c._update_by_kernel(0, data, width_bytes)[0])
        data[position // 8] ^= 1 << position % 8
    assert len(crcs) == 8 * data.size + 1


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


@pytest.mark.slow
@pytest.mark.parametrize("width_bytes", multipliers())
def test_kernels_hash_a_gigabyte_per_second_of_one_core(width_bytes):
    data = random_bytes(32 << 20)
    seconds = []
    for _ in range(5):
        started = time.process_time()
        crc32c._update_by_kernel(0, data, width_bytes)
        seconds.append(time.process_time() - started)
    print(f"\n{width_bytes} bytes at once: {data.size / min(seconds) / 1e9:.1f} GB/s")
    assert data.size / min(seconds) > 1e9
