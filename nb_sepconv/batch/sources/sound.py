"""Sources in sound files: WAV and FLAC, by soundfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.batch.needed import needed
from nb_sepconv.batch.sources import axes
from nb_sepconv.batch.sources.errors import SourceError, read_by
from nb_sepconv.batch.sources.file_source import FileSource, open_file
from nb_sepconv.files.reopened import Reopened

if TYPE_CHECKING:
    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.tensors.typing import Array

FRAMES_AT_A_TIME = 1 << 15
DOUBLES = "DOUBLE", "PCM_32"  # what float32 does not hold
CUT_OFF = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)


def open_sound(request: Request) -> SoundSource:
    """The frames of a file as one series; integers are scaled to [-1, 1)."""
    path = request.path
    open_file(path).close()  # its errors name the file
    with _open(path) as file:
        cut_off = CUT_OFF.search(file.extra_info)
        if cut_off is not None and int(cut_off[1]) > int(cut_off[2]):
            problem = f"its header promises {cut_off[1]} bytes of samples, and the file has {cut_off[2]}"
            raise SourceError(problem, path)
        shape = (1, file.frames, file.channels) if request.channels_last else (1, file.channels, file.frames)
        stored = np.dtype(np.float64 if file.subtype in DOUBLES else np.float32)
        return SoundSource(request, shape, stored, Reopened(_open, path), float(file.samplerate))


class SoundSource(FileSource):
    """A sound file as a source."""

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the frames [start, stop)."""
        steps = out[0] if self.channels_last else out[0].T
        scratch = np.empty((min(FRAMES_AT_A_TIME, stop - start), steps.shape[1]), _native(self.dtype))
        with self._opened.one_at_a_time, read_by("soundfile", self.path, _error()):
            file = self._opened()
            file.seek(start)
            for done in range(0, stop - start, FRAMES_AT_A_TIME):
                wanted = scratch[: min(FRAMES_AT_A_TIME, stop - start - done)]
                found = file.read(out=wanted)
                if len(found) < len(wanted):
                    raise SourceError(f"it ends after {start + done + len(found)} of {self._frames} frames", self.path)
                steps[done : done + len(found)] = found

    @property
    def _frames(self) -> int:
        return self.shape[axes.time_axis(self.channels_last)]


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type that soundfile converts samples to, from which they are cast."""
    return np.dtype(np.float64 if dtype == np.float64 else np.float32)


def _open(path: str) -> Any:
    soundfile = needed("soundfile", "WAV and FLAC")
    with read_by("soundfile", path, soundfile.LibsndfileError):
        return soundfile.SoundFile(path)


def _error() -> type[Exception]:
    error: type[Exception] = needed("soundfile", "WAV and FLAC").LibsndfileError
    return error
