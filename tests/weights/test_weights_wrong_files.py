"""Files that are no weights are called what they are, and the right file is read where a name means two."""

import contextlib
import gzip
import os
import pickle
import shutil
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import nb_sepconv as tf
from nb_sepconv import weights
from nb_sepconv.files.random_access import RandomAccessFile

DATA = Path(__file__).parents[1] / "data" / "weights"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1\nsize 12345\n"
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
STATE = {"conv.weight": np.ones(3), "epoch": 3}
WRONG = {
    "empty": (b"", "this file is empty, as after a copy that was cut off"),
    "git lfs": (LFS, "this is a Git LFS pointer in place of the file: run `git lfs pull`"),
    "git annex": (b"/annex/objects/SHA256E-s100--abc.h5\n", "this is a git-annex pointer"),
    "old pytorch": (
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M",
        "this is a PyTorch file, whose values are a pickle",
    ),
    "array": (b"\x93NUMPY\x01\0v\0{'descr'", "this is a single array: load it with `numpy.load`"),
    "web page": (b"\n<!DOCTYPE html><html>", "this is a web page in place of the file"),
    "gzip": (gzip.compress(b"weights"), "this file is compressed: unpack it"),
    "gguf": (b"GGUF\x03\0\0\0", "this is a GGUF file"),
    "tflite": (b"\x1c\0\0\0TFL3\x14\0", "this is a TensorFlow Lite model"),
    "json": (b'{"layers": []}', "this is JSON or other text, which holds no arrays"),
    **{
        f"pickle {n}": (pickle.dumps(STATE, n), "this is a pickle, which can run code and is never loaded")
        for n in PROTOCOLS
    },
    **{f"pickled list {n}": (pickle.dumps([1.0], n), "this is a pickle") for n in PROTOCOLS},
    "pickled object": (pickle.dumps(warnings.WarningMessage), "this is a pickle"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_files_are_called_what_they_are(kind, tmp_path):
    stored, message = WRONG[kind]
    (tmp_path / "model.h5").write_bytes(stored)
    with pytest.raises(weights.WeightsError) as raised:
        weights.load(tmp_path / "model.h5")
    assert message in str(raised.value)
    assert "expected a TensorFlow checkpoint (V1 or V2)" in str(raised.value)
    with pytest.raises(weights.WeightsError) as raised:
        tf.train.load_checkpoint(tmp_path / "model.h5")
    assert message in str(raised.value)
    with pytest.raises(weights.WeightsError) as raised:
        weights.from_onnx(tmp_path / "model.h5")
    assert f"{message}" in str(raised.value)


def test_archives_of_pytorch_are_called_that(tmp_path):
    import zipfile

    for name in ("archive", "my_model"):
        with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
            archive.writestr(f"{name}/data.pkl", pickle.dumps(STATE))
            archive.writestr(f"{name}/data/0", bytes(12))
        with pytest.raises(
            weights.WeightsError, match=r"this is a PyTorch archive, .*`weights\.from_torch`.*; expected"
        ):
            weights.load(tmp_path / "model.pt")


def test_onnx_models_are_called_that(tmp_path):
    kernels = {"depthwise_kernel": np.ones((3, 2, 1), "f4"), "pointwise_kernel": np.ones((1, 2, 2), "f4")}
    weights.to_onnx(tmp_path / "a.onnx", kernels)
    with pytest.raises(weights.WeightsError, match=r"this is an ONNX model: open it with `weights\.from_onnx`"):
        weights.load(tmp_path / "a.onnx")


@pytest.mark.parametrize("suffix", ["index", "data-00000-of-00001"])
def test_pointers_in_place_of_a_part_of_a_checkpoint(suffix, tmp_path):
    shutil.copytree(DATA / "tf1", tmp_path / "tf1")
    part = tmp_path / "tf1" / f"model.ckpt-1200.{suffix}"
    part.unlink()
    part.write_bytes(LFS)
    with pytest.raises(weights.WeightsError, match="this is a Git LFS pointer"), weights.load(tmp_path / "tf1") as file:
        file["half"]


def test_a_prefix_that_is_also_a_folder_is_the_prefix(tmp_path):
    """Restoring it once filled the variables from another checkpoint inside that folder."""
    weights.save(tmp_path / "both", {"v": np.float32([1, 2])})
    (tmp_path / "both").mkdir()
    weights.save(tmp_path / "both" / "ckpt", {"v": np.float32([7, 7])})
    (tmp_path / "both" / "checkpoint").write_text('model_checkpoint_path: "ckpt"\n')
    for path in (tmp_path / "both", str(tmp_path / "both"), os.fsencode(tmp_path / "both")):
        with weights.load(path) as file:
            assert file["v"].tolist() == [1, 2]
        assert tf.train.load_checkpoint(path).get_tensor("v").tolist() == [1, 2]
    with weights.load(f"{tmp_path / 'both'}/") as file:
        assert file["v"].tolist() == [7, 7]


def test_a_prefix_named_checkpoint_is_itself(tmp_path):
    variable = tf.get_variable("named/v", initializer=[1.0, 2.0])
    saver = tf.train.Saver([variable])
    first = saver.save(None, tmp_path / "checkpoint")
    variable.load(np.float32([7, 7]))
    saver.save(None, tmp_path / "later")
    saver.restore(None, first)
    assert variable.numpy().tolist() == [1, 2]


CLOSED = ["tf1", "further/v1", "keras3.weights.h5", "keras3_model.keras", "tf_keras_model.h5", "expected-tf1.npz"]


@pytest.mark.parametrize("form", CLOSED)
def test_nothing_is_read_after_closing(form):
    """The number of a closed file is that of the next one that is opened."""
    file = weights.load(DATA / form)
    name = next(iter(file))
    slot = next(iter(file.slots), None)
    file.close()
    with contextlib.ExitStack() as others:
        for _ in range(4):
            others.enter_context(open(__file__, "rb", buffering=0))
        for part, key in [(file, name), (file.slots, slot)]:
            if key is not None:
                with pytest.raises(weights.WeightsError, match="this file was closed: read arrays before"):
                    part[key]
        file.close()


def test_a_closed_file_gives_no_bytes_of_another(tmp_path):
    (tmp_path / "a").write_bytes(b"mine")
    file = RandomAccessFile(tmp_path / "a")
    file.close()
    with open(__file__, "rb"), pytest.raises(weights.WeightsError, match="this file was closed"):
        file.read(0, 4, "bytes")


def test_arrays_that_were_read_outlive_the_file():
    with weights.load(DATA / "tf_keras_model.h5") as file:
        array = file["first/bias"]
    assert np.isfinite(array).all()


@pytest.mark.parametrize("form", ["a.npz", "a.safetensors", "a.ckpt"])
@pytest.mark.parametrize("suffixes", [("", ":0"), (":0", ""), (":0", ":0")])
def test_names_with_and_without_their_output(form, suffixes, tmp_path):
    """`Variable.name` ends in `:0`, the names in checkpoints do not."""
    variable = tf.get_variable(f"output/{form}/bias", initializer=[0.0, 0.0])
    name = variable.op.name
    weights.save(tmp_path / form, {name + suffixes[0]: np.float32([1, 2])})
    tf.train.Saver({name + suffixes[1]: variable}).restore(None, tmp_path / form)
    assert variable.numpy().tolist() == [1, 2]


def test_the_exact_name_comes_first(tmp_path):
    variable = tf.get_variable("exact/bias", initializer=[0.0])
    weights.save(tmp_path / "a.npz", {"exact/bias:0": np.float32([1]), "exact/bias": np.float32([2])})
    for name, value in (("exact/bias", 2), ("exact/bias:0", 1)):
        tf.train.Saver({name: variable}).restore(None, tmp_path / "a.npz")
        assert variable.numpy().tolist() == [value]


def test_one_variable_under_two_names_is_refused():
    variable = tf.get_variable("twice/v", initializer=[1.0])
    with pytest.raises(ValueError, match=r"each variable under one name\. Received: one variable as 'a' and 'b'"):
        tf.train.Saver({"a": variable, "b": variable})


def test_bytes_are_paths(tmp_path):
    variable = tf.get_variable("bytes/v", initializer=[1.0, 2.0])
    prefix = os.fsencode(tmp_path / "größe")
    saver = tf.train.Saver([variable])
    path = saver.save(None, prefix, global_step=3)
    assert path == os.fsdecode(prefix) + "-3"
    variable.load(np.float32([0, 0]))
    saver.restore(None, os.fsencode(path))
    assert variable.numpy().tolist() == [1, 2]
    assert tf.train.latest_checkpoint(os.fsencode(tmp_path)) == path
    assert tf.train.list_variables(os.fsencode(path)) == [("bytes/v", [2])]
    tf.train.init_from_checkpoint(os.fsencode(path), {"bytes/": "bytes/"})
    for name in (b"a.npz", b"a.safetensors", b"a"):
        weights.save(os.path.join(os.fsencode(tmp_path), name), {"x": np.ones(2)})
        with weights.load(os.path.join(os.fsencode(tmp_path), name)) as file:
            assert file["x"].tolist() == [1, 1]


def test_safetensors_of_others_are_read_without_checksums(tmp_path, monkeypatch):
    """They have none, and computing some took most of the time."""
    arrays = {"a": np.arange(1000.0), "empty": np.zeros((0, 2)), "scalar": np.array(3.0)}
    save_file(arrays, tmp_path / "a.safetensors", metadata={"format": "np"})
    weights.save(tmp_path / "own.safetensors", arrays)
    calls = []
    module = "nb_sepconv.weights.safetensors"
    monkeypatch.setattr(f"{module}.crc32c", lambda *data: calls.append("header") or 0)
    monkeypatch.setattr(f"{module}.read_with_crc", lambda *arguments: calls.append("values") or 0)
    with weights.load(tmp_path / "a.safetensors") as file:
        for name, array in arrays.items():
            np.testing.assert_array_equal(file[name], array)
    assert calls == []
    with pytest.raises(weights.WeightsError, match="the checksum of the header"):
        weights.load(tmp_path / "own.safetensors")


def test_many_threads_read_one_file(tmp_path):
    save_file({str(index): np.full(5000, index) for index in range(16)}, tmp_path / "a.safetensors")
    with weights.load(tmp_path / "a.safetensors") as file:
        found = {}
        threads = [threading.Thread(target=lambda n=n: found.update({n: file[str(n)]})) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all((array == n).all() for n, array in found.items())
