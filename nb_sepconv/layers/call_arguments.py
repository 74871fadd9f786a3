"""What a layer passes on to its ``call``."""

import inspect
from functools import lru_cache


def call_keywords(call, training, keywords):
    """The keywords of a layer's call for its method ``call``; ``training`` is among them where ``call`` takes it.

    >>> call_keywords(lambda self, inputs, training=None: inputs, True, {"gain": 2})
    {'gain': 2, 'training': True}
    """
    return keywords if training is None or not _takes_training(call) else {**keywords, "training": training}


@lru_cache
def _takes_training(call):
    parameters = inspect.signature(call).parameters.values()
    return any(parameter.name == "training" or parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
