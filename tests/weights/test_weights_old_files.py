"""Files of Keras 0 to 2, written by those versions themselves, and files of old versions of h5py and HDF5."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from nb_sepconv import weights
from tests.record import hdf5_files

OLD = Path(__file__).parents[1] / "data" / "weights" / "old"
KERAS = sorted(path.name for path in OLD.glob("*keras*.h5"))
H5PY = sorted(path.name for path in OLD.glob("h5py*.h5"))


def test_old_writers_are_there():
    assert len(KERAS) >= 12
    assert len(H5PY) >= 6


@pytest.mark.parametrize("name", KERAS)
def test_files_of_old_keras(name):
    version = name.removesuffix(".h5").rpartition(".")[0]
    with np.load(OLD / f"{version}.npz") as stored:
        wanted = {key.replace("|", "/"): stored[key] for key in stored}
    with weights.load(OLD / name) as file:
        assert set(file) == set(wanted)
        for key, value in wanted.items():
            np.testing.assert_array_equal(file[key], value)
        assert bool(file.slots) == (".model." in name)


@pytest.mark.parametrize("name", H5PY)
def test_files_of_old_h5py(name):
    wanted = {
        f"block/sep{layer}/{role}": hdf5_files.value(layer, role)
        for layer in range(hdf5_files.LAYERS)
        for role in ("kernel", "bias")
    }
    with weights.load(OLD / name) as file:
        assert list(file) == list(wanted)
        for key, value in wanted.items():
            np.testing.assert_array_equal(file[key], value)
        assert file.slots["optimizer_weights/iterations"] == 7


@pytest.mark.parametrize("name", KERAS + H5PY)
def test_values_are_those_that_h5py_reads(name):
    read = {}
    with h5py.File(OLD / name) as file:
        file.visititems(lambda key, item: read.update({key: item[()]}) if isinstance(item, h5py.Dataset) else None)
    with weights.load(OLD / name) as file:
        found = [np.asarray(array) for part in (file, file.slots) for array in part.values()]
    as_bytes = sorted((array.shape, array.tobytes()) for array in found)
    assert as_bytes == sorted((array.shape, array.tobytes()) for array in map(np.asarray, read.values()))


def renamed_attribute(owner, name, value):
    """As h5py before 3.2 made attributes: under another name first, which leaves a flag in the message."""
    owner.attrs["temporary"] = value
    h5py.h5a.rename(owner.id, b"temporary", name.encode())


def legacy_file(path, layers, set_attribute=lambda owner, name, value: owner.attrs.__setitem__(name, value)):
    """A file of Keras 2 with one bias for each layer."""
    with h5py.File(path, "w") as file:
        set_attribute(file, "layer_names", layers)
        for index, layer in enumerate(layers):
            group = file.require_group(layer)
            set_attribute(group, "weight_names", [f"{layer}/bias:0"])
            group[f"{layer}/bias:0"] = np.arange(3.0) + index
    return path


LAYERS = ["sep", "enc/sep1", "enc/sep2", "a//b", "größe", "重み/x", "with space", "x:0", "0"]


@pytest.mark.parametrize(
    "set_attribute", [renamed_attribute, lambda owner, name, value: owner.attrs.create(name, value)]
)
def test_layer_names_of_any_letters(set_attribute, tmp_path):
    """With slashes the group of a layer lies deeper; other letters make groups of a later format."""
    with weights.load(legacy_file(tmp_path / "a.h5", LAYERS, set_attribute)) as file:
        assert list(file) == [f"{layer}/bias" for layer in LAYERS]
        assert [file[f"{layer}/bias"][0] for layer in LAYERS] == list(range(len(LAYERS)))


def stale(path, places=(400, 500)):
    """Bytes as HDF5 1.8 leaves them behind the entries of each tree."""
    data, start = bytearray(path.read_bytes()), -1
    while (start := data.find(b"TREE", start + 1)) >= 0:
        for place in places:
            data[start + place] = 9
    path.write_bytes(data)
    return path


def test_stale_bytes_behind_the_entries_of_a_tree(tmp_path):
    path = stale(legacy_file(tmp_path / "a.h5", ["one", "two"]))
    with weights.load(path) as file:
        assert list(file) == ["one/bias", "two/bias"]


def test_a_count_that_loses_members_is_seen_among_stale_bytes(tmp_path):
    path = stale(legacy_file(tmp_path / "a.h5", ["one", "two"]))
    data = bytearray(path.read_bytes())
    root_tree = data.find(b"TREE")
    data[root_tree + 6] = 0
    path.write_bytes(data)
    with pytest.raises(weights.WeightsError, match=r"expected a member for each name; '(one|two)' has none"):
        weights.load(path)


def keras_0(path, count=2, layers=3):
    with h5py.File(path, "w") as file:
        file.attrs["nb_layers"] = layers
        for layer in range(3):
            group = file.create_group(f"layer_{layer}")
            group.attrs["nb_params"] = count if layer else 0
            for index in range(2 if layer else 0):
                group[f"param_{index}"] = np.arange(2.0) + 10 * layer + index
    return path


def test_numbered_layers_of_keras_0(tmp_path):
    with weights.load(keras_0(tmp_path / "a.h5")) as file:
        assert {name: file[name][0] for name in file} == {
            "layer_1/param_0": 10,
            "layer_1/param_1": 11,
            "layer_2/param_0": 20,
            "layer_2/param_1": 21,
        }


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"count": 1}, "'layer_1/param_1' is on one side only: delete what is no variable with h5py"),
        ({"count": 3}, "expected 6 datasets; received 4"),
        ({"count": -1}, "expected the number `nb_params` of the members of 'layer_1'; received -1"),
        ({"count": 1 << 60}, "expected the number `nb_params`"),
        ({"layers": 2}, "expected the groups of 2 layers; received"),
        ({"layers": 1.0}, "expected an integer as an attribute"),
        ({"layers": "3"}, "expected a standard little-endian type"),
    ],
)
def test_counts_of_keras_0_must_be_right(arguments, match, tmp_path):
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(keras_0(tmp_path / "a.h5", **arguments))


def test_named_variables_of_keras_3(tmp_path):
    """A layer with its own ``save_own_variables`` may name them."""
    with h5py.File(tmp_path / "a.weights.h5", "w") as file:
        file["layers/own/vars/w"] = np.arange(3.0)
        file["layers/own/vars/scale"] = np.arange(2.0)
        file["layers/dense/vars/0"] = np.ones((2, 2))
        file["vars/0"] = np.zeros(1)
    with weights.load(tmp_path / "a.weights.h5") as file:
        assert set(file) == {"own/w", "own/scale", "dense/kernel", "vars/0"}
        np.testing.assert_array_equal(file["own/w"], np.arange(3.0))
