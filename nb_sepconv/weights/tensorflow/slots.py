"""Which names in a checkpoint belong to an optimizer and not to a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SLOT = re.compile(
    r"(?:Adam|AdamW|AdaMax|Nadam|Momentum|RMSProp|Adagrad|AdagradDA|Adadelta|Ftrl|LazyAdam|LAMB|adam_m|adam_v|lamb_m|lamb_v"
    r"|gradient_accumulator|gradient_squared_accumulator)(?:_\d+)?"
)
_ACCUMULATOR = re.compile(r"(?:.*/)?beta[12]_power(?:_\d+)?")


def slot_names(names: Iterable[str]) -> set[str]:
    """The optimizer's names among all names: slots stand below the variable they belong to.

    Args:
        names: collection of str.

    Returns:
        set of str.
    """
    known = set(names)
    return {name for name in names if _ACCUMULATOR.fullmatch(name) or _is_slot(name, known)}


def _is_slot(name, known):
    owner, _, slot = name.rpartition("/")
    return owner in known and _SLOT.fullmatch(slot) is not None
