"""TF1's words for checkpoints: readers, Saver, init_from_checkpoint."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv import weights

DATA = Path(__file__).parents[1] / "data" / "weights"
PREFIX = str(DATA / "tf1" / "model.ckpt-1200")


def variable(name, value):
    return tf.get_variable(name, initializer=np.asarray(value))


def two_variables(seed=0):
    rng = np.random.default_rng(seed)
    with tf.variable_scope("sep"):
        return variable("bias", rng.normal(size=3).astype("f4")), variable("kernel", rng.normal(size=(2, 3)))


def test_reader_of_a_checkpoint():
    reader = tf.train.load_checkpoint(PREFIX)
    with np.load(DATA / "expected-tf1.npz") as wanted:
        np.testing.assert_array_equal(reader.get_tensor("double"), wanted["double"])
    assert reader.has_tensor("half")
    assert not reader.has_tensor("whole")
    assert reader.get_variable_to_shape_map()["encoder/sep1/depthwise_kernel"] == [5, 4, 1]
    assert reader.get_variable_to_dtype_map()["half"] == np.float16
    with pytest.raises(KeyError, match=r"`tensor_str` must name a tensor of .*Received: 'whole'"):
        reader.get_tensor("whole")


def test_reader_has_object_based_keys_as_they_are():
    reader = tf.train.load_checkpoint(DATA / "tf2_ckpt")
    assert reader.has_tensor("layer_with_weights-0/bias/.ATTRIBUTES/VARIABLE_VALUE")
    assert reader.has_tensor("_CHECKPOINTABLE_OBJECT_GRAPH")


def test_reader_of_v1():
    assert tf.train.load_checkpoint(DATA / "further" / "v1").get_tensor("int16").tolist() == [-300, 5]


def test_variables_are_listed_in_order():
    listed = tf.train.list_variables(DATA / "tf1")
    assert listed[:2] == [("brain", [9]), ("double", [2, 3])]
    assert [name for name, _ in listed] == sorted(name for name, _ in listed)


def test_only_checkpoints_are_checkpoints():
    with pytest.raises(weights.WeightsError, match="expected a TensorFlow checkpoint"):
        tf.train.load_checkpoint(DATA / "tf_keras_model.h5")
    with pytest.raises(FileNotFoundError):
        tf.train.load_checkpoint(DATA / "no.ckpt")


def test_latest_checkpoint(tmp_path):
    assert tf.train.latest_checkpoint(DATA / "tf1") == PREFIX
    assert tf.train.latest_checkpoint(tmp_path) is None
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "gone"\n')
    assert tf.train.latest_checkpoint(tmp_path) is None
    (tmp_path / "checkpoint").write_text("nonsense")
    with pytest.raises(weights.WeightsError, match="in line 1"):
        tf.train.latest_checkpoint(tmp_path)


def test_saved_variables_are_restored(tmp_path):
    bias, kernel = two_variables()
    before = [bias.numpy().copy(), kernel.numpy().copy()]
    path = tf.train.Saver().save(None, tmp_path / "model.ckpt", global_step=7)
    assert path == str(tmp_path / "model.ckpt-7")
    assert tf.train.latest_checkpoint(tmp_path) == path
    version = bias.version
    bias.assign(np.zeros(3))
    kernel.assign(np.zeros((2, 3)))
    tf.train.Saver().restore(None, path)
    np.testing.assert_array_equal(bias, before[0])
    np.testing.assert_array_equal(kernel, before[1])
    assert bias.version == version + 2
    assert dict(tf.train.list_variables(path)) == {"sep/bias": [3], "sep/kernel": [2, 3]}


@pytest.mark.parametrize("path", ["a.npz", "a.safetensors"])
def test_restoring_from_other_files(path, tmp_path):
    bias, kernel = two_variables()
    wanted = {"sep/bias": np.float32([4, 5, 6]), "sep/kernel": np.arange(6.0).reshape(2, 3), "more": np.ones(2)}
    weights.save(tmp_path / path, wanted)
    tf.train.Saver().restore(None, tmp_path / path)
    assert bias.numpy().tolist() == [4, 5, 6]
    assert kernel.numpy().tolist() == wanted["sep/kernel"].tolist()


def test_restoring_by_other_names_and_slots():
    moment = variable("moment", np.zeros(6, "f4"))
    saver = tf.train.Saver({"encoder/sep1/bias/Adam": moment})
    saver.restore(None, DATA / "further" / "v2")
    with np.load(DATA / "further" / "v2.expected.npz") as wanted:
        np.testing.assert_array_equal(moment, wanted["encoder/sep1/bias/Adam"])
    assert np.any(moment.numpy())


def test_everything_that_does_not_fit_is_named_and_nothing_changes(tmp_path):
    bias, kernel = two_variables()
    step, odd = variable("step", np.int64(1)), variable("odd", np.float32([1]))
    stored = {"sep/bias": np.float32([9, 9, 9]), "sep/kernel": np.ones((3, 3)), "step": np.float64(3)}
    weights.save(tmp_path / "a.npz", stored)
    before = [np.array(each) for each in (bias, kernel, step, odd)]
    with pytest.raises(ValueError, match="of which none was changed") as caught:
        tf.train.Saver().restore(None, tmp_path / "a.npz")
    assert str(caught.value).splitlines()[1:] == [
        "  sep/kernel: the shape is (3, 3) in the file, (2, 3) in the variable",
        "  step: the type is float64 in the file, int64 in the variable",
        "  odd: missing in the file",
    ]
    for each, value in zip((bias, kernel, step, odd), before, strict=True):
        np.testing.assert_array_equal(each, value)


def test_damaged_values_change_nothing(tmp_path):
    bias, _ = two_variables()
    path = tf.train.Saver().save(None, tmp_path / "m.ckpt")
    data = tmp_path / "m.ckpt.data-00000-of-00001"
    stored = bytearray(data.read_bytes())
    stored[-1] ^= 1
    data.write_bytes(stored)
    bias.assign([7, 7, 7])
    with pytest.raises(weights.WeightsError, match="checksum"):
        tf.train.Saver().restore(None, path)
    assert bias.numpy().tolist() == [7, 7, 7]


def test_reshape_takes_other_shapes_of_the_same_size(tmp_path):
    _, kernel = two_variables()
    weights.save(tmp_path / "a.npz", {"k": np.arange(6.0)})
    with pytest.raises(ValueError, match="k: the shape is"):
        tf.train.Saver({"k": kernel}).restore(None, tmp_path / "a.npz")
    tf.train.Saver({"k": kernel}, reshape=True).restore(None, tmp_path / "a.npz")
    assert kernel.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_old_checkpoints_go(tmp_path):
    bias, _ = two_variables()
    saver = tf.train.Saver(max_to_keep=2)
    for step in range(4):
        bias.assign([step] * 3)
        saver.save(None, tmp_path / "m", global_step=step)
    assert saver.last_checkpoints == [str(tmp_path / "m-2"), str(tmp_path / "m-3")]
    assert names_in(tmp_path) == [
        "checkpoint",
        "m-2.data-00000-of-00001",
        "m-2.index",
        "m-3.data-00000-of-00001",
        "m-3.index",
    ]
    saver.restore(None, tmp_path / "m-2")
    assert bias.numpy().tolist() == [2, 2, 2]
    text = (tmp_path / "checkpoint").read_text()
    assert (
        text == 'model_checkpoint_path: "m-3"\nall_model_checkpoint_paths: "m-2"\nall_model_checkpoint_paths: "m-3"\n'
    )


@pytest.mark.parametrize("max_to_keep", [None, 0])
def test_all_checkpoints_stay_when_asked(tmp_path, max_to_keep):
    two_variables()
    saver = tf.train.Saver(max_to_keep=max_to_keep)
    for step in range(7):
        saver.save(None, tmp_path / "m", global_step=step)
    assert len(names_in(tmp_path)) == 1 + 2 * 7
    assert tf.train.latest_checkpoint(tmp_path) == str(tmp_path / "m-6")


def test_one_checkpoint_of_each_period_stays(tmp_path):
    two_variables()
    saver = tf.train.Saver(max_to_keep=1, keep_checkpoint_every_n_hours=0.0)
    for step in range(3):
        saver.save(None, tmp_path / "m", global_step=step)
    assert [name for name in names_in(tmp_path) if name.endswith(".index")] == ["m-0.index", "m-1.index", "m-2.index"]


def test_saver_takes_over_the_checkpoints_of_an_earlier_run(tmp_path):
    two_variables()
    old = [tf.train.Saver().save(None, tmp_path / "m", global_step=step, write_state=False) for step in range(2)]
    assert not (tmp_path / "checkpoint").exists()
    saver = tf.train.Saver(max_to_keep=2)
    saver.recover_last_checkpoints([*old, str(tmp_path / "gone")])
    saver.save(None, tmp_path / "m", global_step=2, latest_filename="newest")
    assert saver.last_checkpoints == [old[1], str(tmp_path / "m-2")]
    assert tf.train.latest_checkpoint(tmp_path, "newest") == str(tmp_path / "m-2")


def test_steps_in_names(tmp_path):
    two_variables()
    step = variable("step", np.int64(12))
    saver = tf.train.Saver(pad_step_number=True)
    assert saver.save(None, tmp_path / "m", global_step=step) == str(tmp_path / "m-00000012")
    assert tf.train.Saver().save(None, tmp_path / "m") == str(tmp_path / "m")
    with pytest.raises(TypeError, match=r"`global_step` must be an integer. Received: 1.5"):
        saver.save(None, tmp_path / "m", global_step=1.5)


def test_saver_of_no_variables():
    with pytest.raises(ValueError, match=r"`var_list` must hold variables to save. Received: none"):
        tf.train.Saver()
    tf.train.Saver(allow_empty=True)
    saver = tf.train.Saver(defer_build=True)
    two_variables()
    saver.build()


def test_saver_arguments_are_checked(tmp_path):
    bias, _ = two_variables()
    with pytest.raises(TypeError, match=r"`var_list` must hold variables. Received: ndarray"):
        tf.train.Saver([np.ones(3)])
    with pytest.raises(ValueError, match=r"`var_list` must hold one variable of each name. Received: 'sep/bias' twice"):
        tf.train.Saver([bias, bias])
    with pytest.raises(ValueError, match="`save_path` must be a prefix in a folder that exists"):
        tf.train.Saver().save(None, tmp_path / "no" / "m")
    with pytest.raises(ValueError, match=r"`save_path` must name a checkpoint. Received: None"):
        tf.train.Saver().restore(None, None)
    with pytest.raises(ValueError, match=r"`save_path` must name a checkpoint. Received: .*which is missing"):
        tf.train.Saver().restore(None, tmp_path / "m")


def test_scopes_are_initialized_from_a_checkpoint():
    names = ["depthwise_kernel", "pointwise_kernel", "bias"]
    shapes = [(5, 4, 1), (1, 4, 6), (6,)]
    with tf.variable_scope("mine"):
        mine = [tf.get_variable(name, shape) for name, shape in zip(names, shapes, strict=True)]
    half = tf.get_variable("h", [5], dtype=tf.float16)
    double = tf.get_variable("d", [2, 3], dtype=tf.float64)
    tf.train.init_from_checkpoint(PREFIX, {"encoder/sep1/": "mine/", "half": "h", "double": double})
    with np.load(DATA / "expected-tf1.npz") as wanted:
        for name, value in zip(names, mine, strict=True):
            np.testing.assert_array_equal(value, wanted[f"encoder/sep1/{name}"])
        np.testing.assert_array_equal(half, wanted["half"])
        np.testing.assert_array_equal(double, wanted["double"])


def test_root_scopes_and_lists_of_pairs():
    kernel = tf.get_variable("encoder/sep1/depthwise_kernel", [5, 4, 1])
    tf.train.init_from_checkpoint(PREFIX, [("/", "/")])
    first = kernel.numpy().copy()
    assert np.any(first)
    kernel.assign(np.zeros((5, 4, 1)))
    tf.train.init_from_checkpoint(PREFIX, [("encoder/sep1/depthwise_kernel", [kernel])])
    np.testing.assert_array_equal(kernel, first)


@pytest.mark.parametrize(
    ("assignment_map", "match"),
    [
        ({"encoder/": "other/"}, "`assignment_map` must name a scope with variables. Received: 'encoder/': 'other/'"),
        ({"encoder/": "sep/bias"}, "`assignment_map` must map a scope to a scope"),
        (
            {"half": "no"},
            "`assignment_map` must name variables of the current graph, sep/bias, sep/kernel. Received: 'no'",
        ),
        ({"half": 3}, "`assignment_map` must map names to names or variables. Received: 'half': 3"),
        ({"whole": "sep/bias"}, "whole: missing in the file"),
        ({"half": "sep/bias"}, r"half: the shape is \(5,\) in the file, \(3,\) in the variable"),
        ({"encoder/sep1/": "sep/"}, "encoder/sep1/kernel: missing in the file"),
    ],
)
def test_maps_that_do_not_fit_change_nothing(assignment_map, match):
    bias, _ = two_variables()
    before = bias.numpy().copy()
    with pytest.raises(ValueError, match=match):
        tf.train.init_from_checkpoint(PREFIX, assignment_map)
    np.testing.assert_array_equal(bias, before)


def test_folders_stand_for_their_latest_checkpoint(tmp_path):
    shutil.copytree(DATA / "tf1", tmp_path / "run")
    half = tf.get_variable("half", [5], dtype=tf.float32)
    tf.train.Saver().restore(None, tmp_path / "run")
    assert half.numpy().tolist() == [0, 1, 2, 3, 4]
    assert os.listdir(tmp_path) == ["run"]
