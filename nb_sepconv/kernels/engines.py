"""Which engine computes: the one place that knows them all."""

from __future__ import annotations

import os
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from numba.core import config

VARIABLE = "NB_SEPCONV_ENGINE"
FMA = "nb_sepconv.kernels.cpu"
PARTS = "nb_sepconv.kernels.bf16.engine"
ENGINES = ("fma", "amx", "auto")
GPU = "cuda"
GPU_ENGINE = "nb_sepconv.kernels.cuda"
INSTALL_CUDA = "pip install 'nb_sepconv[cuda13]', or 'nb_sepconv[cuda12]' for a driver older than 580"
_ready = []


def _environment_reader():
    """A function that reads ``NB_SEPCONV_ENGINE`` in 0.06 us, where ``os.environ.get`` takes 0.7."""
    values, encode = getattr(os.environ, "_data", None), getattr(os.environ, "encodekey", None)
    if values is None or encode is None:
        return partial(os.environ.get, VARIABLE)
    return partial(values.get, encode(VARIABLE))


environment_engine: Any = _environment_reader()  # what the variable holds now, in the form of the environment


def engine(name: str | None = None) -> Any:
    """The engine called ``name``: None asks ``NB_SEPCONV_ENGINE``; "auto" takes what is fastest for each layer here,
    "amx" the tiles for every layer where there are any, and both "fma" for the rest.
    """
    if config.DISABLE_JIT:
        raise RuntimeError(
            "Numba is told not to compile, and the kernels do not run as Python code: unset NUMBA_DISABLE_JIT. "
            f"Received: NUMBA_DISABLE_JIT={config.DISABLE_JIT}"
        )
    origin = "engine"
    if name is None:
        name, origin = os.environ.get(VARIABLE, "auto"), VARIABLE
    if name not in ENGINES:
        raise ValueError(f"`{origin}` must be one of {', '.join(ENGINES)}. Received: {name!r}")
    return import_module(FMA) if name == "fma" else getattr(import_module(PARTS), name.upper())


def gpu_engine(name: str | None = None) -> Any:
    """The engine for arrays on a GPU, which a caller may have named.

    Raises:
        ValueError: the name is another engine's.
        ImportError: its packages are not installed.
        RuntimeError: there is no GPU.
    """
    if name not in (None, "auto", GPU):
        raise ValueError(f"`engine` must be {GPU} or auto for arrays on a GPU. Received: {name!r}")
    if not _ready:
        if not gpu_packages():
            raise ImportError(f"Arrays on a GPU need the package numba-cuda: {INSTALL_CUDA}")
        found = import_module(GPU_ENGINE)
        found.require_gpu()
        _ready.append(found)
    return _ready[0]


def gpu_packages() -> bool:
    """Whether what the GPU needs is installed, or simulated; this touches no GPU."""
    return simulated() or find_spec("numba_cuda") is not None


def simulated() -> bool:
    """Whether Numba simulates the GPU."""
    return bool(config.ENABLE_CUDASIM)
