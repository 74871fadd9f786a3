"""Which engine computes: the one place that knows them all."""

import os
from importlib import import_module

VARIABLE = "NB_SEPCONV_ENGINE"
ENGINES = {"fma": "nb_sepconv.kernels.cpu"}


def engine(name=None):
    """The engine called ``name``: None asks ``NB_SEPCONV_ENGINE``, "auto" takes the fastest here."""
    origin = "engine"
    if name is None:
        name, origin = os.environ.get(VARIABLE, "auto"), VARIABLE
    if name not in (*ENGINES, "auto"):
        raise ValueError(f"`{origin}` must be one of {', '.join(ENGINES)}, auto. Received: {name!r}")
    return import_module(ENGINES["fma" if name == "auto" else name])
