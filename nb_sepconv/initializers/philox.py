"""The Philox-4x32-10 counter generator, whose words TensorFlow's random operations read.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
"""

import numpy as np

_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10
_LOW = 0xFFFFFFFF
_LOW64 = np.uint64(_LOW)
_HALF = np.uint64(32)

Seeds = tuple[int, int]


def words(seeds: Seeds, blocks: np.ndarray) -> np.ndarray:
    """The four 32-bit words of each numbered block, in uint64.

    Args:
        seeds: two integers of 64 bits: the key, and the upper half of the counter.
        blocks: array of block numbers, the lower half of the counter.

    Returns:
        An array of shape ``blocks.shape + (4,)``.

    Example:
        >>> [hex(word) for word in words((0, 0), np.array(0)).tolist()]
        ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    blocks = blocks.astype(np.uint64)
    key = (seeds[0] & _LOW, seeds[0] >> 32)
    upper = [np.full_like(blocks, half) for half in (seeds[1] & _LOW, seeds[1] >> 32)]
    counter = [blocks & _LOW64, blocks >> _HALF, *upper]
    for _ in range(_ROUNDS):
        counter = _round(counter, np.uint64(key[0]), np.uint64(key[1]))
        key = tuple((half + step) & _LOW for half, step in zip(key, _KEY_STEPS, strict=True))
    return np.stack(counter, axis=-1)


def _round(counter, key0, key1):
    first, second = counter[0] * _MULTIPLIERS[0], counter[2] * _MULTIPLIERS[1]
    return [
        (second >> _HALF) ^ counter[1] ^ key0,
        second & _LOW64,
        (first >> _HALF) ^ counter[3] ^ key1,
        first & _LOW64,
    ]
