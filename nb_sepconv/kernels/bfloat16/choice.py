"""Which unit multiplies, in how many parts: decided by the layer's shape, type and precision alone."""

from nb_sepconv.kernels.bfloat16 import availability

PARTS = {"float32": 3, "tf32x3": 3, "bf16x3": 2, "tf32": 2, "bf16": 1}
LEAST_HIDDEN, LEAST_FILTERS = 64, 64


def chosen(sizes):
    """(unit, parts), or None where the FMA engine multiplies.

    Examples and length have no say, so that no result depends on how a series is cut.
    """
    if sizes.filters is None or sizes.dtype == "float64":
        return None
    parts = PARTS[sizes.precision]
    if sizes.channels * sizes.multiplier < LEAST_HIDDEN or sizes.filters < LEAST_FILTERS:
        return None
    unit = availability.tiles_unit() or (availability.dots_unit() if parts == 1 else None)
    return unit and (unit, parts)
