"""Filling variables from a file, all of them or none."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.weights import load

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import FilePath


OUTPUT = ":0"


def fill_variables(path: FilePath, variables: Iterable[tuple[str, Variable]], reshape: bool = False) -> None:
    """Assign to every variable what a file has under a name, with or without the ``:0`` of ``Variable.name``.

    Everything is read and compared first, so that an error names all that does not fit and leaves the variables alone.

    Args:
        path: str or path-like, any file of weights.
        variables: list of (name in the file, Variable).
        reshape: bool, whether another shape of the same size will do. Default False.

    Raises:
        ValueError: names that are missing, shapes or types that differ.
    """
    with load(path) as file:
        stored = {name: (part, name) for part in (file.slots, file) for name in part}
        stored = {**{_other_form(name): found for name, found in stored.items()}, **stored}
        problems = [problem for pair in variables for problem in _problems(stored, *pair, reshape)]
        if problems:
            listing = "".join(f"\n  {problem}" for problem in problems)
            raise ValueError(f"`{file.path}` does not fit the variables, of which none was changed:{listing}")
        arrays = {name: part[key] for name, (part, key) in ((name, stored[name]) for name, _ in variables)}
    for name, variable in variables:
        variable.assign(arrays[name].reshape(tuple(variable.shape)))


def _other_form(name):
    """A name without the ``:0`` that it has, or with it."""
    return name.removesuffix(OUTPUT) if name.endswith(OUTPUT) else name + OUTPUT


def _problems(stored, name, variable, reshape):
    """Yield what keeps a variable from taking its value."""
    if name not in stored:
        yield f"{name}: missing in the file"
        return
    part, key = stored[name]
    info, shape = part.info(key), tuple(variable.shape)
    if info.shape != shape and not (reshape and prod(info.shape) == prod(shape)):
        yield f"{name}: the shape is {info.shape} in the file, {shape} in the variable"
    if not _converts(info.dtype, variable.dtype):
        yield f"{name}: the type is {info.dtype.name} in the file, {variable.dtype.name} in the variable"


def _converts(source, target):
    both_floating = is_floating(source) and is_floating(target)
    return both_floating or (source.kind in "biuc" and np.can_cast(source, target, "same_kind"))
