"""Functions of arrays as models of jobs: fields that are told or found, seams, graphs and variables."""

import numpy as np
import pytest
from job_cases import same_bits, series, stack

import nb_sepconv as tf
from nb_sepconv import batch

QUIET = {"progress": False}


def residual():
    first = tf.keras.layers.SeparableConv1D(3, 5, padding="same", activation="relu")
    second = tf.keras.layers.SeparableConv1D(3, 3, padding="same", dilation_rate=4)
    second(first(series(64)))
    return lambda x: x + second(first(x))


@pytest.mark.parametrize("halo", [None, 6, (6, 6), (20, 9)])
def test_a_function(tmp_path, halo):
    function, x = residual(), series(2000)
    report = batch.apply(function, x, tmp_path / "y.npy", chunk=150, halo=halo, **QUIET)
    assert report.chunks == 28
    assert same_bits(np.load(tmp_path / "y.npy"), function(x))


@pytest.mark.parametrize("length", [1999, 2000])
@pytest.mark.parametrize("halo", [None, (40, 40)])
def test_a_function_with_a_stride(tmp_path, length, halo):
    model, x = stack(), series(length)
    batch.apply(lambda inputs: model(inputs), x, tmp_path / "y.npy", chunk=99, halo=halo, **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), model(x))


def test_files_of_different_lengths(tmp_path):
    model = stack()
    for length in (20, 1001, 1002):
        np.save(tmp_path / f"{length}.npy", series(length))
    batch.apply(lambda inputs: model(inputs), tmp_path, tmp_path / "out", chunk=100, **QUIET)
    for length in (20, 1001, 1002):
        assert same_bits(np.load(tmp_path / "out" / f"{length}.npy"), model(series(length)))


def test_a_function_of_examples(tmp_path):
    def function(x):
        return x - x.mean(1, keepdims=True)

    x = series(50, examples=7)
    batch.apply(function, x, tmp_path / "y.npy", axis="batch", chunk=2, **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), function(x))
    with pytest.raises(ValueError, match=r"no finite receptive field.*cannot be cut over time"):
        batch.apply(function, x, tmp_path / "z.npy", **QUIET)


def test_a_function_of_arrays_with_the_channels_first(tmp_path):
    model, x = stack("channels_first"), series(1000, data_format="channels_first")
    batch.apply(lambda inputs: model(inputs), x, tmp_path / "y.npy", axis=2, chunk=99, **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), model(x))
    with pytest.raises(ValueError, match=r"`axis` must be that of time in the layers' data format.*Received: 1"):
        batch.apply(model, x, tmp_path / "z.npy", axis=1, **QUIET)


def test_a_function_in_tf1s_words(tmp_path):
    """By AUTO_REUSE, in the graph that is the current one where ``apply`` is called."""

    def function(x):
        with tf.variable_scope("words", reuse=tf.AUTO_REUSE):
            x = tf.layers.separable_conv1d(x, 4, 5, padding="same", activation=tf.nn.relu, name="a")
            return tf.layers.separable_conv1d(x, 2, 3, padding="same", name="b")

    x = series(1000)
    with tf.Graph().as_default() as graph:
        batch.apply(function, x, tmp_path / "y.npy", chunk=100, **QUIET)
        assert len(graph.get_collection("variables")) == 6
        assert same_bits(np.load(tmp_path / "y.npy"), function(x))


def test_a_template(tmp_path):
    template = tf.make_template("template", lambda x: tf.layers.separable_conv1d(x, 4, 5, padding="causal", name="a"))
    x = series(1000)
    batch.apply(template, x, tmp_path / "y.npy", chunk=100, **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), template(x))


def test_unnamed_layers_are_refused(tmp_path):
    def function(x):
        return tf.layers.separable_conv1d(x, 4, 5)

    with (
        tf.Graph().as_default(),
        pytest.raises(RuntimeError, match=r"`model` made new variables for another chunk.*separable_conv1d_1/"),
    ):
        batch.apply(function, series(1000), tmp_path / "y.npy", **QUIET)


def test_random_weights_of_each_call_are_refused(tmp_path):
    def function(x):
        return tf.keras.layers.SeparableConv1D(4, 5)(x)

    with pytest.raises(ValueError, match=r"`model` gives other outputs for the same inputs.*Received: .*function"):
        batch.apply(function, series(1000), tmp_path / "y.npy", **QUIET)


def test_a_halo_that_is_too_small_is_seen_at_a_seam(tmp_path):
    with pytest.raises(ValueError, match=r"other outputs in chunks than at once.*span=7.*around step 100 of array 0"):
        batch.apply(residual(), series(1000), tmp_path / "y.npy", chunk=100, halo=3, **QUIET)
    assert not list(tmp_path.iterdir())


def test_statistics_that_nan_does_not_show_are_seen_at_a_seam(tmp_path):
    """A comparison swallows NaN: the function seems to act on each step alone."""

    def function(x):
        return x * np.float32(np.nansum(np.where(x > 0, x, 0)))

    with pytest.raises(ValueError, match="other outputs in chunks than at once"):
        batch.apply(function, series(1000), tmp_path / "y.npy", chunk=100, **QUIET)


def test_an_activation_of_the_users_that_acts_over_time_is_refused(tmp_path):
    layer = tf.layers.SeparableConv1D(4, 3, activation=lambda x: x / np.abs(x).max(1, keepdims=True))
    layer(series(64))
    with pytest.raises(ValueError, match=r"cannot be cut over time: what its `activation` gives at a step"):
        batch.apply(layer, series(1000), tmp_path / "y.npy", chunk=100, **QUIET)


def test_another_function_is_refused(tmp_path):
    x, function = series(1000), residual()

    def stop(progress):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        batch.apply(function, x, tmp_path / "y.npy", chunk=100, progress=stop)
    with pytest.raises(ValueError, match="model outputs changed"):
        batch.apply(residual(), x, tmp_path / "y.npy", **QUIET)
    batch.apply(function, x, tmp_path / "y.npy", **QUIET)
    assert same_bits(np.load(tmp_path / "y.npy"), function(x))


def test_no_model(tmp_path):
    with pytest.raises(TypeError, match=r"`model` must be made of the library's layers.*Received: 3"):
        batch.apply(3, series(100), tmp_path / "y.npy", **QUIET)
    with pytest.raises(TypeError, match=r"`model` must return an array of three axes\. Received: shape \(1, 64\)"):
        batch.apply(lambda x: x.sum(2), series(100), tmp_path / "y.npy", **QUIET)
