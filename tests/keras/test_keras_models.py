"""Keras' layers beside the convolutions, ``Sequential``, and models from files that Keras 3 and tf_keras wrote."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from nb_sepconv import keras, weights
from nb_sepconv.convolution.applying import apply_window
from nb_sepconv.convolution.windows import places, windows
from nb_sepconv.stacks.stages import output_channels, stages_of
from tests.keras_model_cases import SERIES, fill, layer_cases, models, series
from tests.value_cases import weights as values

RECORDED = Path(__file__).parents[1] / "data" / "keras_models"
LAYERS, ANSWERS = np.load(RECORDED / "layers.npz"), np.load(RECORDED / "answers.npz")
CASES = layer_cases(keras)
WRITTEN = [f"{kind}_{name}" for kind in ("keras3", "tf_keras") for name in ("spotter", "nested", "functional")]
layers, load_model = keras.layers, keras.models.load_model


def small_model():
    return keras.Sequential(
        [keras.Input((12, 4)), layers.SeparableConv1D(3, 2, name="sep"), layers.Dense(2, name="dense")], name="small"
    )


def close(got, want):
    assert got.shape == want.shape
    assert got.dtype == want.dtype
    relative = 2e-3 if got.dtype == np.float16 else 2e-6
    np.testing.assert_allclose(got, want, rtol=relative, atol=relative)


# ---- recorded answers ----


def test_every_layer_is_recorded():
    assert {name.replace("/", "|") for name in CASES} == set(LAYERS.files)


@pytest.mark.parametrize("name", CASES)
def test_layers_agree_with_keras(name):
    close(np.asarray(CASES[name]()), LAYERS[name.replace("/", "|")])


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("name", WRITTEN)
def test_models_of_keras_are_loaded(name, suffix):
    model = load_model(RECORDED / f"{name}{suffix}")
    close(model(series()), ANSWERS[name])
    assert model.name == name.rpartition("_")[2]
    assert model.output_shape == (None, *ANSWERS[name].shape[1:])


@pytest.mark.parametrize("name", WRITTEN)
def test_weights_of_keras_are_loaded(name):
    model = keras.models.model_from_json(str(ANSWERS[f"{name}_json"]))
    fresh = model(series())
    model.load_weights(RECORDED / f"{name}.weights.h5")
    assert not np.allclose(fresh, ANSWERS[name], atol=1e-3)
    close(model(series()), ANSWERS[name])


@pytest.mark.parametrize("name", ["spotter", "nested"])
def test_models_written_here_give_the_same(name):
    model = models(keras)[name]
    fill(model)
    close(model(series()), ANSWERS[f"keras3_{name}"])


@pytest.mark.parametrize("name", ["spotter", "nested"])
def test_configurations_agree_with_keras(name):
    ours = keras.Sequential.from_config(json.loads(str(ANSWERS[f"keras3_{name}_json"]))["config"]).get_config()
    assert plain(ours) == plain(models(keras)[name].get_config())
    theirs = json.loads(str(ANSWERS[f"keras3_{name}_json"]))["config"]
    for mine, recorded in zip(plain(ours)["layers"], theirs["layers"], strict=True):
        assert mine["class_name"] == recorded["class_name"]
        assert mine["module"] == recorded["module"]
        known = mine["config"].keys() & recorded["config"].keys() - {"layers", "dtype"}
        kept = {key for key in known if not isinstance(recorded["config"][key], dict)}
        assert {key: mine["config"][key] for key in kept} == {key: recorded["config"][key] for key in kept}


def plain(config):
    return json.loads(json.dumps(config))


# ---- Sequential ----


def test_a_model_without_an_input_is_built_by_its_first_call():
    model = keras.Sequential([layers.SeparableConv1D(3, 2), layers.Flatten()])
    assert not model.built
    with pytest.raises(AttributeError, match="is not built"):
        _ = model.output_shape
    assert model(series()).shape == (2, 33)
    assert model.built
    assert model.input_shape == (None, 12, 4)


def test_layers_are_added_and_taken_off():
    model = small_model()
    assert model.output_shape == (None, 11, 2)
    model.add(layers.MaxPooling1D(2))
    assert model.output_shape == (None, 5, 2)
    assert model.pop().name.startswith("max_pooling1d")
    assert model(series()).shape == (2, 11, 2)
    assert model.get_layer("dense") is model.get_layer(index=1) is model.layers[-1]


def test_training_reaches_the_layers():
    model = keras.Sequential([layers.Dropout(0.5, seed=3), layers.BatchNormalization(momentum=0.0)])
    still, trained = model(series()), model(series(), training=True)
    assert not np.allclose(still, trained)
    assert not np.allclose(model.layers[1].moving_mean, 0)


def test_a_batch_normalization_that_is_not_trainable_uses_its_averages():
    layer = layers.BatchNormalization(trainable=False)
    assert np.allclose(layer(series(), training=True), series() / np.sqrt(1.001))


def test_a_model_is_pickled_with_its_weights():
    model = small_model()
    assert np.array_equal(pickle.loads(pickle.dumps(model))(series()), model(series()))


def test_summary_lists_the_layers():
    lines = []
    small_model().summary(print_fn=lines.append)
    assert any(line.split() == ["sep", "(SeparableConv1D)", "(None,", "11,", "3)", "23"] for line in lines)
    assert lines[-1] == "Parameters: 31, of them trained: 31"


def test_summary_of_a_model_that_is_not_built():
    lines = []
    keras.Sequential([layers.Dense(2, name="dense")]).summary(print_fn=lines.append)
    assert any(line.split()[-2:] == ["not", "built"] for line in lines)


def test_a_layer_without_shapes_is_built_by_the_call():
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = keras.Sequential([keras.Input((12, 4)), Twice(), layers.Dense(3)])
    assert model(series()).shape == (2, 12, 3)
    with pytest.raises(AttributeError, match="is not built"):
        _ = model.output_shape


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: keras.Sequential([np.zeros(3)]), TypeError, "takes Keras layers. Received: array"),
        (lambda: keras.Sequential([layers.Dense(2, name="a"), layers.Flatten(name="a")]), ValueError, "'a' again"),
        (lambda: keras.Sequential([layers.Dense(2), keras.Input((3,))]), ValueError, "`Input` must come first"),
        (lambda: keras.Sequential().build((None, 3)), ValueError, "has no layers to build"),
        (lambda: keras.Sequential().pop(), ValueError, "must have layers to take one off"),
        (lambda: small_model().get_layer("x"), ValueError, r"must be one of \['input_layer"),
        (lambda: small_model().get_layer(index=2), ValueError, "must be one of 2 layers. Received: 2"),
        (lambda: small_model().get_layer(), ValueError, "Give `name` or `index`"),
        (lambda: small_model()(series()[:, :9]), ValueError, r"takes inputs of shape \(None, 12, 4\)"),
        (lambda: small_model().fit(1, 2), AttributeError, "'fit': train by `value_and_pullback`"),
        (lambda: small_model().predict(1), AttributeError, "'predict': call the model"),
        (lambda: small_model().nothing, AttributeError, "no attribute 'nothing'$"),
        (lambda: keras.Input(), ValueError, "Give `shape` or `batch_shape`"),
        (lambda: layers.InputLayer((3,), sparse=True), ValueError, "`sparse` must be False"),
        (lambda: layers.Reshape((-1, -1)), ValueError, "one of them -1 at most"),
        (lambda: layers.Reshape((5, -1))(series()), ValueError, "as many elements as an example"),
        (lambda: layers.ZeroPadding1D((1, -1)), ValueError, "`padding` must be an integer >= 0"),
        (lambda: layers.ReLU(max_value=-1), ValueError, "`max_value` must be a number >= 0"),
        (lambda: layers.LeakyReLU(-1), ValueError, "`negative_slope` must be a number >= 0"),
        (lambda: layers.Softmax(axis=[0, 1]), TypeError, "`axis` must be an integer"),
        (lambda: layers.Dropout(1.5), ValueError, r"`rate` must lie in \[0, 1\]"),
        (lambda: layers.BatchNormalization(renorm=True), ValueError, "`renorm` is not supported"),
        (lambda: layers.BatchNormalization(axis=[1, 2]), TypeError, "`axis` must be an integer"),
        (lambda: layers.LayerNormalization(rms_scaling=True), ValueError, "`rms_scaling` is not supported"),
        (lambda: keras.nothing, AttributeError, "nothing"),
        (lambda: keras.models.Model, AttributeError, "Model"),
    ],
)
def test_what_does_not_fit_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_failed_build_leaves_nothing_behind():
    model = keras.Sequential([layers.SeparableConv1D(3, 2), layers.SeparableConv1D(3, 40)])
    with pytest.raises(ValueError, match="longer than the input"):
        model(series())
    assert not any(layer.built for layer in (model, *model.layers))


# ---- over time ----


def test_a_model_is_cut_over_time_like_a_stack():
    model = keras.Sequential(
        [
            layers.ZeroPadding1D((2, 1)),
            layers.SeparableConv1D(3, 3, dilation_rate=2, padding="causal"),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            keras.Sequential([layers.SeparableConv1D(3, 2), layers.LayerNormalization()]),
            layers.MaxPooling1D(3, 2, "same"),
            layers.SpatialDropout1D(0.5),
            layers.AveragePooling1D(2, 1),
            layers.Activation("tanh"),
        ]
    )
    x = values(2, 41, 4).astype("float32")
    model.build(x.shape)
    fill(model)
    whole, stages = model(x), stages_of(model)
    where = places(stages, 41)
    assert where[-1].steps == whole.shape[1]
    for chunk in (1, 2, 5, 41):
        parts = [
            apply_window(stages, windows(where, a, min(a + chunk, whole.shape[1])), lambda s, e: x[:, s:e])
            for a in range(0, whole.shape[1], chunk)
        ]
        assert np.array_equal(np.concatenate(parts, 1), whole)


@pytest.mark.parametrize(
    "layer", [layers.Flatten(), layers.Reshape((-1,)), layers.GlobalMaxPooling1D(), layers.Softmax(axis=1)]
)
def test_layers_that_join_steps_are_not_cut(layer):
    model = keras.Sequential([layers.SeparableConv1D(3, 3), layer])
    model(series())
    with pytest.raises(ValueError, match="cannot be cut over time"):
        output_channels(stages_of(model), 4)


# ---- files ----


def test_a_layer_that_is_not_known_is_refused_by_name():
    config = {"name": "m", "layers": [{"class_name": "LSTM", "config": {"name": "memory"}}]}
    with pytest.raises(ValueError, match=r"'memory' is of a class that is not known. Pass .* Received: 'LSTM'"):
        keras.Sequential.from_config(config)


def test_code_in_a_file_is_not_executed():
    config = {"name": "m", "layers": [{"class_name": "Lambda", "config": {"name": "f", "function": ["4wE="]}}]}
    with pytest.raises(ValueError, match="holds code, which is not executed"):
        keras.Sequential.from_config(config)


def test_layers_of_the_callers_own_are_passed_by_name():
    class Twice(layers.Layer):
        def call(self, inputs):
            return inputs * 2

    config = keras.Sequential([Twice(name="twice")]).get_config()
    model = keras.Sequential.from_config(config, custom_objects={"Twice": Twice})
    assert np.array_equal(model(series()), series() * 2)


def branched(inbound):
    names = ["in", "a", "b", "c"]
    return {
        "class_name": "Functional",
        "config": {
            "name": "branched",
            "layers": [
                {"class_name": "ReLU", "config": {"name": name}, "inbound_nodes": nodes}
                for name, nodes in zip(names, inbound, strict=True)
            ],
            "input_layers": [["in", 0, 0]],
            "output_layers": [["c", 0, 0]],
        },
    }


@pytest.mark.parametrize(
    ("inbound", "message"),
    [
        (
            [[], [[["in", 0, 0, {}]]], [[["in", 0, 0, {}]]], [[["a", 0, 0, {}], ["b", 0, 0, {}]]]],
            r"the layer 'c' with the inputs \['a', 'b'\]",
        ),
        ([[], [[["in", 0, 0, {}]]], [[["a", 0, 0, {}]]], [[["a", 0, 0, {}]]]], "'a' before"),
        ([[], [[["in", 0, 0, {}]]], [[["c", 0, 0, {}]]], [[["b", 0, 0, {}]]]], "lead from its input to its output"),
    ],
)
def test_models_that_branch_are_refused(inbound, message):
    with pytest.raises(ValueError, match=message):
        keras.models.model_from_json(json.dumps(branched(inbound)))


def test_weights_alone_are_no_model():
    with pytest.raises(weights.WeightsError, match="holds weights alone"):
        load_model(RECORDED / "keras3_spotter.weights.h5")


@pytest.mark.parametrize("name", ["keras3_nested.keras", "keras3_nested.h5", "keras3_nested.weights.h5"])
def test_weights_of_another_model_are_refused_and_none_is_written(name):
    model = small_model()
    before = model.get_weights()
    with pytest.raises((ValueError, weights.WeightsError), match="nested"):
        model.load_weights(RECORDED / name)
    assert all(map(np.array_equal, before, model.get_weights()))


def test_a_model_that_is_not_built_takes_no_weights():
    with pytest.raises(ValueError, match="must be built before its weights are loaded"):
        keras.Sequential([layers.Dense(3)]).load_weights(RECORDED / "keras3_nested.weights.h5")


@pytest.mark.parametrize("name", ["keras3_spotter.keras", "keras3_spotter.h5"])
def test_a_damaged_file_is_refused(name, tmp_path):
    whole = (RECORDED / name).read_bytes()
    for size in (0, 3, len(whole) // 3, len(whole) - 10):
        (tmp_path / name).write_bytes(whole[:size])
        with pytest.raises(weights.WeightsError):
            load_model(tmp_path / name)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.keras"):
        load_model(tmp_path / "nothing.keras")


def test_the_files_name_does_not_matter(tmp_path):
    shutil.copy(RECORDED / "keras3_spotter.keras", tmp_path / "model")
    close(load_model(tmp_path / "model")(series()), ANSWERS["keras3_spotter"])


def test_series_have_the_shape_that_was_recorded():
    assert series().shape == SERIES
