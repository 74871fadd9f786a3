"""What runs here, told to people and to programs."""

from __future__ import annotations

import platform
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np

from nb_sepconv.kernels import engines
from nb_sepconv.kernels.store import report
from nb_sepconv.version import __version__

LABELS = {
    "nb_sepconv": "nb_sepconv",
    "python": "Python",
    "numpy": "NumPy",
    "numba": "Numba",
    "engine": "engine",
    "processor": "processor",
    "vectors": "vectors",
    "threads": "threads",
    "thread_pool": "threads are",
    "amx": "AMX",
    "avx512_bf16": "AVX512-BF16",
    "gpu": "GPU",
    "cache": "compiled code",
}


def configuration() -> dict[str, Any]:
    """What runs here, as values that JSON has; docs/how-to/platforms.md tells what each key means."""
    chosen = engines.engine()
    return {
        "nb_sepconv": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "system": platform.system(),
        "machine": platform.machine(),
        "engine": chosen.NAME,
        **{"amx": None, "avx512_bf16": None},  # where the engine has no such units
        **chosen.describe(),
        "gpu": {
            "packages": engines.gpu_packages(),
            "numba_cuda": metadata.version("numba-cuda") if find_spec("numba_cuda") else None,
            "simulated": engines.simulated(),
        },
        "cache": report.description(),
    }


def show_config() -> None:
    """Print the versions, the engine, the processor, the threads, and what is kept on disk.

    >>> show_config()  # doctest: +ELLIPSIS
    nb_sepconv...
    """
    facts = configuration()
    words = {
        "numba": f"{facts['numba']}, llvmlite {facts['llvmlite']}",
        "vectors": "{unit}, {bits} bits, {registers} registers".format(**facts["vectors"]),
        "thread_pool": _threads_in_words(**facts["thread_pool"]),
        "gpu": _gpu_in_words(**facts["gpu"]),
        "cache": _cache_in_words(**facts["cache"]),
        **{name: _use_in_words(**facts[name]) for name in ("amx", "avx512_bf16") if facts[name]},
    }
    lines = {label: words.get(name, facts[name]) for name, label in LABELS.items() if facts[name] or name in words}
    width = max(map(len, lines))
    print("\n".join(f"{label:{width}}  {value}" for label, value in lines.items()))


def _threads_in_words(threads_of, running):
    return "Python's" if threads_of == "Python" else f"a pool of our own, {running} running beside the callers"


def _use_in_words(used, serves, why_not):
    return serves if used else f"not used: {why_not}"


def _cache_in_words(
    folder: Any,
    why_off: Any,
    why_not_read: Any,
    why_not_written: Any,
    units: Any,
    usable: Any,
    bytes: Any,
    loaded: Any,
    compiled: Any,
    written: Any,
) -> str:
    if why_off:
        return f"not kept on disk: {why_off}"
    notes = (f"not {name}: {why}" for name, why in (("read", why_not_read), ("written", why_not_written)) if why)
    here = f"{units} units, {usable} of them for this process, {bytes} bytes"
    return "; ".join([f"{folder}: {here}", *notes, f"loaded {loaded}, compiled {compiled}, written {written}"])


def _gpu_in_words(packages, numba_cuda, simulated):
    """What is installed for arrays on a GPU; to look for a GPU would occupy it."""
    if not packages:
        return f"no packages for it: {engines.INSTALL_CUDA}"
    suffix = ", simulated: NUMBA_ENABLE_CUDASIM is set" if simulated else ""
    return f"arrays on it are convolved there, numba-cuda {numba_cuda or 'none'}{suffix}"
