"""What a layer passes on to its ``call``."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def call_keywords(call: Callable[..., Any], training: bool | None, keywords: dict[str, Any]) -> dict[str, Any]:
    """The keywords of a layer's call for its method ``call``; ``training`` is among them where ``call`` takes it.

    >>> call_keywords(lambda self, inputs, training=None: inputs, True, {"gain": 2})
    {'gain': 2, 'training': True}
    """
    return keywords if training is None or not _takes_training(call) else {**keywords, "training": training}


@lru_cache
def _takes_training(call):
    parameters = inspect.signature(call).parameters.values()
    return any(parameter.name == "training" or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
