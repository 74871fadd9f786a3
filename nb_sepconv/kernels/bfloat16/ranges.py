"""Which numbers may be split: those whose parts and whose products of parts neither overflow nor underflow.

The units flush what is below 2**-126 to zero, and a number beyond the largest bfloat16 would round to infinity. So a
row of hidden channels and a panel of weights, both known by the exponents of their largest and of their smallest
numbers (0 aside), are multiplied in parts where

- the smallest are at least 2**-100, so that all 24 bits lie in parts of normal size,
- the products of the smallest are at least 2**-90, so that what is flushed of them is less than 2**-36 of each,
- the largest are finite, and their products below 2**100, so that no sum overflows.

Every other row is multiplied as it is, by fused multiply-adds: the same rows whatever the tile.
"""

from numba.extending import register_jitable

BIAS = 127
LARGEST = 2 * BIAS + 98  # of the sum of two biased exponents: products below 2**100
SMALLEST = 2 * BIAS - 90
LARGEST_OF_ONE = BIAS + 120
SMALLEST_OF_ONE = BIAS - 100


@register_jitable
def fits(largest, smallest):
    """Whether numbers of these biased exponents can be split."""
    return largest <= LARGEST_OF_ONE and smallest >= SMALLEST_OF_ONE


@register_jitable
def fit_together(largest, smallest, other_largest, other_smallest):
    """Whether products of such numbers can be summed in parts."""
    return largest + other_largest <= LARGEST and smallest + other_smallest >= SMALLEST
