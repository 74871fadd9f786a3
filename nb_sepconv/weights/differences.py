"""What differs between two mappings of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from nb_sepconv.tensors.typing import Array


def differences(first: Mapping[str, Array], second: Mapping[str, Array]) -> Iterator[tuple[str, str]]:
    """Yield (name, what differs) in the order of the names; nothing where both are equal bit for bit.

    Args:
        first, second: mappings of str to array.
    """
    for name in sorted({*first, *second}):
        if name not in second:
            yield name, "only in the first"
        elif name not in first:
            yield name, "only in the second"
        else:
            difference = _difference(first[name], second[name])
            if difference:
                yield name, difference


def _difference(a, b):
    if a.shape != b.shape:
        return f"shape {list(a.shape)} and {list(b.shape)}"
    if a.dtype != b.dtype:
        return f"type {a.dtype.name} and {b.dtype.name}"
    if a.dtype == object or a.dtype.kind in "SU":
        return "" if np.array_equal(a, b) else f"{np.count_nonzero(a != b)} of {a.size} elements"
    if a.tobytes() == b.tobytes():
        return ""
    wide = np.complex128 if a.dtype.kind == "c" else np.float64
    a, b = a.astype(wide), b.astype(wide)
    with np.errstate(invalid="ignore"):
        return f"{np.count_nonzero(a != b)} of {a.size} elements, by {np.nanmax(np.abs(a - b), initial=0):.6g} at most"
