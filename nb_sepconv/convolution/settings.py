"""What a caller writes, in one form: the only place that reads an operation's arguments other than its arrays."""

import operator
from typing import Any, NamedTuple

from nb_sepconv import activations
from nb_sepconv.checks import arguments
from nb_sepconv.checks.arguments import DATA_FORMATS, PADDINGS
from nb_sepconv.convolution import precisions
from nb_sepconv.kernels import cpu

OPERANDS = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")


class Settings(NamedTuple):
    """How the kernel moves, and how its results are made.

    ``padding`` is a name or the zeros before and after, ``activation`` a name that the kernels know or None, ``engine``
    what the caller wrote, which the choice of an engine checks.
    """

    stride: int
    dilation: int
    padding: str | tuple[int, int]
    data_format: str
    activation: str | None
    engine: str | None
    precision: str | None

    @property
    def channels_last(self) -> bool:
        return self.data_format == "channels_last"


def from_arguments(
    strides: Any,
    padding: Any,
    data_format: Any,
    dilation_rate: Any,
    activation: Any = None,
    engine: Any = None,
    precision: Any = None,
) -> Settings:
    """The settings for an operation's arguments; ``activation`` is a name that :func:`fused_activation` gave.

    Raises:
        TypeError, ValueError: an argument that is none of what the operation accepts.
    """
    numbers = type(strides) is int and type(dilation_rate) is int and strides > 0 and dilation_rate > 0
    names = type(padding) is str and padding in PADDINGS and type(data_format) is str and data_format in DATA_FORMATS
    if not (numbers and names):  # most calls are written so, and spared the checks
        (strides,) = arguments.one_integer(strides, "strides")
        (dilation_rate,) = arguments.one_integer(dilation_rate, "dilation_rate")
        padding = arguments.padding(padding) if isinstance(padding, str) else _zeros(padding)
        data_format = arguments.data_format(data_format)
    return Settings(strides, dilation_rate, padding, data_format, activation, engine, precisions.chosen(precision))


def _zeros(padding):
    """Two ints, the zeros before and after."""
    try:
        left, right = (operator.index(count) for count in padding)
    except (TypeError, ValueError):
        left = right = -1
    if left < 0 or right < 0:
        raise ValueError(
            'The `padding` argument must be one of "valid", "same", "causal", or two integers >= 0. '
            f"Received: {padding!r}"
        )
    return left, right


def fused_activation(activation: Any, known: Any = cpu.FUSED_ACTIVATIONS) -> Any:
    """The activation's name where the kernels know it, and else the function to apply to their outputs, or None."""
    if activation is None:
        return None, None
    function = activations.get(activation)
    name = activations.fused_name(function)
    if name == "linear":
        return None, None
    return (name, None) if name in known else (None, function)


def wanted_names(names: Any, known: Any) -> Any:
    """The names of the operands whose gradients a caller wants as a set that hashes, all known ones for None."""
    if names is None:
        return frozenset(known)
    try:
        wanted = frozenset([names] if isinstance(names, str) else names)
    except TypeError:
        wanted = frozenset([None])
    if not wanted.issubset(known):
        raise ValueError(f"`wanted` must be names among {', '.join(known)}. Received: {names!r}")
    return wanted
