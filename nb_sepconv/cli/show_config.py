"""What runs here, told to people; and the work of a first call, done ahead of it."""

import platform
from importlib import metadata
from importlib.util import find_spec

import numpy as np

from nb_sepconv import ops
from nb_sepconv.kernels import engines
from nb_sepconv.version import __version__


def show_config() -> None:
    """Print the versions, the engine, the processor, the threads, and what is kept on disk.

    >>> show_config()  # doctest: +ELLIPSIS
    nb_sepconv...
    """
    chosen = engines.engine()
    facts = {
        "nb_sepconv": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "engine": chosen.NAME,
        **chosen.describe(),
        "GPU": _gpu(),
        "cache on disk": "none: kernels are compiled in each process, on first use",
    }
    width = max(map(len, facts))
    print("\n".join(f"{name:{width}}  {value}" for name, value in facts.items()))


def _gpu():
    """What is installed for arrays on a GPU; to look for a GPU would occupy it."""
    if not engines.gpu_packages():
        return f"no packages for it: {engines.INSTALL_CUDA}"
    version = metadata.version("numba-cuda") if find_spec("numba_cuda") else "none"
    simulated = ", simulated: NUMBA_ENABLE_CUDASIM is set" if engines.simulated() else ""
    return f"arrays on it are convolved there, numba-cuda {version}{simulated}"


def warmup(dtype="float32", data_format="channels_last", activation=None) -> None:
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
