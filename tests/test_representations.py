"""What a notebook shows of the library's objects: one line with names, shapes and types, and no array's contents."""

import numpy as np
import pytest

import nb_sepconv as tf


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def test_layer_shows_its_shapes_once_it_is_built():
    layer = tf.layers.SeparableConv1D(6, 3, name="sep")
    assert repr(layer) == "<SeparableConv1D name='sep', filters=6, kernel_size=3, dtype=None, built=False>"
    layer(np.zeros((2, 9, 4), np.float32))
    assert repr(layer) == (
        "<SeparableConv1D name='sep', filters=6, kernel_size=3, dtype=float32, built=True, "
        "depthwise_kernel=(3, 4, 1), pointwise_kernel=(1, 4, 6), bias=(6,)>"
    )


def test_keras_layer_without_bias_shows_two_shapes():
    layer = tf.keras.layers.SeparableConv1D(6, (3,), use_bias=False, name="sep")
    layer.build((None, 9, 4))
    assert repr(layer) == (
        "<SeparableConv1D name='sep', filters=6, kernel_size=3, dtype=float32, built=True, "
        "depthwise_kernel=(3, 4, 1), pointwise_kernel=(1, 4, 6)>"
    )


def test_layers_of_the_callers_own_show_name_type_and_whether_they_are_built():
    class Gain(tf.keras.layers.Layer):
        pass

    assert repr(Gain(name="gain")) == "<Gain name='gain', dtype=float32, built=False>"


def test_graph_and_scope(graph):
    tf.set_random_seed(7)
    with tf.variable_scope("outer", reuse=tf.AUTO_REUSE) as scope:
        tf.get_variable("gain", [3])
    assert repr(graph) == "<Graph of 1 variables, seed=7>"
    assert repr(scope) == "<VariableScope 'outer' reuse=ReuseMode.AUTO_REUSE dtype=float32>"


def test_template_counts_its_variables():
    def gained(x):
        return x * tf.get_variable("g", [], initializer=tf.ones_initializer())

    template = tf.make_template("gain", gained)
    assert repr(template) == "<Template 'gain' of gained, no variables yet>"
    template(2.0)
    assert repr(template) == "<Template 'gain' of gained, 1 variables>"


def test_optimizer_shows_its_rate_and_slots():
    optimizer = tf.train.AdamOptimizer(0.01)
    assert repr(optimizer) == "<AdamOptimizer name='Adam', learning_rate=0.01, slots=[]>"
    optimizer.build([tf.Variable([1.0])])
    assert repr(optimizer) == "<AdamOptimizer name='Adam', learning_rate=0.01, slots=['m', 'v']>"
    assert repr(tf.train.Optimizer(False, "own")) == "<Optimizer name='own', slots=[]>"


def test_saver_and_reader_name_the_checkpoint(tmp_path):
    tf.Variable([1.0, 2.0], name="gain")
    assert repr(tf.train.Saver(defer_build=True)) == "<Saver of variables not looked up yet, 0 checkpoints>"
    saver = tf.train.Saver()
    prefix = saver.save(None, tmp_path / "model.ckpt")
    assert repr(saver) == f"<Saver of 1 variables, 1 checkpoints, latest {prefix!r}>"
    assert repr(tf.train.load_checkpoint(prefix)) == f"<CheckpointReader of 1 tensors, {prefix}.index>"


def test_weights_and_slots_name_the_file(tmp_path):
    path = tmp_path / "model.npz"
    tf.weights.save(path, {"bias": [1.0, 2.0]})
    with tf.weights.load(path) as file:
        assert repr(file) == f"<Weights of 1 variables, {file.format}, {path}>"
        assert repr(file.slots) == f"<0 tensors of {path}>"


def test_pullback_shows_shapes():
    layer = tf.layers.SeparableConv1D(6, 3)
    _, pullback = layer.value_and_pullback(np.zeros((2, 9, 4), np.float32))
    assert repr(pullback) == "<Pullback of inputs and outputs (2, 9, 4) -> (2, 7, 6), 3 trained variables>"


@pytest.mark.parametrize(
    ("thing", "shown"),
    [
        (tf.regularizers.L2(0.5), "L2(l2=0.5)"),
        (tf.regularizers.Regularizer(), "Regularizer()"),
        (tf.constraints.MaxNorm(3, axis=[0, 1]), "MaxNorm(max_value=3, axis=[0, 1])"),
        (tf.zeros_initializer(), "Zeros(dtype='float32')"),
        (tf.keras.initializers.HeNormal(seed=3), "HeNormal(seed=3)"),
        (tf.constant_initializer(list(range(99))), "Constant(value=[0, 1, 2, 3, 4, 5, ...], dtype='float32')"),
        (tf.activations.get({"class_name": "LeakyReLU", "config": {"alpha": 0.5}}), "LeakyReLU(alpha=0.5)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_arguments_show_how_they_are_made(thing, shown):
    assert repr(thing) == shown


def test_no_representation_shows_an_arrays_contents():
    initializer = tf.constant_initializer(np.zeros((500, 500)))
    layer = tf.layers.SeparableConv1D(500, 9, pointwise_initializer=initializer)
    layer(np.zeros((1, 9, 500), np.float32))
    for thing in (initializer, layer, layer.bias, layer.weights):
        assert len(repr(thing)) < 300
        assert "\n" not in repr(thing)
