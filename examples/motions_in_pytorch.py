"""The network of train_motions.py in PyTorch, to compare how long an epoch takes; needs PyTorch."""

from time import perf_counter

import numpy as np
import torch

import nb_sepconv as tf
from examples import train_motions as ours

ROUNDS = 5


class Separable(torch.nn.Sequential):
    """A depthwise convolution, a pointwise one and an activation."""

    def __init__(self, channels, filters, kernel_size, multiplier, dilation=1, activation=None):
        mixed = channels * multiplier
        depthwise = torch.nn.Conv1d(
            channels, mixed, kernel_size, groups=channels, dilation=dilation, padding="same", bias=False
        )
        pointwise = torch.nn.Conv1d(mixed, filters, 1)
        super().__init__(depthwise, pointwise, *([activation] if activation else []))


class Network(torch.nn.Module):
    """What ``train_motions.Network`` is, on series (N, C, L)."""

    def __init__(self, channels, classes):
        super().__init__()
        size, multiplier, filters = ours.KERNEL_SIZE, ours.DEPTH_MULTIPLIER, ours.FILTERS
        self.first = Separable(channels, filters, size, multiplier, activation=torch.nn.ELU())
        self.second = Separable(filters, filters, size, multiplier, dilation=2, activation=torch.nn.ELU())
        self.head = Separable(filters, classes, 1, 1)

    def forward(self, inputs, valid):
        """The scores of the classes."""
        hidden = self.second(self.first(inputs) * valid) * valid
        return self.head(hidden.sum(dim=2, keepdim=True) / valid.sum(dim=2, keepdim=True))[:, :, 0]

    def penalty(self):
        """The penalties on the kernels."""
        return ours.L2 * sum((weight**2).sum() for name, weight in self.named_parameters() if name.endswith("weight"))

    @torch.no_grad()
    def constrain(self):
        """Keep the norms of the kernels below the largest."""
        for layer in (self.first, self.second, self.head):
            for weight, axis in ((layer[0].weight, 2), (layer[1].weight, 1)):
                weight.mul_(ours.MAX_NORM / weight.norm(dim=axis, keepdim=True).clamp(min=ours.MAX_NORM))


def epoch(network, optimizer, data, generator):
    """Train on every batch once."""
    for batch in ours.batches(data.training, generator):
        inputs, valid = (torch.from_numpy(array).transpose(1, 2) for array in (batch.inputs, batch.valid))
        optimizer.zero_grad()
        scores = network(inputs.contiguous(), valid)
        loss = torch.nn.functional.cross_entropy(scores, torch.from_numpy(batch.labels)) + network.penalty()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), ours.CLIP_NORM)
        optimizer.step()
        network.constrain()


def seconds_per_epoch(data, seed):
    """The shortest epochs of this library and of PyTorch on the same number of threads, timed in turns."""
    torch.set_num_threads(tf.get_num_threads())
    torch.manual_seed(seed)
    theirs = Network(data.training.inputs.shape[2], len(data.classes))
    optimizer = torch.optim.Adam(theirs.parameters(), ours.LEARNING_RATE)
    generator = np.random.default_rng(seed)
    with tf.Graph().as_default():
        trainer = ours.Trainer(data, seed, epochs=2 * ROUNDS)
        runs = [trainer.epoch, lambda: epoch(theirs, optimizer, data, generator)]
        for run in runs:
            run()
        return [min(times) for times in zip(*([timed(run) for run in runs] for _ in range(ROUNDS)), strict=True)]


def timed(run):
    """The seconds that a function takes."""
    started = perf_counter()
    run()
    return perf_counter() - started
