"""Every kind of file, written by TensorFlow and Keras, gives the values that they had."""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import weights

DATA = Path(__file__).parents[1] / "data" / "weights"
FURTHER = DATA / "further"
TWO_LAYERS = {
    "0/depthwise_kernel": "first/depthwise_kernel",
    "0/pointwise_kernel": "first/pointwise_kernel",
    "0/bias": "first/bias",
    "1/depthwise_kernel": "separable_conv1d/depthwise_kernel",
    "1/pointwise_kernel": "separable_conv1d/pointwise_kernel",
}
TWO_LAYER_FILES = {
    "tf_keras": ["tf2_ckpt", "saved_model", "tf_keras_model.h5", "tf_keras_weights.h5", "tf_keras_model.keras"],
    "keras3": ["keras3_model.h5", "keras3.weights.h5", "keras3_model.keras"],
}
RENAMED = {
    "keras3.h5": lambda name: f"block/{name}" if name.startswith("inner_sep") else f"model/{name}",
    "keras3.keras": lambda name: f"block/{name}" if name.startswith("inner_sep") else name,
    "keras3.weights.h5": lambda name: f"block/{name}" if name.startswith("inner_sep") else name,
    "tf_keras.keras": lambda name: f"block/{name}" if name.startswith("inner_sep") else name,
    "tf_keras.weights.h5": lambda name: CLASS_NAMES[name.partition("/")[0]] + "/" + name.partition("/")[2],
}
CLASS_NAMES = {
    "first": "separable_conv1d",
    "second": "separable_conv1d_1",
    "inner_sep": "sequential/separable_conv1d",
    "norm": "batch_normalization",
    "head": "dense",
}


def expected(name):
    with np.load(DATA / f"{name}.npz") as file:
        return dict(file)


def assert_equal(found, wanted):
    assert found.shape == wanted.shape
    if found.dtype == object:
        assert found.tolist() == wanted.tolist()
    else:
        np.testing.assert_array_equal(found.astype(wanted.dtype), wanted)


def assert_holds(path, wanted):
    """The file has these variables and no others."""
    with weights.load(path) as file:
        assert set(file) == set(wanted)
        for name, value in wanted.items():
            assert_equal(file[name], value)
            info = file.info(name)
            assert (info.shape, info.dtype) == (file[name].shape, file[name].dtype)


TF1_FORMS = ["tf1", "tf1/checkpoint", "tf1/model.ckpt-1200", "tf1/model.ckpt-1200.index"]


@pytest.mark.parametrize("form", TF1_FORMS)
def test_tf1_checkpoint_however_it_is_named(form):
    wanted = {name: value for name, value in expected("expected-tf1").items() if not name.startswith("__")}
    assert_holds(DATA / form, wanted)
    with weights.load(DATA / form) as file:
        assert {name: file[name].dtype.name for name in ("brain", "half", "double", "step64")} == {
            "brain": "bfloat16",
            "half": "float16",
            "double": "float64",
            "step64": "int64",
        }


def test_partitioned_variables_are_assembled():
    assert_holds(DATA / "partitioned", expected("expected-partitioned"))


@pytest.mark.parametrize(
    ("framework", "form"), [(key, form) for key, forms in TWO_LAYER_FILES.items() for form in forms]
)
def test_two_layer_models(framework, form):
    values = expected(f"expected-{framework}")
    prefix = "sequential/" if form == "keras3_model.h5" else ""
    assert_holds(DATA / form, {prefix + name: values[key] for key, name in TWO_LAYERS.items()})


@pytest.mark.parametrize("form", ["v1/model.ckpt-3", "v1", "v1_snappy/model.ckpt", "v2", "v2/model.ckpt-3"])
def test_checkpoints_of_all_types(form):
    slots = {"beta1_power", "beta2_power", "encoder/sep1/bias/Adam", "encoder/sep1/bias/Adam_1"}
    values = expected(f"further/{form[:2]}.expected")
    values["words"] = np.array([b"one", b"two two", b""], object)
    assert_holds(FURTHER / form, {name: value for name, value in values.items() if name not in slots})
    with weights.load(FURTHER / form) as file:
        assert set(file.slots) == slots & set(values)
        for name in file.slots:
            assert_equal(file.slots[name], values[name])


MODEL_FILES = [
    f"{framework}.{suffix}" for framework in ("keras3", "tf_keras") for suffix in ("h5", "keras", "weights.h5")
]


@pytest.mark.parametrize("form", MODEL_FILES)
def test_trained_models_with_other_layers_and_nested_ones(form):
    values = expected(f"further/{form.partition('.')[0]}.expected")
    rename = RENAMED.get(form, str)
    assert_holds(FURTHER / form, {rename(name): value for name, value in values.items()})
    with weights.load(FURTHER / form) as file:
        assert len(file.slots) >= 25
        assert all(np.isfinite(array).all() for array in file.slots.values())


def test_object_based_checkpoint_with_an_optimizer():
    assert_holds(FURTHER / "tf_keras_objects" / "ckpt", expected("further/tf_keras.expected"))
    with weights.load(FURTHER / "tf_keras_objects" / "ckpt") as file:
        assert {"iteration", "learning_rate", "Adam/m/first/bias"} <= set(file.slots)


def test_bfloat16_of_keras():
    assert_holds(FURTHER / "bfloat16.weights.h5", expected("further/bfloat16.expected"))
    with weights.load(FURTHER / "bfloat16.weights.h5") as file:
        assert file["brain/bias"].dtype.name == "bfloat16"


