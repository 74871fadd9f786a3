"""What decides the machine code of a unit, and whether code may be kept at all."""

import hashlib
import re
import sys
import time
from functools import cache
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
import numba
from numba.core import config
from numba.core.codegen import get_host_cpu_features

SOURCES = Path(__file__).parents[1]
# Versions whose objects the tests have written and loaded; the store reads internals that others may change.
TESTED_NUMBA, TESTED_LLVMLITE = ((0, 61), (0, 68)), ((0, 44), (0, 50))
# Settings of Numba that change no machine code. All others are part of the key.
WITHOUT_EFFECT = {
    "CACHE_DIR",
    "CACHE_LOCATOR_CLASSES",
    "COLOR_SCHEME",
    "FUNCTION_CACHE_SIZE",
    "GDB_BINARY",
    "NUMBA_DEFAULT_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RUNNING_UNDER_PROFILER",
    "SHOW_HELP",
    "THREADING_LAYER",
    "THREADING_LAYER_PRIORITY",
}

_imported = time.time()


def key_of(unit: str) -> bytes:
    """The hash of all that decides the code of a unit, which its name stands for."""
    return hashlib.sha256(repr((unit, _machine(), _settings(), sources_hash())).encode()).digest()


def why_unknown() -> str:
    """Why this process cannot tell what decides its code, empty where it can."""
    for name, version, (oldest, newest) in (
        ("Numba", numba.__version__, TESTED_NUMBA),
        ("llvmlite", llvmlite.__version__, TESTED_LLVMLITE),
    ):
        if not oldest <= _major_and_minor(version) <= newest:
            return f"not tested with {name} {version}"
    return "" if sources_hash() else "the package's sources cannot be read, or have changed since they were imported"


def _major_and_minor(version: str) -> tuple[int, ...]:
    """Two integers; none for the version of a checkout that has no number."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return tuple(map(int, found.groups())) if found else ()


@cache
def _machine() -> tuple[object, ...]:
    return (
        *(sys.version, sys.implementation.cache_tag, object.__basicsize__),
        *(numba.__version__, llvmlite.__version__, llvm.llvm_version_info),
        *(llvm.get_process_triple(), llvm.get_host_cpu_name(), get_host_cpu_features()),
    )


def _settings() -> list[tuple[str, str]]:
    """Numba's settings, which its environment variables may change while the process runs."""
    names = sorted(name for name in vars(config) if name.isupper() and name not in WITHOUT_EFFECT)
    return [(name, str(getattr(config, name))) for name in names if not name.startswith("CUDA_")]


@cache
def sources_hash() -> str:
    """A hash of the sources of all kernels; empty where they are missing, or are not what this process has imported."""
    digest = hashlib.sha256()
    try:
        paths = sorted(SOURCES.rglob("*.py"))
        for path in paths:
            found = path.stat()
            if max(found.st_mtime, found.st_ctime) > _imported:
                return ""
            content = path.read_bytes()
            digest.update(f"{path.relative_to(SOURCES).as_posix()} {len(content)} ".encode() + content)
    except OSError:
        return ""
    return digest.hexdigest() if paths else ""
