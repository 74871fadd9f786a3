"""Gradients of Keras layers without kernels: TensorFlow's, central differences, and NumPy's own."""

from pathlib import Path

import numpy as np
import pytest

from nb_sepconv import keras
from tests.record.pullbacks import CASES, SHAPE

RECORDED = np.load(Path(__file__).parents[1] / "data" / "pullbacks.npz")
X = np.random.default_rng(1).standard_normal((3, 9, 4))
LAYERS = {
    "batch": lambda: keras.layers.BatchNormalization(dtype="float64"),
    "batch of steps": lambda: keras.layers.BatchNormalization(1, dtype="float64"),
    "without beta": lambda: keras.layers.BatchNormalization(center=False, dtype="float64"),
    "without gamma": lambda: keras.layers.BatchNormalization(scale=False, dtype="float64"),
    "flatten": lambda: keras.layers.Flatten(dtype="float64"),
    "flatten first": lambda: keras.layers.Flatten("channels_first", dtype="float64"),
    "dropout": lambda: keras.layers.Dropout(0.4, seed=3, dtype="float64"),
    "spatial": lambda: keras.layers.SpatialDropout1D(0.4, seed=3, dtype="float64"),
    "max": lambda: keras.layers.MaxPooling1D(3, 2, "same", dtype="float64"),
    "max first": lambda: keras.layers.MaxPooling1D(2, 1, data_format="channels_first", dtype="float64"),
    "average": lambda: keras.layers.AveragePooling1D(3, 2, "same", dtype="float64"),
    "average first": lambda: keras.layers.AveragePooling1D(2, 3, data_format="channels_first", dtype="float64"),
}
TRAINS = ("batch", "batch of steps", "without beta", "without gamma", "dropout", "spatial")


def built(layer):
    random = np.random.default_rng(2)
    layer(X)
    layer.set_weights([random.uniform(0.5, 2, weight.shape) for weight in layer.weights])
    return layer


