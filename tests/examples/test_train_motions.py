"""The training example: its data, its gradients, and that it learns."""

import io
import os
from importlib import metadata

import numpy as np
import pytest
from rich.console import Console

import nb_sepconv as tf
from examples import train_motions

try:
    metadata.distribution("aeon")
except metadata.PackageNotFoundError:
    pytest.skip("needs aeon's recordings: pip install --no-deps aeon", allow_module_level=True)

SMALL = train_motions.Series(
    np.random.default_rng(1).standard_normal((6, 9, 3)),
    np.repeat([[1, 1, 1, 1, 1, 1, 0, 0, 0], [1] * 9], 3, axis=0)[:, :, None].astype(float),
    np.array([0, 1, 1, 0, 1, 0]),
)
SHAPES = {"BasicMotions": (40, 40, 100, 6, 4), "JapaneseVowels": (270, 370, 29, 12, 9)}


@pytest.mark.parametrize("name", SHAPES)
def test_data_is_whole(name):
    data = train_motions.read_data(name)
    training, test, length, channels, classes = SHAPES[name]
    assert data.training.inputs.shape == (training, length, channels)
    assert data.test.inputs.shape == (test, length, channels)
    assert len(data.classes) == classes
    assert set(data.training.labels) == set(data.test.labels) == set(range(classes))
    steps = data.training.inputs[data.training.valid[..., 0] == 1]
    np.testing.assert_allclose([steps.mean(axis=0), steps.std(axis=0)], [[0] * channels, [1] * channels], atol=1e-4)
    assert not (data.training.inputs * (1 - data.training.valid)).any()


def test_gradients_are_slopes():
    network, direction = train_motions.Network(2), np.random.default_rng(2)
    network.scores(SMALL)
    _, gradients = network.loss_and_gradients(SMALL)
    for variable, gradient in zip(network.variables, gradients, strict=True):
        way, start = direction.standard_normal(variable.shape), variable.value()
        losses = []
        for step in (1e-6, -1e-6):
            variable.assign(start + step * way)
            losses.append(network.loss_and_gradients(SMALL)[0])
        variable.assign(start)
        assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(np.sum(gradient * way), rel=1e-5, abs=1e-8)


def test_padding_says_nothing():
    network = train_motions.Network(2)
    short = train_motions.Series(SMALL.inputs[:3, :6], SMALL.valid[:3, :6], SMALL.labels[:3])
    scores = network.scores(short._replace(inputs=short.inputs * short.valid))
    longer = train_motions.Series(SMALL.inputs[:3] * SMALL.valid[:3], SMALL.valid[:3], SMALL.labels[:3])
    np.testing.assert_allclose(network.scores(longer), scores, rtol=1e-12)


def test_same_seed_same_bits():
    data, found = train_motions.read_data("BasicMotions"), []
    for seed in (5, 5, 6):
        with tf.Graph().as_default():
            curves = train_motions.train(data, seed, 2)
            found.append((curves.training_loss, [variable.value() for variable in tf.global_variables()]))
    assert found[0][0] == found[1][0] != found[2][0]
    for first, second in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.skipif(not os.environ.get("NB_SEPCONV_TEST_TORCH"), reason="`make test-all` installs PyTorch")
def test_pytorch_has_the_same_network():
    import torch

    from examples import motions_in_pytorch

    ours, theirs = train_motions.Network(2), motions_in_pytorch.Network(3, 2).double()
    scores = ours.scores(SMALL)
    weights = [variable.numpy() for variable in ours.variables]
    with torch.no_grad():
        for parameter, (name, weight) in zip(theirs.parameters(), in_pytorchs_layout(weights), strict=True):
            assert parameter.shape == weight.shape, name
            parameter.copy_(torch.from_numpy(weight))
    inputs, valid = (torch.from_numpy(array).transpose(1, 2) for array in SMALL[:2])
    np.testing.assert_allclose(theirs(inputs, valid).detach().numpy(), scores, rtol=1e-10)
    assert theirs.penalty().item() == pytest.approx(float(tf.losses.get_regularization_loss()), rel=1e-6)
    single = SMALL._replace(inputs=SMALL.inputs.astype(np.float32), valid=SMALL.valid.astype(np.float32))
    data = train_motions.Data("small", ["a", "b"], single, single)
    assert all(seconds > 0 for seconds in motions_in_pytorch.seconds_per_epoch(data, seed=0))


def in_pytorchs_layout(weights):
    """Kernels (K, C, M) as (C*M, 1, K), (1, C*M, F) as (F, C*M, 1), and biases, with their places."""
    for place, weight in enumerate(weights):
        if place % 3 == 0:
            weight = weight.transpose(1, 2, 0).reshape(-1, 1, len(weight))
        elif place % 3 == 1:
            weight = weight.transpose(2, 1, 0)
        yield place, np.ascontiguousarray(weight)


@pytest.mark.slow
def test_learns_and_keeps_what_it_learned(tmp_path):
    output = io.StringIO()
    curves = train_motions.main(tmp_path, seed=0, console=Console(file=output, width=120))
    assert min(curve.test_accuracy[-1] for curve in curves) >= 0.95
    for name in train_motions.EPOCHS:
        assert name in output.getvalue()
        assert (tmp_path / f"motions-{name}.png").read_bytes().startswith(b"\x89PNG")
        with np.load(tmp_path / f"motions-{name}.npz") as saved:
            assert {"global_step", "sep1/depthwise_kernel", "sep1/depthwise_kernel/Adam", "head/bias"} <= set(saved)
