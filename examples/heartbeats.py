"""Find the heartbeats in real pulse recordings with a model written in TensorFlow 1's words.

The recordings are the photoplethysmograms (the light that a fingertip lets through) that the HeartPy package ships.
The model is the detector of Elgendi et al. 2013, "Systolic Peak Detection in Acceleration Photoplethysmograms"
(PLoS ONE 8(10): e76585), written as two separable convolutions:

1. a band-pass keeps the frequencies of a pulse wave, and what rises above zero is squared;
2. one template averages over a pulse wave, another over a whole beat, and a beat is where the first exceeds the second.

Nothing is trained and nothing is fitted to these recordings: the durations are the paper's, and the kernels follow from
them and the sampling rate.

Each recording is a batch job, which computes ten seconds at a time and writes the scores to a file. The recordings may
be of any length: a job has as many samples in memory as it computes at a time.
"""

from collections.abc import Callable
from importlib.metadata import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

import nb_sepconv as tf

BAND_HZ = (0.5, 8.0)
PULSE_SECONDS = 0.111
BEAT_SECONDS = 0.667
TEMPLATE_DILATION = 2  # the squared wave holds up to 16 Hz, so every second sample is enough
LEVEL_SECONDS = 4.0
REFRACTORY_SECONDS = 0.3  # at most 200 beats per minute
CHUNK_SECONDS = 10.0
PLOT_SECONDS = 12.0
TABLE_COLUMNS = "sampled at", "length", "beats", "beats/min", "samples/s", "x real time"


class Recording(NamedTuple):
    """A pulse recording: its name, its samples (counts of the sensor's converter) and the samples per second."""

    name: str
    signal: np.ndarray
    rate: float


class Findings(NamedTuple):
    """What the model made of a recording: a score per sample, the samples where a beat is, and the seconds it took.

    The job of the first two chunks comes first and warms up: it compiles the kernels.
    """

    score: np.ndarray
    beats: np.ndarray
    warm_up_seconds: float
    job_seconds: float


# The recordings


def read_recordings() -> list[Recording]:
    """The three recordings of HeartPy; two of them tell their sampling rate by a column of times."""
    plain = np.loadtxt(heartpy_file("data.csv"))
    timed = np.loadtxt(heartpy_file("data2.csv"), delimiter=",", skiprows=1)
    columns = [("datetime", "datetime64[ms]"), ("hr", float)]
    dated = np.loadtxt(heartpy_file("data3.csv"), delimiter=",", skiprows=1, dtype=columns)
    return [
        Recording("data", plain, 100.0),
        Recording("data2", timed[:, 1], sampling_rate(timed[:, 0] / 1000)),
        Recording("data3", dated["hr"], sampling_rate(dated["datetime"].astype(float) / 1000)),
    ]


def heartpy_file(name: str) -> Path:
    """Where the installed HeartPy keeps a recording; HeartPy itself is not imported."""
    return next(Path(file.locate()) for file in files("heartpy") if str(file) == f"heartpy/data/{name}")


def sampling_rate(seconds: np.ndarray) -> float:
    """Samples per second of the samples taken at these times."""
    return float((len(seconds) - 1) / (seconds[-1] - seconds[0]))


# The kernels


def odd_steps(seconds: float, rate: float) -> int:
    """The odd number of samples, so that a kernel has a middle, nearest to a duration."""
    return 2 * round((seconds * rate - 1) / 2) + 1


def low_pass(cutoff_hz: float, rate: float, steps: int) -> np.ndarray:
    """A windowed-sinc low-pass: the ideal one under a Hamming window, scaled to let a constant through unchanged."""
    time = np.arange(steps) - steps // 2
    kernel = np.sinc(2 * cutoff_hz / rate * time) * np.hamming(steps)
    return kernel / kernel.sum()


def band_pass(rate: float) -> np.ndarray:
    """The difference of two low-passes, as long as two periods of the lowest frequency that passes: (steps,)."""
    lowest, highest = BAND_HZ
    steps = odd_steps(2 / lowest, rate)
    return low_pass(highest, rate, steps) - low_pass(lowest, rate, steps)


