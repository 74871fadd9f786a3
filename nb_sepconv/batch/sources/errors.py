"""The error of a source."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from nb_sepconv.files.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator


class SourceError(FileError):
    """A source that cannot be read; says which one, and what was expected of it.

    Args:
        problem: str, what was found and what was expected.
        path: str or None, the source.
        offset: int or None, the byte in the file where the problem was seen.
    """


@contextmanager
def read_by(library: str, path: str, *errors: type[Exception]) -> Iterator[None]:
    """Make a SourceError, with the path, of what another library says of a damaged file.

    Args:
        library: str, as people know it.
        path: str, the file.
        errors: the classes of exceptions that the library raises for such a file.
    """
    try:
        yield
    except SourceError:
        raise
    except errors as error:
        problem = f"{library} cannot read this: {type(error).__name__}: {error}"
        raise SourceError(problem, path) from error
