"""A file of weights under other names and types, still read array by array."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.weights.element_types import SMALL_FLOAT_BYTES, small_float

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import DTypeLike

    from nb_sepconv.tensors.typing import Array

FLOATS = ("float16", "float32", "float64", "bfloat16")


class Renamed(Mapping[str, "Array"]):
    """A mapping with other names and another type of floats.

    Args:
        source: mapping of str to array.
        rules: list of (pattern, replacement), regular expressions applied one after the other.
        dtype: str or None, one of float16, float32, float64, bfloat16, for all arrays of floats. Default None.

    Raises:
        ValueError: two names become one.
    """

    def __init__(
        self, source: Any, rules: Sequence[tuple[re.Pattern[str], str]] = (), dtype: DTypeLike | None = None
    ) -> None:
        self._source = source
        self._dtype = _float_dtype(dtype)
        self._names = {}
        for name in source:
            renamed = _rename(name, rules)
            if renamed in self._names:
                raise ValueError(
                    f"`rename` makes one name of two: {self._names[renamed]!r} and {name!r} become {renamed!r}"
                )
            self._names[renamed] = name

    def __getitem__(self, name: str) -> Array:
        array = self._source[self._names[name]]
        is_float = array.dtype.kind == "f" or array.dtype.name in SMALL_FLOAT_BYTES
        return array.astype(self._dtype) if self._dtype is not None and is_float else array

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def parse_rule(text: str) -> tuple[re.Pattern[str], str]:
    """The (pattern, replacement) of ``PATTERN=REPL``."""
    pattern, separator, replacement = text.partition("=")
    if not separator or not pattern:
        raise ValueError(f"`rename` must be PATTERN=REPL. Received: {text!r}")
    try:
        return re.compile(pattern), replacement
    except re.error as error:
        raise ValueError(f"`rename` must have a regular expression before `=`; {error}. Received: {text!r}") from None


def _rename(name, rules):
    for pattern, replacement in rules:
        try:
            name = pattern.sub(replacement, name)
        except (re.error, IndexError) as error:
            raise ValueError(
                f"`rename` must have a valid replacement after `=`; {error}. Received: {replacement!r}"
            ) from None
    return name


def _float_dtype(name):
    if name is None:
        return None
    if name not in FLOATS:
        raise ValueError(f"`dtype` must be one of {', '.join(FLOATS)}. Received: {name!r}")
    if name not in SMALL_FLOAT_BYTES:
        return np.dtype(name)
    if small_float(name) is None:
        raise ImportError("bfloat16 needs the package ml_dtypes: pip install ml_dtypes")
    return small_float(name)