@pytest.mark.parametrize("form", ["tf1", "further/bfloat16.weights.h5"])
def test_bfloat16_without_ml_dtypes_keeps_its_values(form, monkeypatch):
    monkeypatch.setattr("nb_sepconv.weights.element_types.small_float", lambda name: None)
    values = expected("expected-tf1" if form == "tf1" else "further/bfloat16.expected")
    name = "brain" if form == "tf1" else "brain/depthwise_kernel"
    with weights.load(DATA / form) as file:
        assert file[name].dtype == np.float32
        np.testing.assert_array_equal(file[name], values[name])


def assert_rebuilt_model_answers(form, recorded, scopes, **first_layer):
    """Two layers of this library, filled by a Saver from the file, give the recorded output."""
    with weights.load(DATA / form) as file:
        shapes = [
            (file.info(f"{scope}/pointwise_kernel").shape[2], file.info(f"{scope}/depthwise_kernel").shape[0])
            for scope in scopes
        ]
        uses_bias = [f"{scope}/bias" in file for scope in scopes]

    def model(inputs):
        hidden = tf.layers.separable_conv1d(inputs, *shapes[0], name=scopes[0], use_bias=uses_bias[0], **first_layer)
        return tf.layers.separable_conv1d(hidden, *shapes[1], name=scopes[1], use_bias=uses_bias[1])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with tf.variable_scope("", reuse=tf.AUTO_REUSE):
            model(recorded["__x"])
            tf.train.Saver().restore(None, DATA / form)
            np.testing.assert_allclose(model(recorded["__x"]), recorded["__y"], rtol=1e-6, atol=1e-6)


def test_two_layers_of_tf1_answer_as_recorded():
    scopes = ["encoder/sep1", "encoder/separable_conv1d"]
    assert_rebuilt_model_answers("tf1", expected("expected-tf1"), scopes, padding="same", activation="relu")


@pytest.mark.parametrize(
    ("framework", "form"), [(key, form) for key, forms in TWO_LAYER_FILES.items() for form in forms]
)
def test_two_layers_of_keras_answer_as_recorded(framework, form):
    prefix = "sequential/" if form == "keras3_model.h5" else ""
    scopes = [f"{prefix}first", f"{prefix}separable_conv1d"]
    assert_rebuilt_model_answers(form, expected(f"expected-{framework}"), scopes)


@pytest.mark.parametrize("name", ["sequence", "text.txt", "empty"])
def test_files_of_no_known_format_are_refused(tmp_path, name):
    contents = {"sequence": bytes(range(256)) * 4, "text.txt": b"weights", "empty": b""}[name]
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(weights.WeightsError, match=r"expected a TensorFlow checkpoint .*\.safetensors \(at byte 0\)"):
        weights.load(tmp_path / name)


def test_the_data_file_of_a_checkpoint_names_what_to_open():
    with pytest.raises(weights.WeightsError, match=r"opened by its prefix, '.*/tf1/model\.ckpt-1200'"):
        weights.load(DATA / "tf1" / "model.ckpt-1200.data-00000-of-00001")


def test_missing_files_are_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        weights.load(tmp_path / "model.ckpt")


def test_folders_without_a_checkpoint_are_refused(tmp_path):
    with pytest.raises(weights.WeightsError, match="expected a SavedModel, or a folder with a file `checkpoint`"):
        weights.load(tmp_path)


@pytest.mark.parametrize("name", ["../other/model.ckpt-1200", "{root}/other/model.ckpt-1200"])
def test_paths_out_of_the_folder_are_not_followed(tmp_path, name):
    (tmp_path / "run").mkdir()
    shutil.copytree(DATA / "tf1", tmp_path / "other")
    (tmp_path / "run" / "checkpoint").write_text(f'model_checkpoint_path: "{name.format(root=tmp_path)}"\n')
    with pytest.raises(weights.WeightsError, match=r"run/model\.ckpt-1200, which is missing"):
        weights.load(tmp_path / "run")


def test_moved_folder_with_whole_paths_still_opens(tmp_path):
    shutil.copytree(DATA / "tf1", tmp_path / "moved")
    (tmp_path / "moved" / "checkpoint").chmod(0o644)
    (tmp_path / "moved" / "checkpoint").write_text('model_checkpoint_path: "/gone/run/model.ckpt-1200"\n')
    assert len(weights.load(tmp_path / "moved")) == 11


def test_data_file_that_is_missing_is_named(tmp_path):
    shutil.copyfile(DATA / "tf1" / "model.ckpt-1200.index", tmp_path / "m.index")
    with weights.load(tmp_path / "m") as file:
        assert file.info("half").shape == (5,)
        with pytest.raises(weights.WeightsError, match=r"m.data-00000-of-00001, which is missing"):
            file["half"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path):
    shutil.copytree(DATA / "tf1", tmp_path / "tf1")
    data = tmp_path / "tf1" / "model.ckpt-1200.data-00000-of-00001"
    good = data.read_bytes()
    data.write_bytes(bytes(len(good)))
    with weights.load(tmp_path / "tf1") as file:
        assert len(file) == 11
        with pytest.raises(weights.WeightsError, match="the checksum of the tensor 'half' does not match"):
            file["half"]
        data.write_bytes(good)


def test_mapping_manners():
    with weights.load(DATA / "tf1") as file:
        assert "half" in file
        assert "other" not in file
        assert file.get("other") is None
        with pytest.raises(KeyError, match="other"):
            file["other"]
        assert repr(file).startswith("<Weights of 11 variables, TensorFlow V2 checkpoint")
        assert file.unreadable == {}
