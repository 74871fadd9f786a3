"""A live pulse monitor: the heartbeats of a recording, found sample by sample, and how late each one is told.

The model is that of ``examples/heartbeats.py``, two separable convolutions, as a stack whose stream takes one sample at
a time. What it gives is what one call over the whole recording gives, bit for bit; only each score comes as late as the
kernels look ahead, which the stream tells. A beat is then a peak above the mean score of the seconds before it, told
when no higher one can follow within the time that a heart needs.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Column, Table

import nb_sepconv as tf
from examples import heartbeats
from examples.heartbeats import LEVEL_SECONDS, REFRACTORY_SECONDS, TEMPLATE_DILATION, Recording
from nb_sepconv.streaming import Stream

PLOT_SECONDS = 9.0
TABLE_COLUMNS = "sampled at", "beats", "beats/min", "score after", "beat after", "us per sample"


class Beat(NamedTuple):
    """The sample at which a beat is, and the one that had come when it was told."""

    sample: int
    told: int


class Session(NamedTuple):
    """What came out of a recording played live: scores in order, beats, and the seconds that each sample took."""

    score: np.ndarray
    beats: list[Beat]
    lookahead: int
    seconds: np.ndarray


# The model


def model(rate: float) -> tf.Stack:
    """The two convolutions as layers, padded so that score ``t`` is that of sample ``t``."""
    band, templates = heartbeats.band_pass(rate), heartbeats.pulse_and_beat(rate)
    wave = tf.layers.SeparableConv1D(
        1,
        len(band),
        padding="same",
        activation=lambda wave: np.square(np.maximum(wave, 0)),
        use_bias=False,
        depthwise_initializer=tf.constant_initializer(band),
        pointwise_initializer=tf.ones_initializer(),
    )
    beat = tf.layers.SeparableConv1D(
        1,
        len(templates),
        padding="same",
        dilation_rate=TEMPLATE_DILATION,
        depth_multiplier=2,
        activation="relu",
        use_bias=False,
        depthwise_initializer=tf.constant_initializer(templates),
        pointwise_initializer=tf.constant_initializer([1.0, -1.0]),
    )
    for layer in (wave, beat):
        layer.build((None, None, 1))
    return tf.Stack(wave, beat)


# From scores to beats, one at a time


class BeatFinder:
    """Tells a beat when it is sure: a peak above the mean of the last seconds, the highest of a refractory time."""

    def __init__(self, rate: float) -> None:
        self._refractory = REFRACTORY_SECONDS * rate
        self._recent: deque[float] = deque(maxlen=round(LEVEL_SECONDS * rate))
        self._sum = 0.0
        self._last = self._before = 0.0
        self._step = -1
        self._candidate: tuple[int, float] | None = None

    def take(self, score: float) -> int | None:
        """The step of a beat that is sure by now, or None."""
        self._step += 1
        if len(self._recent) == self._recent.maxlen:
            self._sum -= self._recent[0]
        self._recent.append(score)
        self._sum += score
        if self._last > self._before and self._last >= score and self._last > self._sum / len(self._recent):
            self._peak(self._step - 1, self._last)
        self._before, self._last = self._last, score
        if self._candidate is not None and self._step - self._candidate[0] >= self._refractory:
            beat, self._candidate = self._candidate[0], None
            return beat
        return None

    def _peak(self, step: int, height: float) -> None:
        if self._candidate is None or height > self._candidate[1]:
            self._candidate = step, height


def live(recording: Recording, stream: Stream) -> Iterator[tuple[np.ndarray, float]]:
    """The scores that each sample brings, none at first, and the seconds that it took; the last ones at the end."""
    for sample in recording.signal.astype(np.float32):
        started = perf_counter()
        scores = stream.push(sample.reshape(1, 1, 1))
        yield scores.ravel(), perf_counter() - started
    yield stream.flush().ravel(), 0.0


def play(recording: Recording) -> Session:
    """Play a recording to the monitor."""
    stream, finder = model(recording.rate).stream(), BeatFinder(recording.rate)
    scores: list[float] = []
    beats: list[Beat] = []
    seconds: list[float] = []
    for came, (found, took) in enumerate(live(recording, stream)):
        for score in found:
            scores.append(float(score))
            beat = finder.take(float(score))
            if beat is not None:
                beats.append(Beat(beat, min(came, len(recording.signal) - 1)))
        seconds.append(took)
    return Session(np.array(scores, np.float32), beats, stream.lookahead, np.array(seconds[:-1]))


# What is shown


def plot(recording: Recording, session: Session, path: Path) -> None:
    """Save a picture of some seconds of a session: the signal, the scores as they came, and from beat to message."""
    rate = recording.rate
    samples = np.arange(len(recording.signal))
    start = len(samples) / rate / 2
    shown = (samples / rate >= start) & (samples / rate <= start + PLOT_SECONDS)
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    top, bottom = figure.subplots(2, sharex=True)
    top.plot(samples[shown] / rate, recording.signal[shown], color="tab:blue", label="photoplethysmogram")
    height, room = recording.signal[shown].max(), np.ptp(recording.signal[shown])
    beats = [beat for beat in session.beats if shown[beat.sample] and shown[beat.told]]
    for number, beat in enumerate(beats):
        level = height + room * (0.08 + 0.07 * (number % 4))
        top.plot(beat.sample / rate, recording.signal[beat.sample], "o", color="tab:red")
        top.annotate(
            "",
            (beat.told / rate, level),
            (beat.sample / rate, level),
            arrowprops={"arrowstyle": "-|>", "color": "tab:red", "shrinkA": 0, "shrinkB": 0},
        )
        top.plot([beat.sample / rate] * 2, [recording.signal[beat.sample], level], color="tab:red", lw=0.6, ls=":")
    top.plot([], [], "o-", color="tab:red", label="beat, and when it is told")
    told = np.median([beat.told - beat.sample for beat in session.beats]) / rate
    title = f"{recording.name}.csv, sample by sample: a score comes {session.lookahead / rate:.2f} s after its sample, "
    top.set_title(title + f"a beat is told after {told:.2f} s", loc="left")
    top.set_ylabel("signal (converter counts)")
    came = (samples + session.lookahead) / rate
    inside = (came >= start) & (came <= start + PLOT_SECONDS)
    bottom.plot(samples[shown] / rate, session.score[shown], color="0.75", label="score, at the sample it is of")
    bottom.plot(came[inside], session.score[inside], color="tab:green", label="score, when it comes")
    bottom.set_ylabel("beat score (counts²)")
    bottom.set_xlabel("time (s)")
    for panel in (top, bottom):
        panel.grid(alpha=0.3)
        panel.margins(x=0)
        panel.legend(loc="lower right", bbox_to_anchor=(1, 1 if panel is bottom else 1.06), ncols=2, frameon=False)
    figure.savefig(path, dpi=120)


def table_row(recording: Recording, session: Session) -> list[str]:
    """What the table says of a recording."""
    rate = recording.rate
    samples = np.array([beat.sample for beat in session.beats])
    told = np.median([beat.told - beat.sample for beat in session.beats]) / rate
    return [
        f"{recording.name}.csv",
        f"{rate:.1f} Hz",
        f"{len(samples)}",
        f"{heartbeats.beats_per_minute(samples, rate):.1f}",
        f"{session.lookahead / rate:.2f} s",
        f"{told:.2f} s",
        f"{np.median(session.seconds) * 1e6:.1f}",
    ]


def main(output: Path = Path("output"), console: Console | None = None) -> None:
    """Play every recording, print what the monitor told and how late, and save the pictures."""
    console = console or Console()
    output.mkdir(parents=True, exist_ok=True)
    table = Table("recording", *(Column(name, justify="right") for name in TABLE_COLUMNS))
    for recording in heartbeats.read_recordings():
        session = play(recording)
        plot(recording, session, output / f"live-pulse-{recording.name}.png")
        table.add_row(*table_row(recording, session))
    console.print(table)
    console.print(f"Pictures: {output}/live-pulse-*.png", highlight=False)


if __name__ == "__main__":
    main()
