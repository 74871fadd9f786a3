"""Train a stack of separable convolutions on real recordings, with this library's layers and optimizers alone.

The recordings are those that the aeon package ships: *BasicMotions* (a smart watch's accelerometer and gyroscope, 6
channels of 100 steps, four motions) and *JapaneseVowels* (12 coefficients of a voice over 7 to 29 steps, nine
speakers). The network is the middle of XceptionTime (Rahimian et al. 2019): separable convolutions, then the mean over
time, then a separable convolution with one tap that scores the classes.
"""

import argparse
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import files
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

import nb_sepconv as tf

EPOCHS = {"BasicMotions": 60, "JapaneseVowels": 50}
FILTERS, KERNEL_SIZE, DEPTH_MULTIPLIER = 48, 7, 2
BATCH = 20
NOISE = 0.2  # standard deviations, added to the training series anew each time
L2 = 2e-4
MAX_NORM = 2.0
CLIP_NORM = 5.0
LEARNING_RATE = 4e-3
TABLE_COLUMNS = "trained on", "tested on", "s/epoch", "test loss", "accuracy"


class Series(NamedTuple):
    """Series of several channels, padded with zeros to one length.

    ``inputs`` (N, L, C), ``valid`` (N, L, 1): 1 where there is a step and 0 where there is padding, ``labels`` (N,).
    """

    inputs: np.ndarray
    valid: np.ndarray
    labels: np.ndarray


class Data(NamedTuple):
    """A problem: its name, the names of its classes, what to train on and what to test with."""

    name: str
    classes: list[str]
    training: Series
    test: Series


class Curves(NamedTuple):
    """The losses, the accuracies and the seconds of each epoch."""

    training_loss: list[float]
    test_loss: list[float]
    test_accuracy: list[float]
    seconds: list[float]


# The recordings


def read_data(name: str) -> Data:
    """A problem of aeon's, each channel shifted and scaled to mean 0 and deviation 1 over the training series."""
    (training, training_labels), (test, test_labels) = (read_ts(aeon_file(name, part)) for part in ("TRAIN", "TEST"))
    classes = sorted(set(training_labels))
    steps = np.concatenate(training)
    mean, deviation = steps.mean(axis=0), steps.std(axis=0)
    length = max(map(len, [*training, *test]))
    made = []
    for series, labels in ((training, training_labels), (test, test_labels)):
        series = [(one - mean) / deviation for one in series]
        made.append(padded(series, length, np.array([classes.index(label) for label in labels])))
    return Data(name, classes, *made)


def aeon_file(name: str, part: str) -> Path:
    """Where the installed aeon keeps a file; aeon itself is not imported."""
    path = f"aeon/datasets/data/{name}/{name}_{part}.ts"
    return next(Path(file.locate()) for file in files("aeon") if str(file) == path)


