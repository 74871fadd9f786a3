"""What tells one job from another, and in which words two differ."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from nb_sepconv.convolution import precisions
from nb_sepconv.kernels import engines
from nb_sepconv.version import __version__

FORMAT = 1


def engine_facts(by_numpy: bool, exact: bool) -> dict[str, Any]:
    """What the bits of an output depend on beside the model and the inputs: the engine, the arithmetic, the versions.

    The width of the vectors is none of it where the kernels compute all: processors of a family that fuse multiply-adds
    sum in one order. NumPy takes other functions for other vectors.

    Args:
        by_numpy: bool, whether NumPy computes a part of it.
        exact: bool, whether all products are those of the arrays' type, which units for bfloat16 do not multiply
            unless they are told to.
    """
    chosen = engines.engine()
    told = chosen.describe()
    engine = "fma" if exact and chosen.NAME == "auto" else chosen.NAME
    units = () if engine == "fma" else ("amx", "avx512_bf16")
    facts = {
        "nb_sepconv": __version__,
        "engine": engine,
        "precision": precisions.of_context() or "float32",
        "machine": platform.machine(),
        "multiply-adds": "fused" if told["vectors"]["fma"] else "rounded twice",
        "llvmlite": told["llvmlite"],
        **{unit: told[unit]["used"] for unit in units},
    }
    return facts | {"numpy": np.__version__, "vectors": told["vectors"]["unit"]} if by_numpy else facts


def differences(old: Any, new: Any, name: str = "") -> list[str]:
    """What differs between two fingerprints, as JSON holds them, in words: the name of each part, and both values.

    A part that is None on one side, as of a file that could not be read then, differs from nothing.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{name} {_words(key)}".strip()
            if key not in old or key not in new:
                found.append(f"{inner} {'is new' if key in new else 'is gone'}")
            else:
                found += differences(old[key], new[key], inner)
        return found
    if isinstance(old, list) and isinstance(new, list) and _of_dicts(old, new):
        if len(old) != len(new):
            return [f"{name} count was {len(old)}, is {len(new)}"]
        pairs = enumerate(zip(old, new, strict=True))
        return [words for number, pair in pairs for words in differences(*pair, f"{name} {number}")]
    if old == new or (name.startswith("source") and None in (old, new)):
        return []
    return [f"{name} changed" if _is_hash(old) or _is_hash(new) else f"{name} was {old!r}, is {new!r}"]


def _words(key):
    return {"sources": "source", "layers": "layer", "changed": "time", "ends": "contents"}.get(key, key)


def _of_dicts(*lists):
    return all(isinstance(each, dict) for one in lists for each in one)


def _is_hash(value):
    return isinstance(value, str) and len(value) == 32
