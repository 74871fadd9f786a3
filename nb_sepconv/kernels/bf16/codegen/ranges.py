"""Which numbers may be split: those whose parts and whose products of parts neither overflow nor underflow.

The units flush what is below 2**-126 to zero, and a number beyond the largest bfloat16 would round to infinity. So a
row of hidden channels and a panel of weights, both known by the exponents of their largest and of their smallest
numbers (0 aside), are multiplied in parts where

- the smallest are at least 2**-100, so that all 24 bits lie in parts of normal size,
- the products of the smallest are at least 2**-90, so that what is flushed of them is less than 2**-36 of each,
- the largest are finite, and their products below 2**100, so that no sum overflows.

Every other row is multiplied as it is, by fused multiply-adds: the same rows whatever the tile.
"""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import load_intp, store_intp

NO_EXPONENT = 511  # of zeros, as the smallest
BIAS = 127
LARGEST = 2 * BIAS + 98  # of the sum of two biased exponents: products below 2**100
SMALLEST = 2 * BIAS - 90
LARGEST_OF_ONE = BIAS + 120
SMALLEST_OF_ONE = BIAS - 100

RANGE_BYTES = 2 * INTP_BYTES  # the exponents of the largest and of the smallest, in memory


@compiled
def fit(ranges: Any, others: Any) -> Any:
    """Whether numbers of these two ranges, by their addresses, can be multiplied in parts."""
    largest, smallest = load_intp(ranges), load_intp(ranges + INTP_BYTES)
    other_largest, other_smallest = load_intp(others), load_intp(others + INTP_BYTES)
    return (
        max(largest, other_largest) <= LARGEST_OF_ONE
        and min(smallest, other_smallest) >= SMALLEST_OF_ONE
        and largest + other_largest <= LARGEST
        and smallest + other_smallest >= SMALLEST
    )


@compiled
def forget(ranges: Any) -> None:
    """The range of nothing."""
    store_intp(0, ranges)
    store_intp(NO_EXPONENT, ranges + INTP_BYTES)
