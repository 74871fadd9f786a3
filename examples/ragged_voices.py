"""Convolve spoken vowels of different lengths as one batch, and get for each what it gives alone.

The recordings are those that the aeon package ships as *JapaneseVowels*: 640 utterances of two vowels by nine speakers,
7 to 29 steps of 12 coefficients of linear prediction. A batch holds them padded to one length. Two layers that are not
told the lengths let the padding into the answer: behind the end of an utterance the first one gives its activation of
the bias, which is not zero, and "same" with a stride puts its own zeros by the length of the batch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

import nb_sepconv as tf
from examples.train_motions import aeon_file, read_ts

SHOWN = 40  # utterances in the picture
CALLS = 20  # of each way, to time it


class Batch(NamedTuple):
    """Series (N, L, C) with noise behind the end of each, and their lengths (N,)."""

    inputs: np.ndarray
    lengths: np.ndarray


def read_voices() -> Batch:
    """All utterances, as one batch."""
    series = [one for part in ("TRAIN", "TEST") for one in read_ts(aeon_file("JapaneseVowels", part))[0]]
    lengths = np.array([len(one) for one in series])
    inputs = np.random.default_rng(0).standard_normal((len(series), lengths.max(), series[0].shape[1]))
    inputs = inputs.astype(np.float32)
    for padded, one in zip(inputs, series, strict=True):
        padded[: len(one)] = one
    return Batch(inputs, lengths)


def two_layers() -> tf.Stack:
    """A layer with a stride and a bias, and one that reads what it gives."""
    glorot = tf.glorot_uniform_initializer
    common = {"padding": "same", "activation": "relu"}
    first = {"depthwise_initializer": glorot(seed=1), "pointwise_initializer": glorot(seed=2)}
    second = {"depthwise_initializer": glorot(seed=3), "pointwise_initializer": glorot(seed=4)}
    bias = tf.constant_initializer(0.1)
    return tf.Stack(
        tf.layers.SeparableConv1D(48, 5, strides=2, bias_initializer=bias, name="first", **first, **common),
        tf.layers.SeparableConv1D(24, 5, bias_initializer=bias, name="second", **second, **common),
    )


# The three ways


def alone(stack: tf.Stack, batch: Batch) -> list[np.ndarray]:
    """Each utterance in a call of its own: what the others are measured by."""
    return [stack(one[np.newaxis, :length])[0] for one, length in zip(batch.inputs, batch.lengths, strict=True)]


def with_lengths(stack: tf.Stack, batch: Batch) -> list[np.ndarray]:
    """All as one batch, whose lengths the layers are told."""
    return ends_cut_off(stack(batch.inputs, lengths=batch.lengths), stack, batch)


def padded_with_zeros(stack: tf.Stack, batch: Batch) -> list[np.ndarray]:
    """All as one batch with zeros behind the ends, which the layers take for steps."""
    inside = np.arange(batch.inputs.shape[1]) < batch.lengths[:, np.newaxis]
    return ends_cut_off(stack(np.where(inside[:, :, np.newaxis], batch.inputs, np.float32(0))), stack, batch)


def ends_cut_off(outputs: np.ndarray, stack: tf.Stack, batch: Batch) -> list[np.ndarray]:
    """Of each utterance the output steps that it has."""
    return [one[:steps] for one, steps in zip(outputs, stack.compute_output_lengths(batch.lengths), strict=True)]


WAYS: dict[str, Callable[[tf.Stack, Batch], list[np.ndarray]]] = {
    "each alone": alone,
    "one batch, lengths": with_lengths,
    "one batch, zeros": padded_with_zeros,
}


# What is shown


def same_bits(outputs: list[np.ndarray], wanted: list[np.ndarray]) -> np.ndarray:
    """Which utterances have the very bits of those alone."""
    return np.array([np.array_equal(one, other) for one, other in zip(outputs, wanted, strict=True)])


def largest_difference(outputs: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """Of any output."""
    return max(float(np.abs(one - other).max()) for one, other in zip(outputs, wanted, strict=True))


def seconds_of(way: Callable[[tf.Stack, Batch], list[np.ndarray]], stack: tf.Stack, batch: Batch) -> float:
    """The shortest of some calls."""
    times = []
    for _ in range(CALLS):
        started = perf_counter()
        way(stack, batch)
        times.append(perf_counter() - started)
    return min(times)


def error_image(outputs: list[np.ndarray], wanted: list[np.ndarray]) -> np.ndarray:
    """The largest difference of each step of each utterance; NaN behind the end."""
    image = np.full((len(outputs), max(map(len, outputs))), np.nan)
    for row, one, other in zip(image, outputs, wanted, strict=True):
        row[: len(one)] = np.abs(one - other).max(axis=1)
    return image


def plot(found: dict[str, list[np.ndarray]], path: Path) -> None:
    """How far each step is from what it is alone, for some utterances sorted by their length."""
    wanted = found["each alone"]
    chosen = sorted(range(SHOWN), key=lambda n: len(wanted[n]))
    figure = Figure(figsize=(9, 4), layout="constrained")
    panels = figure.subplots(1, 2, sharex=True, sharey=True)
    top = max(np.nanmax(error_image(outputs, wanted)) for outputs in found.values())
    for panel, name in zip(panels, list(WAYS)[1:], strict=True):
        image = error_image([found[name][n] for n in chosen], [wanted[n] for n in chosen])
        drawn = panel.imshow(image, aspect="auto", vmin=0, vmax=top, cmap="magma_r", interpolation="nearest")
        panel.set_title(name, loc="left")
        panel.set_xlabel("output step")
        panel.set_facecolor("0.85")
    panels[0].set_ylabel("utterance, the shortest first")
    figure.colorbar(drawn, ax=panels, label="difference from the utterance alone")
    figure.savefig(path, dpi=150)


def main(output: Path = Path("output"), console: Console | None = None) -> None:
    """Compare the ways, and draw where they differ."""
    console = console or Console()
    batch, stack = read_voices(), two_layers()
    found = {name: way(stack, batch) for name, way in WAYS.items()}
    wanted = found["each alone"]
    table = Table("way", "as alone, bit for bit", "largest difference", "ms")
    for name, way in WAYS.items():
        same = same_bits(found[name], wanted)
        difference = largest_difference(found[name], wanted)
        milliseconds = 1000 * seconds_of(way, stack, batch)
        table.add_row(name, f"{same.sum()} of {len(same)}", f"{difference:.2g}", f"{milliseconds:.2f}")
    console.print(table)
    output.mkdir(parents=True, exist_ok=True)
    plot(found, output / "ragged-voices.png")
    console.print(f"{output / 'ragged-voices.png'} shows where padding gets into an answer.")


if __name__ == "__main__":
    main()
