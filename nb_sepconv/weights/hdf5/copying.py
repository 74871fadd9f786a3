"""A plain copy of an HDF5 file that our reader does not take, made by h5py in a process with limits."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.files.random_access import RandomAccessFile
from nb_sepconv.weights.hdf5 import transcription

if TYPE_CHECKING:
    from nb_sepconv.weights.hdf5.claims import UnusualHdf5

LEAST_SECONDS, BYTES_PER_SECOND = 60, 1 << 23


def plain_copy(file: RandomAccessFile, problem: UnusualHdf5) -> RandomAccessFile:
    """The datasets and attributes of a file as a file that has no name.

    Args:
        file: RandomAccessFile.
        problem: UnusualHdf5, what kept our reader from reading it.

    Returns:
        RandomAccessFile.

    Raises:
        WeightsError: h5py is missing, or it cannot read the file within the limits.
    """
    if find_spec("h5py") is None or getattr(sys, "frozen", False):
        advice = "other HDF5 files are read where h5py is installed: pip install 'nb_sepconv[hdf5]'"
        raise WeightsError(f"{problem.problem}; {advice}", file.path, problem.offset)
    with tempfile.TemporaryFile() as copy, file.duplicate() as source:
        complaint = _complaint(source, copy, LEAST_SECONDS + file.size // BYTES_PER_SECOND)
        if complaint is not None:
            raise WeightsError(f"{problem.problem}; h5py could not make a plain copy: {complaint}", file.path)
        return RandomAccessFile(file.path, os.dup(copy.fileno()))


def _complaint(source, copy, seconds):
    """Run the copying process; what it complains of, or None."""
    command = [sys.executable, "-c", inspect.getsource(transcription)]
    settings = {"OPENBLAS_NUM_THREADS": "1", "HDF5_PLUGIN_PRELOAD": "::"}  # "::" loads no plugins
    environment = os.environ | settings | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, stdin=source, stdout=copy, stderr=subprocess.PIPE, env=environment, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {seconds} seconds"
    if done.returncode == 0:
        return None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with the status {done.returncode}"
