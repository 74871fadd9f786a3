"""Layers drawn by a seed: of few channels, of few rows, and of both."""

import numpy as np

from benchmarks.workloads import Workload

NARROW_CHANNELS, WIDE_CHANNELS = (1, 2, 3, 6, 12), (64, 1024)
MULTIPLIERS, WIDE_MULTIPLIERS = (1, 32), (1, 2)
KERNEL_SIZES, WIDE_KERNEL_SIZES = (3, 250), (3, 32)
STRIDES, FILTERS = (1, 16), (1, 2048)
FEW_ROWS, MANY_ROWS, BATCHES = (1, 60), (200, 8000), (1, 4, 8)
MOST_OPERATIONS = 4e8  # of a call, so that a turn has several
KINDS = "few channels", "few channels and rows", "few rows"


def random_workloads(seed, count):
    """So many workloads, a third of each kind; a longer list begins with the shorter one."""
    random = np.random.default_rng(seed)
    return [_draw(random, f"random_{number}", KINDS[number % len(KINDS)]) for number in range(count)]


def _draw(random, name, kind):
    wide = kind == "few rows"
    channels = _between(random, WIDE_CHANNELS) if wide else int(random.choice(NARROW_CHANNELS))
    multiplier = _between(random, WIDE_MULTIPLIERS if wide else MULTIPLIERS)
    kernel_size = _between(random, WIDE_KERNEL_SIZES if wide else KERNEL_SIZES)
    strides = min(_between(random, STRIDES), kernel_size)
    filters = _between(random, FILTERS)
    batch, rows = 1, int(random.integers(*FEW_ROWS, endpoint=True))
    if kind == "few channels":
        batch, rows = int(random.choice(BATCHES)), _between(random, MANY_ROWS)
        most = MOST_OPERATIONS / (2 * batch * channels * multiplier * (kernel_size + filters))
        rows = min(rows, max(int(most), FEW_ROWS[1] + 1))
    return Workload(
        name=name,
        batch=batch,
        length=rows * strides,
        channels=channels,
        kernel_size=kernel_size,
        strides=strides,
        dilation_rate=1,
        padding="same",
        depth_multiplier=multiplier,
        filters=filters,
        model=kind,
    )


def _between(random, limits):
    """An integer from the first to the last, small ones as likely as large ones of the same ratio."""
    first, last = limits
    return int(np.exp(random.uniform(np.log(first), np.log(last + 1))))
