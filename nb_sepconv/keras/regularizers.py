"""``keras.regularizers``: regularizers by class, name and config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv import regularizers
from nb_sepconv.regularizers import (
    L1,
    L1L2,
    L2,
    OrthogonalRegularizer,
    Regularizer,
    l1,
    l1_l2,
    l2,
    orthogonal_regularizer,
    serialize,
)

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Identifier

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


def get(identifier: Identifier) -> Any:
    """The regularizer that a name, a Keras config or a callable stands for.

    As :func:`nb_sepconv.regularizers.get`; ``"l1l2"`` is Keras 3's name of an :class:`L1L2` with both factors 0.

    Args:
        identifier: None, a name, a config dict, a callable, or a class.

    Returns:
        A callable of one array, or None.

    Raises:
        ValueError: an unknown name, an incomplete config, or something else.

    Example:
        >>> get("l1l2").get_config(), get("l1_l2").get_config()
        ({'l1': 0.0, 'l2': 0.0}, {'l1': 0.01, 'l2': 0.01})
    """
    return L1L2() if identifier == "l1l2" else regularizers.get(identifier)


deserialize = get


def __dir__() -> list[str]:
    return __all__
