"""What runs here, told to people; and the first call's work, done ahead of it."""

import platform

import llvmlite
import numba
import numpy as np

from nb_sepconv import ops
from nb_sepconv.kernels import cpu
from nb_sepconv.version import __version__


def show_config() -> None:
    """Print the versions, the engine, the processor, the threads and what is kept on disk.

    >>> show_config()  # doctest: +ELLIPSIS
    nb_sepconv...
    """
