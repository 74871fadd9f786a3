"""Maps of shards: what they name must be there, in the same folder, and all of it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from nb_sepconv import weights
from tests.weights_damage import Patient

FOLDER = Path(__file__).parents[1] / "data" / "weights" / "trackable"
SHARDS = ["sharded_00000.weights.h5", "sharded_00001.weights.h5"]


@pytest.fixture
def sharded(tmp_path):
    """A copy of the shards, and the path of their map, which is to be written."""
    for name in SHARDS:
        shutil.copyfile(FOLDER / name, tmp_path / name)
    return tmp_path / "sharded.weights.json"


def original():
    return json.loads((FOLDER / "sharded.weights.json").read_text())["weight_map"]


def write(path, weight_map):
    path.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))


def test_the_map_may_name_a_single_file_without_a_list(sharded):
    write(sharded, {name: files[0] if len(files) == 1 else files for name, files in original().items()})
    with weights.load(sharded) as file:
        assert file.format == "Keras HDF5 in 2 files"
        assert len(file) == 9


@pytest.mark.parametrize(
    "name", ["../sharded_00000.weights.h5", "/etc/passwd", "a\\b", "", "..", "a\0b", "C:x", 7, None, ["x"]]
)
def test_maps_lead_nowhere_else(name, sharded):
    write(sharded, {"/layers/sep/vars": [name]})
    with pytest.raises(weights.WeightsError, match="expected names of files in the same folder for '/layers/sep/vars'"):
        weights.load(sharded)


@pytest.mark.parametrize("files", [[], {}, 5, None])
def test_maps_of_another_shape(files, sharded):
    write(sharded, {"/layers/sep/vars": files})
    with pytest.raises(weights.WeightsError, match="expected names of files in the same folder"):
        weights.load(sharded)


def test_a_missing_shard_is_named(sharded):
    write(sharded, original() | {"/layers/other/vars": ["gone.weights.h5"]})
    with pytest.raises(weights.WeightsError, match=r"expected the file .*gone\.weights\.h5, which is missing"):
        weights.load(sharded)


def test_too_many_shards(sharded):
    write(sharded, {"/vars": [f"{index}.weights.h5" for index in range(1001)]})
    with pytest.raises(weights.WeightsError, match="expected at most 1000 files; the map names 1001"):
        weights.load(sharded)


def test_groups_and_map_must_agree(sharded):
    weight_map = original()
    del weight_map["/layers/dense/vars"]
    write(sharded, weight_map)
    with pytest.raises(
        weights.WeightsError, match=r"expected files as the map has them; 'layers/dense/vars/.*' differs"
    ):
        weights.load(sharded)


def test_a_tensor_may_not_be_in_two_files(sharded):
    shutil.copyfile(FOLDER / SHARDS[0], sharded.parent / SHARDS[1])
    write(sharded, dict.fromkeys(original(), SHARDS))
    with pytest.raises(weights.WeightsError, match=r"in one file; .* is in several|differs"):
        weights.load(sharded)


def test_shards_of_safetensors(tmp_path):
    arrays = {f"layer{index}.weight": np.arange(3.0) + index for index in range(4)}
    for start in (0, 2):
        save_file(dict(list(arrays.items())[start : start + 2]), tmp_path / f"model-{start}.safetensors")
    weight_map = {name: f"model-{index // 2 * 2}.safetensors" for index, name in enumerate(arrays)}
    write(tmp_path / "model.safetensors.index.json", weight_map)
    with weights.load(tmp_path / "model.safetensors.index.json") as file:
        assert file.format == "safetensors in 2 files"
        for name, array in arrays.items():
            np.testing.assert_array_equal(file[name], array)
    write(tmp_path / "model.safetensors.index.json", weight_map | {"layer9.weight": "model-0.safetensors"})
    with pytest.raises(weights.WeightsError, match="'layer9.weight/model-0.safetensors' differs".replace(".", r"\.")):
        weights.load(tmp_path / "model.safetensors.index.json")


def test_shards_of_two_formats(sharded):
    save_file({"a": np.ones(1)}, sharded.parent / "a.safetensors")
    write(sharded, original() | {"a": ["a.safetensors"]})
    with pytest.raises(weights.WeightsError, match="expected files of one format"):
        weights.load(sharded)


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"weight_map": 3}', '{"a": ' * 5000])
def test_other_json_is_no_map(text, tmp_path):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(weights.WeightsError, match="this is JSON or other text, which holds no arrays; expected"):
        weights.load(tmp_path / "a.json")


def test_damage_to_a_map_is_seen(sharded, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for path in (*(FOLDER / name for name in SHARDS), FOLDER / "sharded.weights.json"):
        shutil.copyfile(path, source / path.name)
    (tmp_path / "work").mkdir()
    patient = Patient(source, "sharded.weights.json", tmp_path / "work", "sharded.weights.json")
    for position in list(patient.flips)[::11]:
        patient.flip(position)
    for size in list(patient.cuts)[::7]:
        patient.truncate(size)
    assert set(patient.outcomes) <= {"same", "refused"}, patient.examples
    assert patient.outcomes["refused"] > 100
