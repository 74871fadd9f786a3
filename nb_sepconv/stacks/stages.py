"""The stages of a model: of a layer, a list, a stack, and of the library's activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv import activations
from nb_sepconv.activations import pullbacks
from nb_sepconv.activations.advanced import ActivationLayer
from nb_sepconv.convolution.stage import elementwise, first_channels, of_one_format

if TYPE_CHECKING:
    from nb_sepconv.convolution.stage import Stage


def is_known(model: Any) -> bool:
    """Whether :func:`stages_of` can look into a model; a function of arrays it cannot."""
    if isinstance(model, (list, tuple)):
        return all(map(is_known, model))
    return hasattr(model, "_stage") or hasattr(model, "_stages") or _is_activation(model)


def stages_of(model: Any) -> list[Stage]:
    """The stages of a model in their order, one for each layer.

    Args:
        model: a layer, one of the library's activations, a list or tuple of models, or what has ``_stages()``, as a
            stack has.

    Raises:
        TypeError: something else, which nobody can look into.
        ValueError: a layer that is not built or cannot be cut over time, or layers of both data formats.
    """
    found = _stages(model)
    if not found:
        raise ValueError(f"`model` must have a layer. Received: {model!r}")
    return of_one_format(found)


def _stages(model):
    if isinstance(model, (list, tuple)):
        return [stage for each in model for stage in _stages(each)]
    if hasattr(model, "_stages"):
        return model._stages()
    if hasattr(model, "_stage"):
        return [model._stage()]
    if _is_activation(model):
        return [elementwise(getattr(model, "__name__", repr(model)), model)]
    raise TypeError(
        "`model` must be made of the library's layers and activations. A function of each step alone goes into a "
        f"layer as its `activation`; any other one is a model by itself, without layers. Received: {model!r}"
    )


def _is_activation(model):
    return (
        isinstance(model, ActivationLayer)
        or activations.fused_name(model) is not None
        or (callable(model) and pullbacks.is_known(model))
    )


class Form(NamedTuple):
    """What goes into a stack and what comes out: both channels and types, None where any goes."""

    channels_last: bool
    channels: int | None
    dtype: Any


def form_of(stages: list[Stage]) -> Form:
    """The form of a stack's inputs."""
    formats = [stage.channels_last for stage in stages if stage.channels_last is not None]
    dtypes = [stage.dtype for stage in stages if stage.dtype is not None]
    return Form(formats[0] if formats else True, first_channels(stages), dtypes[0] if dtypes else None)


def output_channels(stages: list[Stage], channels: int) -> int:
    """The channels that come out of a stack; a ValueError where a layer takes others, or cannot be cut over time."""
    for stage in stages:
        stage.check_cut(channels)
        channels = stage.output_channels(channels)
    return channels
