"""What a job tells while it runs: numbers to a function, a bar on a terminal, a line a minute in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LINE_SECONDS = 60.0


class Progress(NamedTuple):
    """How far a job is, of what it has to do in this run.

    Args:
        chunks, all_chunks: int, those that are computed, and all.
        steps, all_steps: int, the same in output steps of all examples.
        samples_per_second: float, numbers of the inputs that are computed in a second.
        real_time: float or None, how many seconds of recording are computed in a second; where the sources know.
        seconds, seconds_left: float, since the start, and until the end at this pace.
    """

    chunks: int
    all_chunks: int
    steps: int
    all_steps: int
    samples_per_second: float
    real_time: float | None
    seconds: float
    seconds_left: float

    def __str__(self) -> str:
        pace = f"{_short(self.samples_per_second)} samples/s"
        if self.real_time is not None:
            pace += f", {_short(self.real_time)} x real time"
        done = 100 * self.steps / max(self.all_steps, 1)
        return f"{done:3.0f}%, {self.chunks} of {self.all_chunks} chunks, {pace}, {_clock(self.seconds_left)} left"


def _short(number):
    for factor, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= factor:
            return f"{number / factor:.3g} {name}"
    return f"{number:.3g}"


def _clock(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


class Teller:
    """Tells how far a job is.

    Args:
        wanted: a function of a :class:`Progress`; None for a bar or lines; False for nothing.
        chunks, steps: all that there are.
    """

    def __init__(self, wanted: Callable[[Progress], Any] | bool | None, chunks: int, steps: int) -> None:
        self._all, self._done, self._steps = (chunks, steps), 0, 0
        self._samples, self._recorded, self._rates = 0, 0.0, True
        self._started = time.monotonic()
        self._tell = _teller(wanted)

    def add(self, steps: int, samples: int, recorded_seconds: float | None) -> None:
        """Count a chunk that is computed."""
        self._done += 1
        self._steps += steps
        self._samples += samples
        if recorded_seconds is None:
            self._rates = False
        else:
            self._recorded += recorded_seconds
        self._tell(self._now())

    def _now(self):
        seconds = max(time.monotonic() - self._started, 1e-9)
        chunks, steps = self._all
        left = seconds * (steps - self._steps) / max(self._steps, 1)
        real_time = self._recorded / seconds if self._rates else None
        return Progress(
            self._done, chunks, self._steps, steps, self._samples / seconds, real_time, seconds, max(left, 0.0)
        )

    def close(self) -> None:
        """Stop telling."""
        close = getattr(self._tell, "close", None)
        if close is not None:
            close()


def _teller(wanted):
    if wanted is False:
        return lambda progress: None
    if callable(wanted):
        return wanted
    if sys.stderr is not None and sys.stderr.isatty():
        try:
            return _Bar()
        except ImportError:
            pass
    return _Lines()


class _Lines:
    """A line now and then, in a log."""

    def __init__(self):
        self._told = time.monotonic()

    def __call__(self, progress):
        if time.monotonic() - self._told >= LINE_SECONDS:
            self._told = time.monotonic()
            print(f"nb_sepconv: {progress}", file=sys.stderr, flush=True)


class _Bar:
    """A bar on a terminal."""

    def __init__(self):
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        columns = BarColumn(), TextColumn("{task.description}")
        self._bar = RichProgress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def __call__(self, progress):
        self._bar.update(self._task, total=progress.all_steps, completed=progress.steps, description=str(progress))

    def close(self):
        """Take the bar away."""
        self._bar.stop()
