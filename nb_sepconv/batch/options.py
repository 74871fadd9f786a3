"""What a caller asks of a job, checked."""

from __future__ import annotations

import operator
import os
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_UNITS |= {"KIB": 2**10, "MIB": 2**20, "GIB": 2**30, "TIB": 2**40}
AXES = ("time", "batch", 1, 2)


class Shard(NamedTuple):
    """The ``number``-th of ``count`` parts of a job, counted from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


class Options(NamedTuple):
    """The arguments of :func:`nb_sepconv.batch.apply` that say what is computed, and how."""

    axis: str | int
    chunk: int | None
    halo: tuple[int, int] | None
    memory_limit: int
    dtype: Any
    on_error: str
    resume: bool
    overwrite: bool
    check: bool
    channels: Any
    shard: Shard | None


def checked(
    axis: Any,
    chunk: Any,
    halo: Any,
    memory_limit: Any,
    dtype: Any,
    on_error: Any,
    resume: Any,
    overwrite: Any,
    check: Any,
    channels: Any,
    shard: Any,
) -> Options:
    """The options for arguments as callers write them.

    Raises:
        TypeError, ValueError: one of them is none that is accepted.
    """
    return Options(
        _one_of("axis", axis, AXES),
        None if chunk is None else _positive("chunk", chunk),
        None if halo is None else _halo(halo),
        memory_bytes(memory_limit),
        None if dtype is None else _float(dtype),
        _one_of("on_error", on_error, ("raise", "skip")),
        bool(resume),
        bool(overwrite),
        bool(check),
        channels,
        None if shard is None else parse_shard(shard),
    )


def _one_of(name, value, known):
    if value not in known:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, known))}. Received: {value!r}")
    return value


def _positive(name, value):
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or isinstance(value, bool):
        raise ValueError(f"`{name}` must be an integer > 0. Received: {value!r}")
    return number


def _halo(value):
    """(before, after), from one number for both or from two."""
    try:
        pair = tuple(map(operator.index, value)) if isinstance(value, (tuple, list)) else (operator.index(value),) * 2
    except TypeError:
        pair = ()
    if len(pair) != 2 or min(pair) < 0:
        raise ValueError(f"`halo` must be an integer >= 0, or two of them, (before, after). Received: {value!r}")
    return pair


def _float(value):
    dtype = np.dtype(value)
    if dtype.name not in ("float16", "bfloat16", "float32", "float64"):
        raise TypeError(f"`dtype` must be float16, bfloat16, float32 or float64. Received: {value!r}")
    return dtype


def memory_bytes(value: Any) -> int:
    """A number of bytes, from an integer or a text such as "512MB" or "2 GiB".

    >>> memory_bytes("512MB"), memory_bytes("1.5 GiB")
    (512000000, 1610612736)
    """
    if isinstance(value, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?I?B?)\s*", value.upper())
        if found and found[2] in _UNITS:
            return _positive("memory_limit", int(float(found[1]) * _UNITS[found[2]]))
        raise ValueError(f'`memory_limit` must be bytes, as 512000000 or "512MB". Received: {value!r}')
    return _positive("memory_limit", value)


def parse_shard(value: Any) -> Shard:
    """A shard, from a text "3/40" or two numbers; the first of 40 is 1.

    Raises:
        ValueError: it is none.

    >>> parse_shard("3/40")
    Shard(number=3, count=40)
    """
    parts = value.split("/") if isinstance(value, str) else value
    try:
        number, count = (int(part) for part in parts)
    except (TypeError, ValueError):
        number, count = 0, 0
    if not 1 <= number <= count:
        raise ValueError(
            f'`shard` must be as "3/40", the number of a part, from 1 on, and how many. Received: {value!r}'
        )
    return Shard(number, count)


def shard_of_slurm(environment: Mapping[str, str] = os.environ) -> Shard | None:
    """The part that falls to this task of a Slurm array, by the variables that Slurm sets; None outside of one."""
    try:
        task, first, count = (int(environment[f"SLURM_ARRAY_TASK_{name}"]) for name in ("ID", "MIN", "COUNT"))
        step = int(environment.get("SLURM_ARRAY_TASK_STEP", "1"))
    except (KeyError, ValueError):
        return None
    return parse_shard(((task - first) // step + 1, count))
