"""What is asked of the opener of a format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Request(NamedTuple):
    """The file, the array ``inside`` it, what to call the source, and in which order and type it is to be read.

    ``dtype`` None is that of the file, and float32 for integers; ``channels`` are names or numbers, None for all.
    """

    path: str
    inside: str | None
    name: str
    channels_last: bool
    dtype: np.dtype[Any] | None
    channels: tuple[int | str, ...] | None
