"""An activation that another library may have to differentiate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv import activations
from nb_sepconv.activations.advanced import ActivationLayer

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import Identifier


def split(activation: Identifier) -> tuple[str | None, Callable[..., Any] | None]:
    """What the kernels' side computes, a name or None, and a function of the other library's arrays, or None.

    Args:
        activation: None, the name or the function of an activation of this library, or the other library's function.

    Raises:
        ValueError: a name that is not known.
        TypeError: something else.
    """
    if activation is None or isinstance(activation, str):
        activations.get(activation)
        return activation, None
    if not callable(activation) or isinstance(activation, ActivationLayer):
        raise TypeError(
            "`activation` must be None, the name of an activation, or a function that takes and returns what the "
            f"convolution returns. Received: {activation!r}"
        )
    name = activations.fused_name(activation)
    return name, None if name else activation
