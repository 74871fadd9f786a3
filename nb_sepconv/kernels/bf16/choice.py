"""Which unit multiplies, in how many parts: decided by the layer's shape, type and precision alone.

Examples and length have no say, so that no result depends on how a series is cut.
"""

from typing import Any, NamedTuple

from nb_sepconv.kernels.bf16 import availability

PARTS = {"float32": 3, "tf32x3": 3, "bf16x3": 2, "tf32": 2, "bf16": 1}


class Least(NamedTuple):
    """Hidden channels and filters from which on a unit is the faster one."""

    hidden: int
    filters: int


# By the number of parts; measured, docs/how-to/precision.md. In three parts they gain nothing for few rows.
TILES = {1: Least(64, 64), 2: Least(64, 64)}
GRADIENT_TILES = {1: Least(64, 64), 2: Least(96, 96)}
DOTS = Least(64, 32)
LEAST_CHANNELS = {1: 3, 2: 6}  # units multiply vectors of channels; with fewer, FMA fills its lanes better


def fastest(sizes: Any, tiles_from: Any = TILES) -> Any:
    """(unit, parts) where a unit is faster than fused multiply-adds, else None."""
    parts = _parts(sizes)
    if sizes.channels < LEAST_CHANNELS.get(parts, 0):
        return None
    if _reached(sizes, tiles_from.get(parts)) and (unit := availability.tiles_unit()):
        return unit, parts
    if parts == 1 and _reached(sizes, DOTS) and (unit := availability.dots_unit()):
        return unit, parts
    return None


def fastest_for_gradients(sizes: Any) -> Any:
    """The same for the gradients of a convolution."""
    return fastest(sizes, GRADIENT_TILES)


def tiles(sizes: Any) -> Any:
    """(unit, parts) wherever tiles can multiply, else None."""
    parts = _parts(sizes)
    unit = parts and availability.tiles_unit()
    return (unit, parts) if unit else None


def units_and_parts() -> list[tuple[str, int]]:
    """All (unit, parts) that there may be on this processor."""
    tiles_unit, dots_unit = availability.tiles_unit(), availability.dots_unit()
    return [
        *((tiles_unit, parts) for parts in sorted(set(PARTS.values())) if tiles_unit),
        *([(dots_unit, 1)] if dots_unit else []),
    ]


def _parts(sizes):
    """How many parts are as exact as is asked for; None for what is not split."""
    return None if sizes.filters is None or sizes.dtype == "float64" else PARTS[sizes.precision]


def _reached(sizes, least):
    hidden = sizes.channels * sizes.multiplier
    return least is not None and hidden >= least.hidden and sizes.filters >= least.filters