def read_ts(path: Path) -> tuple[list[np.ndarray], list[str]]:
    """The series (L, C) and the labels of a file in sktime's format: ``1,2,3:4,5,6:label``, a channel per colon."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split(":") for line in lines if line and not line.startswith(("#", "@"))]
    series = [np.array([channel.split(",") for channel in channels], np.float32).T for *channels, _ in rows]
    return series, [label for *_, label in rows]


def padded(series: list[np.ndarray], length: int, labels: np.ndarray) -> Series:
    """Series of one length."""
    inputs = np.zeros((len(series), length, series[0].shape[1]), np.float32)
    valid = np.zeros((len(series), length, 1), np.float32)
    for i, one in enumerate(series):
        inputs[i, : len(one)] = one
        valid[i, : len(one)] = 1
    return Series(inputs, valid, labels)


def batches(series: Series, generator: np.random.Generator) -> Iterator[Series]:
    """The series in random order, a batch at a time, with noise."""
    order = generator.permutation(len(series.labels))
    for first in range(0, len(order), BATCH):
        chosen = Series(*(array[order[first : first + BATCH]] for array in series))
        noise = NOISE * generator.standard_normal(chosen.inputs.shape, dtype=np.float32)
        yield chosen._replace(inputs=chosen.inputs + noise * chosen.valid)


# The network


class Network:
    """Two separable convolutions over time, the mean over time, and scores of the classes."""

    def __init__(self, classes: int):
        self.hidden = [
            separable("sep1", FILTERS, KERNEL_SIZE),
            separable("sep2", FILTERS, KERNEL_SIZE, dilation_rate=2),
        ]
        self.head = separable("head", classes, 1, activation=None, depth_multiplier=1)

    @property
    def layers(self) -> list[tf.layers.SeparableConv1D]:
        """All layers in their order."""
        return [*self.hidden, self.head]

    @property
    def variables(self) -> list[tf.Variable]:
        """What is trained, in the order of the gradients."""
        return [variable for layer in self.layers for variable in layer.trainable_variables]

    def scores(self, series: Series) -> np.ndarray:
        """The scores of the classes: (N, classes)."""
        hidden = series.inputs
        for layer in self.hidden:
            hidden = layer(hidden) * series.valid
        return self.head(mean_over_time(hidden, series.valid))[:, 0]

    def loss_and_gradients(self, series: Series) -> tuple[float, list[np.ndarray]]:
        """The mean cross entropy with the penalties on the weights, and its gradient by each of ``variables``."""
        hidden, pullbacks = series.inputs, []
        for layer in self.hidden:
            outputs, pullback = layer.value_and_pullback(hidden)
            hidden = outputs * series.valid
            pullbacks.append(pullback)
        scores, pullback = self.head.value_and_pullback(mean_over_time(hidden, series.valid))
        loss, d_scores = cross_entropy(scores[:, 0], series.labels)
        d_mean, gradients = pullback(d_scores[:, None], regularization=True)
        d_hidden = d_mean / series.valid.sum(axis=1, keepdims=True)
        for pullback in reversed(pullbacks):
            d_outputs, further = d_hidden * series.valid, pullback is not pullbacks[0]
            d_hidden, found = pullback(d_outputs, regularization=True, inputs=further)
            gradients = found + gradients
        return loss + float(tf.losses.get_regularization_loss()), gradients


def separable(name: str, filters: int, kernel_size: int, **settings) -> tf.layers.SeparableConv1D:
    """A layer of the network, its kernels kept small by a penalty and a largest norm."""
    settings = {"activation": "elu", "depth_multiplier": DEPTH_MULTIPLIER, "padding": "same", **settings}
    return tf.layers.SeparableConv1D(
        filters,
        kernel_size,
        depthwise_regularizer=tf.keras.regularizers.L2(L2),
        pointwise_regularizer=tf.keras.regularizers.L2(L2),
        depthwise_constraint=tf.keras.constraints.MaxNorm(MAX_NORM),
        pointwise_constraint=tf.keras.constraints.MaxNorm(MAX_NORM, axis=1),
        name=name,
        **settings,
    )


def mean_over_time(hidden: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """The mean over the steps that are no padding: (N, L, F) -> (N, 1, F)."""
    return (hidden * valid).sum(axis=1, keepdims=True) / valid.sum(axis=1, keepdims=True)


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean of ``-log softmax(scores)[label]``, and its gradient by the scores."""
    logarithms = tf.nn.log_softmax(scores)
    rows = np.arange(len(labels))
    gradient = np.exp(logarithms)
    gradient[rows, labels] -= 1
    return float(-logarithms[rows, labels].mean()), gradient / len(labels)


# Training


