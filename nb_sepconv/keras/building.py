"""How a Keras layer is built: once, by one thread, wholly or not at all, whatever its class and subclasses define."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def built_once(build: Callable[..., Any]) -> Callable[..., None]:
    """What a class defines as ``build``, made to mark the layer as built, and to leave nothing behind when it fails.

    Called inside another ``build``, by ``super().build(...)``, it is what was defined. While a thread builds a layer,
    others wait.
    """

    @functools.wraps(build)
    def build_once(layer, *args, **kwargs):
        if layer._builder == threading.get_ident():
            build(layer, *args, **kwargs)
        else:
            with layer._building:
                _build(layer, build, args, kwargs)

    return build_once


def _build(layer, build, args, kwargs):
    _refuse_second(layer)
    before = {**vars(layer), "_own_weights": list(layer._own_weights)}
    layer._builder = threading.get_ident()
    try:
        build(layer, *args, **kwargs)
    except BaseException:
        vars(layer).clear()
        vars(layer).update(before)
        raise
    layer._build_shape = tuple(*args, *kwargs.values())
    layer.built = True
    layer._builder = None


def _refuse_second(layer):
    if layer.built:
        raise ValueError(
            f"The layer {layer.name} is already built: build it once, before or by its first call. "
            f"Received: a second `build` of a layer with {len(layer.weights)} weights"
        )
