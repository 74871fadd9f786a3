"""The most memory that a call takes above what the process holds already; Linux alone tells."""

import ctypes
import gc
from pathlib import Path

STATUS, CLEAR_REFS = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"

#: What makes the measure exact: every array returns to the system when freed, and no page is larger than asked for.
ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536", "NUMPY_MADVISE_HUGEPAGE": "0"}


def status_bytes(field):
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) * 1024


def peak_of(call):
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = status_bytes("VmRSS")
    CLEAR_REFS.write_text(RESET_PEAK)
    result = call()
    peak = status_bytes("VmHWM")
    del result
    return peak - before