class Trainer:
    """A network, its optimizer and the order of the series, all of which the seed decides."""

    def __init__(self, data: Data, seed: int, epochs: int):
        tf.set_random_seed(seed)
        self.data, self.generator = data, np.random.default_rng(seed)
        self.network = Network(len(data.classes))
        self.network.scores(data.test)
        self.step = tf.train.get_or_create_global_step()
        steps = epochs * -(-len(data.training.labels) // BATCH)
        rate = tf.train.cosine_decay(LEARNING_RATE, self.step, steps, alpha=0.02)
        self.optimizer = tf.train.AdamOptimizer(rate)

    def epoch(self) -> float:
        """Train on every batch once; returns the mean loss."""
        return float(np.mean([self.learn(batch) for batch in batches(self.data.training, self.generator)]))

    def learn(self, batch: Series) -> float:
        """One step of training; returns the loss before it."""
        loss, gradients = self.network.loss_and_gradients(batch)
        gradients, _ = tf.clip_by_global_norm(gradients, CLIP_NORM)
        self.optimizer.apply_gradients(zip(gradients, self.network.variables, strict=True), global_step=self.step)
        return loss


def train(data: Data, seed: int, epochs: int, advance: Callable[[str], None] = lambda text: None) -> Curves:
    """Train a network in the current graph; ``advance`` is told of each epoch's end."""
    trainer, curves = Trainer(data, seed, epochs), Curves([], [], [], [])
    for _ in range(epochs):
        started = perf_counter()
        training_loss = trainer.epoch()
        seconds = perf_counter() - started
        loss, accuracy = tested(trainer.network, data.test)
        for curve, value in zip(curves, (training_loss, loss, accuracy, seconds), strict=True):
            curve.append(value)
        advance(f"loss {loss:.3f}, accuracy {accuracy:.1%}")
    return curves


def tested(network: Network, series: Series) -> tuple[float, float]:
    """The cross entropy and the share of series that get their own class."""
    scores = network.scores(series)
    return cross_entropy(scores, series.labels)[0], float(np.mean(scores.argmax(axis=1) == series.labels))


# What is shown and kept


def plot(data: Data, curves: Curves, path: Path) -> None:
    """Save a picture of the losses and of the accuracy over the epochs."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    epochs = np.arange(1, len(curves.test_loss) + 1)
    above.semilogy(epochs, curves.training_loss, color="tab:blue", label="training loss, with penalties and noise")
    above.semilogy(epochs, curves.test_loss, color="tab:orange", label="test loss")
    above.set_ylabel("cross entropy (nats)")
    below.plot(epochs, 100 * np.array(curves.test_accuracy), color="tab:green", label="test accuracy")
    below.axhline(95, color="0.5", linewidth=1, linestyle="--")
    below.set_ylabel("accuracy (%)")
    below.set_xlabel("epoch")
    for panel in (above, below):
        panel.grid(alpha=0.3)
        panel.legend(frameon=False)
    above.set_title(f"{data.name}: {curves.test_accuracy[-1]:.1%} of {len(data.test.labels)} test series", loc="left")
    figure.savefig(path, dpi=120)


def table_row(data: Data, curves: Curves) -> list[str]:
    """What the table says of a training."""
    counts = (str(len(series.labels)) for series in (data.training, data.test))
    return [
        data.name,
        *counts,
        f"{np.median(curves.seconds):.3f}",
        f"{curves.test_loss[-1]:.3f}",
        f"{curves.test_accuracy[-1]:.1%}",
    ]


def progress_bar(console: Console) -> Progress:
    """A bar that counts epochs and shows the test's result."""
    count = MofNCompleteColumn(), TextColumn("epochs"), TimeElapsedColumn(), TextColumn("{task.fields[result]}")
    return Progress(TextColumn("{task.description:>14}"), BarColumn(), *count, console=console)


def main(output: Path, seed: int, compare: bool = False, console: Console | None = None) -> list[Curves]:
    """Train on each problem, print the accuracies, save the variables and pictures."""
    console = console or Console()
    output.mkdir(parents=True, exist_ok=True)
    table = Table("problem", *(Column(name, justify="right") for name in TABLE_COLUMNS))
    all_data, all_curves = [read_data(name) for name in EPOCHS], []
    with progress_bar(console) as progress:
        for data in all_data:
            task = progress.add_task(data.name, total=EPOCHS[data.name], result="")
            with tf.Graph().as_default():
                tell = partial(progress.update, task, advance=1)
                all_curves.append(train(data, seed, EPOCHS[data.name], lambda text, tell=tell: tell(result=text)))
                arrays = {variable.op.name: variable.numpy() for variable in tf.global_variables()}
                np.savez(output / f"motions-{data.name}.npz", **arrays)
            plot(data, all_curves[-1], output / f"motions-{data.name}.png")
            table.add_row(*table_row(data, all_curves[-1]))
    console.print(table)
    console.print(f"Weights with the optimizer's slots, and pictures: {output}/motions-*", highlight=False)
    if compare:
        print_comparison(console, all_data, seed)
    return all_curves


def print_comparison(console: Console, all_data: list[Data], seed: int) -> None:
    """Time epochs of the same network in PyTorch, in turns with ours."""
    from examples.motions_in_pytorch import seconds_per_epoch

    for data in all_data:
        ours, theirs = seconds_per_epoch(data, seed)
        console.print(f"{data.name}: {ours:.3f} s per epoch, PyTorch {theirs:.3f} s, {theirs / ours:.2f} times as long")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0, help="decides the weights and the order of the series")
    parser.add_argument("--output", type=Path, default=Path("output"), help="where weights and pictures go")
    parser.add_argument("--compare", action="store_true", help="time the same network in PyTorch too")
    arguments = parser.parse_args()
    main(arguments.output, arguments.seed, arguments.compare)
