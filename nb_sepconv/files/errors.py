"""The errors of files that cannot be trusted."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.tensors.typing import FilePath


class FileError(ValueError):
    """A file that cannot be trusted; says which file, where in it, and what was expected there.

    Args:
        problem: str, what was found and what was expected.
        path: str or None, the file.
        offset: int or None, the byte in the file where the problem was seen.
    """

    def __init__(self, problem: str, path: FilePath | None = None, offset: int | None = None) -> None:
        super().__init__(problem, path, offset)
        self.problem = problem
        self.path = path
        self.offset = offset

    def __str__(self) -> str:
        where = "" if self.path is None else f"{self.path}: "
        at = "" if self.offset is None else f" (at byte {self.offset})"
        return f"{where}{self.problem}{at}"


class WeightsError(FileError):
    """A file of weights that cannot be trusted; says which file, where in it, and what was expected there.

    Args:
        problem: str, what was found and what was expected.
        path: str or None, the file.
        offset: int or None, the byte in the file where the problem was seen.
    """


@contextmanager
def located(path: FilePath | None, base: int | None = 0) -> Iterator[None]:
    """Give the file to every WeightsError raised inside that does not know it; its offset counts from ``base``."""
    try:
        yield
    except WeightsError as error:
        if error.path is not None:
            raise
        raise type(error)(error.problem, path, base + (error.offset or 0)) from None
