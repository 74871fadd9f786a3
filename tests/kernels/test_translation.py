"""Functions of integers give what Python gives, translated; a first call translates no more of them than it needs."""

import json
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numba.core.errors import TypingError

from nb_sepconv.kernels.cpu.codegen.entry_points import callable_from_python
from nb_sepconv.kernels.cpu.codegen.fields import fields_at
from nb_sepconv.kernels.cpu.codegen.function_pointers import pointer_to

ROOT = Path(__file__).parents[2]
INTEGERS = (-9, -8, -3, -1, 0, 1, 2, 7, 8, 64)


@pytest.fixture(autouse=True)
def without_a_store(monkeypatch):
    monkeypatch.setenv("NB_SEPCONV_CACHE", "off")


class Pair(NamedTuple):
    low: int
    high: int


def quotient(a, b):
    return a // b if b else 0


def remainder(a, b):
    return a % b if b else 0


def by_constants(a, b):
    return a // 8 + a % 8 * 100 + b // -3 * 10_000 + b % -3 * 1_000_000


def bits(a, b):
    return (a << 3 >> 1) ^ (a & b) | ~b


def comparisons(a, b):
    return (a < b) + 2 * (a <= b) + 4 * (a > b) + 8 * (a >= b) + 16 * (a == b) + 32 * (a != b)


def conditions(a, b):
    return 1 if (a and not b) or -3 < b <= 7 else +a - b


def extremes(a, b):
    return min(a, b, 3) * 1000 + max(a, b, -2) + int(bool(a))


def ordered(a, b):
    return Pair(high=max(a, b), low=min(a, b))


def through_tuples(a, b):
    pair, (c, d) = ordered(a, b), (b, a)
    low, high = pair
    return low * 1000 + pair.high * 100 + high * 10 + c - d


def loops(a, b):
    total = 0
    for i in range(a, b):
        for j in range(b, a - 1, -2):
            total += i * j
            if total > 500:
                return total
    for step in (3, 5, 1):
        for i in range(a, 20, step):
            if i == 5:
                continue
            total = total * 3 % 1001 + i
    while total > b * b and total > 10:
        total -= 7
        if total % 11 == 0:
            break
    return total


def sum_of_range(a, b):
    total = 0
    for i in range(a, 9, b or 1):
        total = total * 3 % 1001 + i
    return total


def recalled(a, b):
    before, now = a, b
    for _ in range(3):
        before, now = now, before + now
    return before


@pytest.mark.parametrize(
    "function",
    [
        *(quotient, remainder, by_constants, bits, comparisons, conditions, extremes, through_tuples),
        *(loops, sum_of_range, recalled),
    ],
)
def test_results_are_pythons(function):
    made = callable_from_python(function)()
    for a, b in product(INTEGERS, INTEGERS):
        assert made(a, b) == int(function(a, b)), (a, b)


def test_what_is_divided_by_zero_is_zero():
    @callable_from_python
    def both(a, b):
        return a // b * 10 + a % b

    assert both()(7, 0) == both()(-7, 0) == 0


def test_fields_are_read_from_memory():
    pair_at = fields_at(Pair)

    def difference(p, scale):
        return (p.high - p.low) * scale if p.high > p.low else 0

    @callable_from_python
    def scaled(address, scale):
        p = pair_at(address)
        return difference(p, scale) + difference(p, scale=2)

    memory = np.array([3, 10], np.intp)
    assert scaled()(memory.ctypes.data, 100) == 714


def test_a_variable_keeps_its_kind():
    @pointer_to
    def changes(a):
        pair = a
        if a > 2:
            pair = Pair(a, a)
        return pair

    @pointer_to
    def nameless(a):
        return a.nothing

    @pointer_to
    def floats(a):
        return a / 2

    for wrong in (changes, nameless, floats):
        with pytest.raises(TypingError, match="Not to be translated in"):
            wrong()


CALLS = """
import gc, json, sys
import numpy as np
import nb_sepconv as tf
from numba.core import typeinfer
from nb_sepconv.kernels.cpu.codegen.translation.reading import reading_of

rng = np.random.default_rng(0)
shapes = {"channels_last": (4, 128, 64), "channels_first": (4, 64, 128)}
first, other = sys.argv[1:]
layer, of_other = (tf.layers.SeparableConv1D(64, 3, padding="same", data_format=each) for each in (first, other))
inferred, counts = [], []
typeinfer.TypeInferer.__init__ = inferred.append
layer(rng.standard_normal(shapes[first], np.float32))
counts.append(reading_of.cache_info().misses)
outputs, pullback = layer.value_and_pullback(rng.standard_normal(shapes[first], np.float32))
pullback(np.ones_like(outputs))
counts.append(reading_of.cache_info().misses)
of_other(rng.standard_normal(shapes[other], np.float32))
counts.append(reading_of.cache_info().misses)
assert gc.isenabled() and not inferred
print(json.dumps(counts))
"""


@pytest.mark.parametrize("formats", [("channels_last", "channels_first"), ("channels_first", "channels_last")])
def test_first_calls_read_no_more_functions_than_they_need(formats):
    """Each once, and Numba infers no types, which took half of a first call."""
    environment = {**os.environ, "NB_SEPCONV_CACHE": "off", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CALLS, *formats]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, timeout=300)
    first, gradient, other = json.loads(done.stdout.splitlines()[-1])
    assert first <= 70
    assert gradient - first <= 34
    assert other - gradient <= 17