@pytest.mark.parametrize("case", CASES)
def test_as_tensorflow(case):
    """Recorded by tests/record/pullbacks.py; which elements dropout keeps is TensorFlow's own."""
    kind, arguments, training = CASES[case]
    of = {name.removeprefix(f"{case}/"): RECORDED[name] for name in RECORDED.files if name.startswith(f"{case}/")}
    layer = getattr(keras.layers, kind)(**arguments, dtype="float64")
    layer.build(SHAPE)
    layer.set_weights([of[f"weight{index}"] for index in range(len(layer.weights))])
    outputs, pullback = layer.value_and_pullback(of["inputs"], **({} if training is None else {"training": training}))
    d_inputs, gradients = pullback(of["d_outputs"])
    if kind == "Dropout":
        kept = outputs != 0
        np.testing.assert_allclose(outputs[kept], of["inputs"][kept] / 0.6)
        np.testing.assert_allclose(d_inputs[kept], of["d_outputs"][kept] / 0.6)
        kept = of["outputs"] != 0
        np.testing.assert_allclose(of["d_inputs"][kept], of["d_outputs"][kept] / 0.6)
        return
    np.testing.assert_allclose(outputs, of["outputs"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(d_inputs, of["d_inputs"], rtol=1e-9, atol=1e-12)
    assert len(gradients) == sum(name.startswith("d_weight") for name in of)
    for index, gradient in enumerate(gradients):
        np.testing.assert_allclose(gradient, of[f"d_weight{index}"], rtol=1e-9, atol=1e-12)
    for index, weight in enumerate(layer.weights):
        np.testing.assert_allclose(weight.value(), of[f"later_weight{index}"], rtol=1e-12)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_central_differences(name, training):
    layer, random, step = built(LAYERS[name]()), np.random.default_rng(3), 1e-6
    how = {"training": training} if name in TRAINS else {}
    outputs, pullback = layer.value_and_pullback(X, **how)
    np.testing.assert_array_equal(outputs, layer(X, **how))
    d_outputs = random.standard_normal(outputs.shape)
    d_inputs, gradients = pullback(d_outputs)

    def difference(move, set_to):
        ends = []
        for sign in (1, -1):
            x = set_to(sign * move)
            ends.append(np.sum(layer(x, **how) * d_outputs))
        return (ends[0] - ends[1]) / 2

    move = random.standard_normal(X.shape) * step
    assert difference(move, lambda by: X + by) == pytest.approx(np.sum(d_inputs * move), rel=1e-6, abs=1e-12)
    for variable, gradient in zip(layer.trainable_variables, gradients, strict=True):
        start, move = variable.value(), random.standard_normal(variable.shape) * step

        def moved(by, variable=variable, start=start):
            variable.assign(start + by)
            return X

        wanted = np.sum(gradient * move)
        layer.set_weights(layer.get_weights())
        _, again = layer.value_and_pullback(X, **how)
        assert again(d_outputs)[0].shape == X.shape
        assert difference(move, moved) == pytest.approx(wanted, rel=1e-6, abs=1e-12)
        variable.assign(start)


def test_moving_averages_have_no_gradient_and_go_their_step():
    layer = built(keras.layers.BatchNormalization(momentum=0.75, dtype="float64"))
    before = layer.moving_mean.value()
    outputs, pullback = layer.value_and_pullback(X, training=True)
    np.testing.assert_allclose(layer.moving_mean.value(), 0.75 * before + 0.25 * X.mean((0, 1)))
    assert [gradient.shape for gradient in pullback(np.ones_like(outputs))[1]] == [(4,), (4,)]
    np.testing.assert_allclose(pullback(np.ones_like(outputs))[0], np.zeros(X.shape), atol=1e-12)


def test_a_layer_that_is_not_trained_is_a_constant_scaling():
    layer = built(keras.layers.BatchNormalization(dtype="float64"))
    layer.trainable = False
    outputs, pullback = layer.value_and_pullback(X, training=True)
    d_inputs, gradients = pullback(np.ones_like(outputs))
    scale = layer.gamma.value() / np.sqrt(layer.moving_variance.value() + layer.epsilon)
    np.testing.assert_allclose(d_inputs, np.broadcast_to(scale, X.shape), rtol=1e-12)
    assert gradients == []


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "float32"])
def test_gradients_have_the_types_of_the_inputs_and_of_the_variables(policy):
    x = X.astype("float32" if policy == "float32" else "float16")
    for layer in (
        keras.layers.BatchNormalization(dtype=policy),
        keras.layers.Dropout(0.5, dtype=policy),
        keras.layers.Flatten(dtype=policy),
        keras.layers.MaxPooling1D(2, dtype=policy),
    ):
        outputs, pullback = layer.value_and_pullback(x)
        d_inputs, gradients = pullback(np.ones_like(outputs))
        assert d_inputs.dtype == x.dtype
        assert [each.dtype for each in gradients] == [each.array.dtype for each in layer.trainable_variables]


def test_mixed_precision_differentiates_with_the_variables_as_they_are_kept():
    """Cast to float16, gamma would lose its last digits."""
    layer = keras.layers.BatchNormalization(epsilon=0.0, dtype="mixed_float16")
    layer(X[:1])
    layer.gamma.assign(np.full(4, 1e-8, np.float32))
    outputs, pullback = layer.value_and_pullback(X.astype(np.float16))
    d_inputs, _ = pullback(np.full_like(outputs, 1e4))
    np.testing.assert_allclose(d_inputs, np.full(X.shape, 1e-4), rtol=1e-3)


def test_dropout_without_a_seed_drops_the_gradient_where_it_dropped_the_outputs():
    for layer in (keras.layers.Dropout(0.5), keras.layers.SpatialDropout1D(0.5)):
        outputs, pullback = layer.value_and_pullback(np.ones(X.shape, np.float32), training=True)
        np.testing.assert_array_equal(pullback(np.ones_like(outputs))[0], outputs)
        assert 0 < np.count_nonzero(outputs) < outputs.size


@pytest.mark.parametrize("name", ["BatchNormalization", "Dropout", "Flatten", "MaxPooling1D"])
def test_a_class_with_its_own_call_is_refused(name):
    kind = getattr(keras.layers, name)
    own = type("Own", (kind,), {"call": lambda self, inputs, training=False, kept=None: inputs})
    layer = own(0.5) if name == "Dropout" else own()
    with pytest.raises(TypeError, match=r"`value_and_pullback` knows the gradient .* Received: a Own"):
        layer.value_and_pullback(X)
