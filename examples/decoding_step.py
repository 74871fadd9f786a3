"""A decoding step with state: the short causal convolution over many channels that recent language models have.

Such a model reads its prompt at once and then goes on token by token. Each layer with a short convolution needs the
last ``K - 1`` steps of its input for the next token: its state. Here a stream keeps it. The state after the prompt is
taken once, and several continuations start from it; each is what one call over its whole sequence gives, bit for bit.
"""

from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console

import nb_sepconv as tf
from nb_sepconv.streaming import Stream

CHANNELS, TAPS = 1536, 4
PROMPT_STEPS, NEW_STEPS, CONTINUATIONS = 256, 256, 3


class Timing(NamedTuple):
    """Seconds for each new step, by a stream and by computing the whole sequence anew."""

    pushed: np.ndarray
    anew: np.ndarray


def kernel(rng: np.random.Generator) -> np.ndarray:
    """A depthwise kernel (K, C, 1)."""
    return (rng.standard_normal((TAPS, CHANNELS, 1)) / TAPS**0.5).astype(np.float32)


def tokens(rng: np.random.Generator, steps: int) -> np.ndarray:
    """What the layer before would give for so many tokens: (1, steps, C)."""
    return rng.standard_normal((1, steps, CHANNELS)).astype(np.float32)


def whole(weights: np.ndarray, sequence: np.ndarray) -> np.ndarray:
    """The layer on a whole sequence."""
    return tf.ops.depthwise_conv1d(sequence, weights, padding="causal", activation="silu")


def decode(stream: Stream, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The layer's outputs for new tokens, one after the other, and the seconds for each."""
    outputs, seconds = np.empty_like(new), np.empty(new.shape[1])
    for step in range(new.shape[1]):
        started = perf_counter()
        outputs[:, step : step + 1] = stream.push(new[:, step : step + 1])
        seconds[step] = perf_counter() - started
    return outputs, seconds


def continuations(weights: np.ndarray, prompt: np.ndarray, news: list[np.ndarray]) -> list[np.ndarray]:
    """Several sequences that begin with one prompt, which is read once."""
    stream = Stream(weights, padding="causal", activation="silu")
    start = stream.push(prompt)
    state = stream.state
    found = []
    for new in news:
        stream.state = state
        outputs, _ = decode(stream, new)
        found.append(np.concatenate([start, outputs], axis=1))
    return found


def timed(weights: np.ndarray, prompt: np.ndarray, new: np.ndarray) -> Timing:
    """Both ways to take the next steps behind a prompt."""
    stream = Stream(weights, padding="causal", activation="silu")
    stream.push(prompt)
    sequence = np.concatenate([prompt, new], axis=1)
    anew = np.empty(new.shape[1])
    for step in range(new.shape[1]):
        so_far = sequence[:, : prompt.shape[1] + step + 1]
        started = perf_counter()
        whole(weights, so_far)
        anew[step] = perf_counter() - started
    return Timing(decode(stream, new)[1], anew)


def plot(timing: Timing, path: Path) -> None:
    """Save a picture of what each step took."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplots()
    steps = PROMPT_STEPS + np.arange(len(timing.pushed))
    axes.plot(steps, timing.anew * 1e6, ".", ms=3, color="0.6", label="the whole sequence anew")
    axes.plot(steps, timing.pushed * 1e6, ".", ms=3, color="tab:red", label="a push to a stream")
    axes.set_yscale("log")
    axes.set_xlabel("position of the token")
    axes.set_ylabel("time of a step (µs)")
    median = np.median(timing.pushed) * 1e6
    title = f"A causal convolution of {TAPS} taps over {CHANNELS} channels: {median:.0f} µs a token, at any position"
    axes.set_title(title, loc="left")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1.06), ncols=2, markerscale=3, frameon=False)
    figure.savefig(path, dpi=120)


def main(output: Path = Path("output"), console: Console | None = None) -> None:
    """Decode several continuations of a prompt, compare them with whole calls, and save the picture."""
    console = console or Console()
    output.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    weights, prompt = kernel(rng), tokens(rng, PROMPT_STEPS)
    news = [tokens(rng, NEW_STEPS) for _ in range(CONTINUATIONS)]
    found = continuations(weights, prompt, news)
    same = sum(
        np.array_equal(outputs, whole(weights, np.concatenate([prompt, new], axis=1)))
        for outputs, new in zip(found, news, strict=True)
    )
    timing = timed(weights, prompt, news[0])
    plot(timing, output / "decoding-step.png")
    state = (TAPS - 1) * CHANNELS * 4 / 1024
    console.print(f"{same} of {CONTINUATIONS} continuations have the bits of one call; their state is {state:.0f} KiB.")
    pushed, anew = (1e6 * np.median(seconds) for seconds in timing)
    console.print(f"A step takes {pushed:.1f} us, the whole sequence {anew:.0f} us.")
    console.print(f"Picture: {output}/decoding-step.png", highlight=False)


if __name__ == "__main__":
    main()
