"""Series that come a few steps at a time: a stream keeps what later outputs need."""

from nb_sepconv.streaming.stream import Stream

__all__ = ["Stream"]


def __dir__() -> list[str]:
    return __all__
