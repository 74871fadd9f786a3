"""What the numbers were measured on."""

import os
import platform
from pathlib import Path


def processor_name():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def vector_features():
    info = Path("/proc/cpuinfo")
    text = info.read_text() if info.exists() else ""
    flags = next((line.split() for line in text.splitlines() if line.startswith(("flags", "Features"))), [])
    return [name for name in ("avx2", "fma", "avx512f", "amx_tile", "asimd", "sve") if name in flags]


def available_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def describe_machine():
    return {
        "processor": processor_name(),
        "vector features": " ".join(vector_features()) or "unknown",
        "cores": available_cores(),
        "system": platform.platform(),
        "load before": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
