"""What an output step depends on, of layers and of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.checks import arguments
from nb_sepconv.convolution.windows import Field, field, places
from nb_sepconv.stacks.probing import probed
from nb_sepconv.stacks.stages import is_known, stages_of

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


class ReceptiveField(NamedTuple):
    """Output step ``t`` depends on the input steps from ``t*stride - left`` to ``t*stride + lookahead``.

    These are ``span`` steps. Those outside of the series are zeros.
    """

    span: int
    stride: int
    left: int
    lookahead: int


def receptive_field(
    model: Any,
    length: int | None = None,
    *,
    channels: int | None = None,
    dtype: DTypeLike = "float32",
    data_format: str = "channels_last",
) -> ReceptiveField:
    """The input steps that an output step of a model depends on.

    Layers know it. A function is asked: it is called, some 50 to 150 times, with series of 64 steps and more that hold
    NaN from some step on or up to one, which shows where each step gets to.

    Args:
        model: a built layer, a list of layers, a ``Stack``, or a function of one array.
        length: int > 0, the steps of a series. It is needed where ``padding="same"`` meets a stride above 1, since
            the zeros before the series depend on it there. Default any.
        channels: int > 0, those of a function's inputs. Layers know theirs.
        dtype: the type of a function's inputs. Default float32.
        data_format: "channels_last" (N, L, C) or "channels_first" (N, C, L), of a function's inputs. Default
            "channels_last".

    Returns:
        A :class:`ReceptiveField`.

    Raises:
        ValueError: a layer is not built, ``length`` is needed, or a function has no finite field, as a mean over time
            has none.
        TypeError: ``channels`` is missing for a function.

    >>> import nb_sepconv as tf
    >>> layer = tf.layers.SeparableConv1D(4, 5, padding="causal", dilation_rate=2)
    >>> layer.build((None, None, 3))
    >>> receptive_field(layer)
    ReceptiveField(span=9, stride=1, left=8, lookahead=0)
    """
    found = _of_stages(stages_of(model), length) if is_known(model) else _of_function(
        model, length, channels, np.dtype(dtype), arguments.data_format(data_format) == "channels_last"
    )  # fmt: skip
    return ReceptiveField(*found, found.lookahead)


def _of_stages(stages, length):
    if length is None:
        refuse_without_length(stages)
        length = field(places(stages, 0)).span
    return field(places(stages, _checked_length(length)))


def refuse_without_length(stages: Any) -> None:
    """Refuse stages whose zeros depend on the length of the series.

    Raises:
        ValueError: one of them pads by "same" and has a stride.
    """
    for stage in stages:
        if stage.pads_by_length:
            raise ValueError(
                f'`length` is needed: the layer "{stage.name}" has padding="same" and the stride {stage.stride}, so '
                "its zeros depend on the length of the series. Received: None"
            )


def _checked_length(length):
    if isinstance(length, bool) or not hasattr(length, "__index__") or length < 1:
        raise ValueError(f"`length` must be an integer > 0. Received: {length!r}")
    return int(length)


def _of_function(function, length, channels, dtype, channels_last):
    if not callable(function):
        stages_of(function)  # says what a model is
    if channels is None:
        raise TypeError(f"`channels` must say how many channels the function takes. Received: None for {function!r}")
    found: Field = probed(function, channels, _checked_length(length or 1), dtype, 1 if channels_last else 2)
    if length is None and found.stride > 1:
        raise ValueError(
            f"`length` is needed: the function has the stride {found.stride}, so its zeros may depend on the length of "
            "the series. Received: None"
        )
    return found
