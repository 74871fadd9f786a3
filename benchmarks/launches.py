"""What a launch costs: ``python -m benchmarks.launches`` times a small layer on one thread and on all, in turns.

The layer is one that calls leave to one thread, since others would be woken in vain; here both ways are taken. The
medians in microseconds are printed, and what the launch on all threads takes above the other.
"""

import argparse

import numpy as np

from benchmarks.calls import measure
from nb_sepconv import layers
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.cpu import engine

SHAPE, FILTERS, KERNEL_SIZE = (1, 100, 8), 16, 3
SERIAL, PARALLEL = "one thread", "all threads"


def calls():
    """The layer's call on one thread and on all, each planned for its number whatever the work."""
    inputs = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    usual = engine.SERIAL_MULTIPLY_ADDS
    found = {}
    for name, least in ((SERIAL, usual), (PARALLEL, 0)):
        engine.SERIAL_MULTIPLY_ADDS = least
        planned_calls.clear()  # layers of the same sizes share a plan
        layer = layers.SeparableConv1D(FILTERS, KERNEL_SIZE)
        layer(inputs)
        found[name] = lambda layer=layer: layer(inputs)
    engine.SERIAL_MULTIPLY_ADDS = usual
    return found


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.launches", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="turns of each call (default 50)")
    options = parser.parse_args(arguments)
    seconds = measure(calls(), options.rounds)
    for name, each in seconds.items():
        print(f"{name:12} {each * 1e6:6.2f} us")
    above = seconds[PARALLEL] - seconds[SERIAL]
    print(f"{cpu.get_num_threads()} threads take {above * 1e6:.2f} us more than one")


if __name__ == "__main__":
    main()