def pulse_and_beat(rate: float) -> np.ndarray:
    """The templates of a pulse wave (a Hann bump, so wide at half its height) and of a beat (flat): (steps, 2)."""
    template_rate = rate / TEMPLATE_DILATION
    beat = np.ones(odd_steps(BEAT_SECONDS, template_rate))
    pulse = np.hanning(odd_steps(2 * PULSE_SECONDS, template_rate) + 2)[1:-1]
    pulse = np.pad(pulse, (len(beat) - len(pulse)) // 2)
    return np.stack([pulse / pulse.sum(), beat / beat.sum()], axis=1)


def margin(rate: float) -> int:
    """How many samples before a moment the model looks at, and as many after it."""
    return len(band_pass(rate)) // 2 + TEMPLATE_DILATION * (len(pulse_and_beat(rate)) // 2)


# The model: TF1 code


def beat_score(signal: np.ndarray, rate: float) -> np.ndarray:
    """How much each moment looks like a heartbeat: (1, margin + steps + margin, 1) -> (1, steps, 1)."""
    band, templates = band_pass(rate), pulse_and_beat(rate)
    with tf.variable_scope("pulse_wave"):
        energy = tf.layers.separable_conv1d(
            signal,
            filters=1,
            kernel_size=len(band),
            activation=lambda wave: tf.square(tf.nn.relu(wave)),
            use_bias=False,
            depthwise_initializer=tf.constant_initializer(band),
            pointwise_initializer=tf.ones_initializer(),
            name="band_pass",
        )
    with tf.variable_scope("beat"):
        return tf.layers.separable_conv1d(
            energy,
            filters=1,
            kernel_size=len(templates),
            dilation_rate=TEMPLATE_DILATION,
            depth_multiplier=2,
            activation=tf.nn.relu,
            use_bias=False,
            depthwise_initializer=tf.constant_initializer(templates),
            pointwise_initializer=tf.constant_initializer([1.0, -1.0]),
            name="matched_filter",
        )


# From scores to beats


def find_beats(score: np.ndarray, rate: float) -> np.ndarray:
    """The samples where a beat is: the peaks above the mean score of the seconds around them.

    Of two peaks that are closer than two heartbeats can be, the higher one is the beat.
    """
    steps = odd_steps(LEVEL_SECONDS, rate)
    level = np.convolve(np.pad(score, steps // 2, mode="reflect"), np.full(steps, 1 / steps), mode="valid")
    inner = score[1:-1]
    beats: list[int] = []
    for peak in np.flatnonzero((inner > score[:-2]) & (inner >= score[2:]) & (inner > level[1:-1])) + 1:
        if not beats or peak - beats[-1] >= REFRACTORY_SECONDS * rate:
            beats.append(peak)
        elif score[peak] > score[beats[-1]]:
            beats[-1] = peak
    return np.array(beats, dtype=int)


def beats_per_minute(beats: np.ndarray, rate: float) -> float:
    """The heart rate by the median time between beats, which a missed or a false beat hardly moves."""
    return float(60 * rate / np.median(np.diff(beats)))


def model_of(recording: Recording) -> Callable[[np.ndarray], np.ndarray]:
    """The model for a recording, with variables under its name, which all calls share."""

    def model(signal):
        with tf.variable_scope(recording.name, reuse=tf.AUTO_REUSE):
            return beat_score(signal, recording.rate)

    return model


def mirrored(recording: Recording) -> np.ndarray:
    """The recording as a series, with its ends mirrored, for the model to look at: (1, margin + steps + margin, 1)."""
    padded = np.pad(recording.signal.astype(np.float32), margin(recording.rate), mode="reflect")
    return padded[np.newaxis, :, np.newaxis]


def analyse(
    recording: Recording, folder: Path, watch: Callable[[tf.batch.Progress], object] = lambda progress: None
) -> Findings:
    """Score a recording by a job that writes to a folder, and find the beats; ``watch`` is told how far the job is."""
    model, series, path = model_of(recording), mirrored(recording), folder / f"{recording.name}.npy"
    chunk, looked_at = round(CHUNK_SECONDS * recording.rate), 2 * margin(recording.rate)

    def job(samples, watch):
        settings = {"halo": (0, looked_at), "chunk": chunk, "overwrite": True}
        return tf.batch.apply(model, series[:, :samples], path, progress=watch, **settings).seconds

    warm_up_seconds = job(2 * chunk + looked_at, False)
    job_seconds = job(None, watch)
    score = np.load(path).ravel()
    return Findings(score, find_beats(score, recording.rate), warm_up_seconds, job_seconds)


# What is shown


def plot(recording: Recording, findings: Findings, path: Path) -> None:
    """Save a picture of the middle of a recording, the model's output and the beats found."""
    rate = recording.rate
    seconds = np.arange(len(recording.signal)) / rate
    middle = np.abs(seconds - seconds[-1] / 2) <= PLOT_SECONDS / 2
    beats = findings.beats[middle[findings.beats]]
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    panels = figure.subplots(2, sharex=True)
    lines = [
        ("photoplethysmogram", "signal (converter counts)", recording.signal, "tab:blue"),
        ("model output", "beat score (counts²)", findings.score, "tab:green"),
    ]
    for panel, (label, unit, values, colour) in zip(panels, lines, strict=True):
        panel.plot(seconds[middle], values[middle], color=colour, label=label)
        panel.plot(seconds[beats], values[beats], "o", color="tab:red", label="beats found")
        panel.set_ylabel(unit)
        panel.grid(alpha=0.3)
        panel.margins(x=0)
        panel.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False)
    title = f"{recording.name}.csv: {beats_per_minute(findings.beats, rate):.1f} beats per minute"
    panels[0].set_title(title, loc="left")
    panels[-1].set_xlabel("time (s)")
    figure.savefig(path, dpi=120)


def table_row(recording: Recording, findings: Findings) -> list[str]:
    """What the table says of a recording."""
    samples, seconds = len(recording.signal), len(recording.signal) / recording.rate
    return [
        f"{recording.name}.csv",
        f"{recording.rate:.1f} Hz",
        f"{seconds:.0f} s",
        f"{len(findings.beats)}",
        f"{beats_per_minute(findings.beats, recording.rate):.1f}",
        f"{samples / findings.job_seconds:,.0f}",
        f"{seconds / findings.job_seconds:,.0f}",
    ]


def progress_bar(console: Console) -> Progress:
    """A bar that counts chunks."""
    count = MofNCompleteColumn(), TextColumn("chunks")
    return Progress(TextColumn("{task.description:>9}"), BarColumn(), *count, TimeElapsedColumn(), console=console)


def main(output: Path = Path("output"), console: Console | None = None) -> None:
    """Find the beats in every recording, print the heart rates and save the pictures."""
    console = console or Console()
    output.mkdir(parents=True, exist_ok=True)
    table = Table("recording", *(Column(name, justify="right") for name in TABLE_COLUMNS))
    warm_up_seconds = 0.0
    with progress_bar(console) as progress:
        for recording in read_recordings():
            task = progress.add_task(f"{recording.name}.csv", total=None)

            def watch(job: tf.batch.Progress, task: TaskID = task) -> None:
                progress.update(task, completed=job.chunks, total=job.all_chunks)

            findings = analyse(recording, output / "scores", watch)
            warm_up_seconds += findings.warm_up_seconds
            plot(recording, findings, output / f"heartbeats-{recording.name}.png")
            table.add_row(*table_row(recording, findings))
    console.print(table)
    console.print(f"Not counted: jobs of two chunks, which compile the kernels, took {warm_up_seconds:.1f} s.")
    console.print(f"Pictures: {output}/heartbeats-*.png, scores: {output}/scores/*.npy", highlight=False)


if __name__ == "__main__":
    main()
