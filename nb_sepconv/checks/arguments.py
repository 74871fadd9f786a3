"""Every check of a layer's arguments, and its message."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from nb_sepconv.tensors.typing import Integers

from nb_sepconv.tensors.keras_json import image_data_format

PADDINGS = ("valid", "same", "causal")
DATA_FORMATS = ("channels_last", "channels_first")


def filters(value: Any, cut_floats: bool = True) -> int | None:
    """The number of filters: an int > 0 (TF1 cuts a float to one), or None until the layer is built."""
    if value is None or (type(value) is int and value > 0):
        return value
    if cut_floats and isinstance(value, float):
        value = _cut(value)
    if not _is_integer(value):
        raise TypeError(f"The `filters` argument must be an integer. Received: {value!r} of type {_type(value)}")
    return _positive("filters", operator.index(value))


def units(value: Any) -> int:
    """The units of a dense layer: an int > 0 (TF1 cuts a float to one)."""
    if type(value) is int and value > 0:
        return value
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if not _is_integer(value):
        raise TypeError(f"The `units` argument must be an integer. Received: {value!r} of type {_type(value)}")
    if value <= 0:
        raise ValueError(f"Received an invalid value for `units`, expected a positive integer. Received: units={value}")
    return operator.index(value)


def one_group(value: Any) -> int:
    """The number of groups of a convolution of all channels, which must be 1 or None."""
    if value not in (None, 1):
        raise ValueError(
            "The `groups` argument must be 1: convolve parts of the channels by layers of their own and concatenate "
            f"the outputs. Received: {value!r}"
        )
    return 1


def depth_multiplier(value: Any) -> int:
    """The depthwise channels per input channel: an int > 0."""
    if type(value) is int and value > 0:
        return value
    if not _is_integer(value):
        raise TypeError(
            f"The `depth_multiplier` argument must be an integer. Received: {value!r} of type {_type(value)}"
        )
    return _positive("depth_multiplier", operator.index(value))


def _cut(value):
    if not math.isfinite(value):
        raise ValueError(f"The `filters` argument must be an integer. Received: {value!r}")
    return int(value)


def _positive(name, value):
    if value <= 0:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected a strictly positive value. Received {name}={value}."
        )
    return value


def one_integer(value: Any, name: str, least: int = 1) -> tuple[int]:
    """A tuple of one int >= ``least``, from an int or an iterable of one int."""
    if type(value) is int and value >= least:
        return (value,)
    message = f"The `{name}` argument must be a tuple of 1 integers. Received: {value!r}"
    values = (value,) if _is_integer(value) else _as_tuple(value, message)
    if len(values) != 1 or values[0] is None:
        raise ValueError(message)
    if not _is_integer(values[0]):
        raise TypeError(f"{message} with an element of type {_type(values[0])}")
    number = operator.index(values[0])
    if number < least:
        requirement = ">= 0" if least == 0 else "> 0"
        raise ValueError(f"{message} including {{{number}}} that does not satisfy the requirement `{requirement}`.")
    return (number,)


def _as_tuple(value, message):
    try:
        return tuple(value)
    except TypeError:
        raise ValueError(message) from None


def padding(value: Any) -> str:
    """``"valid"``, ``"same"`` or ``"causal"``, from any case."""
    name = value.lower() if isinstance(value, str) else None
    if name not in PADDINGS:
        raise ValueError(f'The `padding` argument must be one of "valid", "same", "causal". Received: {value!r}')
    return name


def pooling_padding(value: Any) -> str:
    """``"valid"`` or ``"same"``, from any case."""
    name = value.lower() if isinstance(value, str) else None
    if name not in ("valid", "same"):
        raise ValueError(f'The `padding` argument must be one of "valid", "same". Received: {value!r}')
    return name


def data_format(value: Any) -> str:
    """``"channels_last"`` or ``"channels_first"``, from any case; for None what ``keras.json`` says."""
    name = image_data_format() if value is None else value.lower() if isinstance(value, str) else None
    if name not in DATA_FORMATS:
        raise ValueError(
            f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {value!r}'
        )
    return name


def stride_or_dilation(strides: Any, dilation_rate: Integers) -> None:
    """Refuse a stride of 0, and a stride and a dilation that are both more than 1, as TF1's layer does."""
    if strides[0] == 0:
        raise ValueError(f"The argument `strides` cannot contain 0(s). Received: {strides}")
    if strides[0] > 1 and dilation_rate[0] > 1:
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
            f"Received: strides={strides} and dilation_rate={dilation_rate}"
        )


def groups(value: Any, filters: int | None) -> int:
    """The number of groups, 1 for None; it must divide ``filters``."""
    if value is None:
        return 1
    value = value or 1
    if not _is_integer(value):
        raise TypeError(f"The `groups` argument must be an integer. Received: {value!r} of type {_type(value)}")
    if filters is not None and filters % value:
        raise ValueError(
            "The number of filters must be evenly divisible by the number of groups. "
            f"Received: groups={value}, filters={filters}"
        )
    return operator.index(value)


def batch_input_shape(
    batch_input_shape: Any = None, input_shape: Any = None, input_dim: Any = None, batch_size: Any = None, **_: Any
) -> tuple[int | None, ...] | None:
    """The input's shape as TF's layers may be told it, batch first; None when they are not."""
    if batch_input_shape is not None:
        return tuple(batch_input_shape)
    if input_shape is None and input_dim is not None:
        input_shape = (input_dim,)
    return None if input_shape is None else (batch_size, *input_shape)


def known_keywords(keywords: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse a keyword argument that is not among ``known``."""
    for name in keywords:
        if name not in known:
            raise TypeError(
                f"Keyword argument not understood: `{name}` must be one of {', '.join(sorted(known))}. "
                f"Received: {keywords[name]!r}"
            )


def _is_integer(value):
    return hasattr(value, "__index__") and not isinstance(value, bool) and getattr(value, "ndim", 0) == 0


def _type(value):
    return type(value).__name__
