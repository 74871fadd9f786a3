"""What TF1 and Keras have and this library has not, and what to do instead."""

from __future__ import annotations

import difflib
import re
import sys

from nb_sepconv.checks import missing_families as families

_OF_MODULE = {
    "nb_sepconv": "it is not part of this library; use NumPy on the arrays that go in and come out",
    "layers": "this library has separable_conv1d, conv1d, dense and a few layers around them; compute others with "
    "NumPy on their outputs",
    "keras.layers": "this library has SeparableConv1D and the layers around it that `dir(nb_sepconv.keras.layers)` "
    "lists; compute others with NumPy on their outputs",
    "keras": families.MODEL,
    "losses": families.LOSS,
    "nn": "use NumPy on the arrays; this module has what `dir(nb_sepconv.nn)` lists",
    "train": "use the optimizers, learning rates and `Saver` of this module, and a loop of your own instead",
    "initializers": "use a function `(shape, dtype) -> array` of your own instead, which works wherever a name does",
}


def explain(module: str, name: str) -> str:
    """The message for a name that ``module`` has not: what to do instead, or what was probably meant."""
    room = module.removeprefix("nb_sepconv.")
    advice = _advice(room, name) or _numpy(room, name) or _similar(module, name) or _OF_MODULE.get(room)
    return f"module '{module}' has no attribute '{name}': {advice or f'use what `dir({module})` lists'}"


def _advice(room, name):
    for pattern, advice in families.FAMILIES.get(room, ()):
        if re.fullmatch(pattern, name):
            return advice
    return None


def _similar(module, name):
    offered = dir(sys.modules[module]) if module in sys.modules else []
    found = difflib.get_close_matches(name, [each for each in offered if not each.startswith("_")], 1, 0.85)
    return f"use `{found[0]}`, if that was meant" if found else None


def _numpy(room, name):
    """NumPy's function of the same name, for the functions of arrays at the top of TensorFlow."""
    if room != "nb_sepconv":
        return None
    import numpy as np

    return f"use NumPy on the arrays: `np.{name}`" if not name.startswith("_") and hasattr(np, name) else None
