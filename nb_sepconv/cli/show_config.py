"""What runs here, told to people; and the work of a first call, done ahead of it."""

from __future__ import annotations

import platform
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np

from nb_sepconv import ops
from nb_sepconv.kernels import engines
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
        **{name: _use_in_words(**facts[name]) for name in ("amx", "avx512_bf16") if facts[name]},
    }
    lines = {label: words.get(name, facts[name]) for name, label in LABELS.items() if facts[name] or name in words}
    lines["cache on disk"] = "none: kernels are compiled in each process, on first use"
    width = max(map(len, lines))
    print("\n".join(f"{label:{width}}  {value}" for label, value in lines.items()))


def _threads_in_words(threads_of, running):
    return "Python's" if threads_of == "Python" else f"a pool of our own, {running} running beside the callers"


def _use_in_words(used, serves, why_not):
    return serves if used else f"not used: {why_not}"


def _gpu_in_words(packages, numba_cuda, simulated):
    """What is installed for arrays on a GPU; to look for a GPU would occupy it."""
    if not packages:
        return f"no packages for it: {engines.INSTALL_CUDA}"
    suffix = ", simulated: NUMBA_ENABLE_CUDASIM is set" if simulated else ""
    return f"arrays on it are convolved there, numba-cuda {numba_cuda or 'none'}{suffix}"


def warmup(dtype: str = "float32", data_format: str = "channels_last", activation: str | None = None) -> None:
    """Compile what calls with such inputs need, which otherwise the first of them does.

    Args:
        dtype: the type of the inputs. Default "float32".
        data_format: "channels_last" or "channels_first". Default "channels_last".
        activation: name. Default None.

    >>> warmup()
    """
    rng = np.random.default_rng(0)
    for examples, channels in (
        (1, 3),
        (16, 144),
    ):  # a small call and a wide threaded one, whole vectors of filters and not
        shape = (examples, 256, channels) if data_format == "channels_last" else (examples, channels, 256)
        arrays = (rng.random(size).astype(dtype) for size in (shape, (3, channels, 1), (channels, channels)))
        ops.separable_conv1d(*arrays, data_format=data_format, activation=activation)
