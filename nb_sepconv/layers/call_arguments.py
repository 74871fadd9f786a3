"""What a layer passes on to its ``call``."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def call_keywords(call: Callable[..., Any], training: bool | None, keywords: dict[str, Any]) -> dict[str, Any]:
    """The keywords of a layer's call for its method ``call``; ``training`` is among them where ``call`` takes it.

    Raises:
        TypeError: ``lengths`` or ``mask`` are among them, and ``call`` does not take them.

    >>> call_keywords(lambda self, inputs, training=None: inputs, True, {"gain": 2})
    {'gain': 2, 'training': True}
    """
    for name in keywords:
        if name in ("lengths", "mask") and not _takes(call, name):
            raise TypeError(
                f"`{name}` is taken by separable convolutions and by `Stack`, which tells any layer of lengths: call "
                f"`Stack(layer)(inputs, {name}={name})`, or `Stack(*model.layers)` of several. Received: `{name}` for "
                f"{call.__qualname__}"
            )
    return keywords if training is None or not _takes(call, "training") else {**keywords, "training": training}


@lru_cache
def _takes(call, name):
    parameters = inspect.signature(call).parameters.values()
    return any(parameter.name == name or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
