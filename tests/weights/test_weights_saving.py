"""Writing: exact round trips in every format, and nothing lost when a write fails."""

import contextlib
import errno
import json
import os

import h5py
import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from nb_sepconv import weights
from nb_sepconv.files import atomic
from nb_sepconv.weights.tensorflow.bundle_writer import write_bundle

PATHS = ["a.npz", "a.safetensors", "a.weights.h5", "a.ckpt", "plain"]
LAYER = ["depthwise_kernel", "pointwise_kernel", "bias"]
FLOATS = ["float16", "float32", "float64", ml_dtypes.bfloat16]
OTHERS = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]


def random_array(rng, shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind in "iu":
        return rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    return rng.normal(size=shape).astype(dtype)


def layers(dtype="float32", seed=0):
    """Two layers, the second without a bias."""
    rng = np.random.default_rng(seed)
    shapes = {"first": [(5, 4, 2), (1, 8, 6), (6,)], "block/second": [(3, 6, 1), (1, 6, 2)]}
    return {
        f"{owner}/{role}": random_array(rng, shape, dtype)
        for owner, all_shapes in shapes.items()
        for role, shape in zip(LAYER, all_shapes, strict=False)
    }


def assert_same(found, wanted):
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        array = np.asarray(array)
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype.newbyteorder("="))
        assert found[name].tobytes() == array.astype(array.dtype.newbyteorder("=")).tobytes()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("dtype", [*FLOATS, *OTHERS], ids=lambda dtype: np.dtype(dtype).name)
def test_round_trips_are_exact(path, dtype, tmp_path):
    wanted = layers(dtype)
    weights.save(tmp_path / path, wanted)
    with weights.load(tmp_path / path) as file:
        assert_same(file, wanted)


@pytest.mark.parametrize("path", ["a.npz", "a.safetensors", "a.ckpt"])
def test_odd_arrays_round_trip(path, tmp_path):
    rng = np.random.default_rng(1)
    wanted = {
        "scalar": np.float32(1.25),
        "empty": np.zeros((0, 3)),
        "fortran": np.asfortranarray(rng.normal(size=(3, 4))),
        "strided": rng.normal(size=(6, 8))[::2, ::-1],
        "swapped": rng.normal(size=5).astype(">f4"),
        "größe": np.array([np.nan, np.inf, -0.0]),
        "complex": (rng.normal(size=3) + 1j).astype("complex64"),
        "long/" + "x" * 3000: np.arange(3),
    }
    weights.save(tmp_path / path, wanted)
    with weights.load(tmp_path / path) as file:
        assert_same(file, wanted)


@pytest.mark.parametrize("path", PATHS)
def test_writing_again_replaces(path, tmp_path):
    for seed in range(4):
        wanted = layers(seed=seed)
        weights.save(tmp_path / path, wanted)
        with weights.load(tmp_path / path) as file:
            assert_same(file, wanted)
    assert len(os.listdir(tmp_path)) <= 3


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("failing_write", [1, 2, 3, 4])
def test_full_disk_leaves_the_old_file(path, failing_write, tmp_path, monkeypatch):
    before, after = layers(seed=1), layers(seed=2)
    weights.save(tmp_path / path, before)
    files = sorted(os.listdir(tmp_path))
    calls = iter(range(1, 100))

    def fsync(descriptor):
        if next(calls) == failing_write:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", fsync)
    try:
        weights.save(tmp_path / path, after)
        complete = True
    except OSError:
        complete = False
    with weights.load(tmp_path / path) as file:
        assert_same(file, after if np.array_equal(file["first/bias"], after["first/bias"]) else before)
        assert not complete or np.array_equal(file["first/bias"], after["first/bias"])
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".partial")]
    assert complete or "ckpt" in path or path == "plain" or sorted(os.listdir(tmp_path)) == files


def test_checkpoint_is_whole_at_every_step_of_replacing_it(tmp_path, monkeypatch):
    """The process may die before any rename or removal: what is there then is the old or the new checkpoint."""
    prefix = tmp_path / "m.ckpt"
    versions = [layers(seed=seed) for seed in range(3)]
    for step in range(6):
        for name in os.listdir(tmp_path):
            os.remove(tmp_path / name)
        weights.save(prefix, versions[0])
        weights.save(prefix, versions[1])
        left = iter(range(step + 1))

        class Death(BaseException):
            pass

        def dying(action, left=left, death=Death):
            def act(*arguments):
                if next(left, None) is None:
                    raise death
                return action(*arguments)

            return act

        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", dying(os.replace))
            patch.setattr(os, "remove", dying(os.remove))
            with contextlib.suppress(Death):
                weights.save(prefix, versions[2])
        with weights.load(prefix) as file:
            bias = file["first/bias"]
            known = [np.array_equal(bias, version["first/bias"]) for version in versions]
            assert known in ([False, True, False], [False, False, True])
            assert_same(file, versions[known.index(True)])
        weights.save(prefix, versions[0])
        with weights.load(prefix) as file:
            assert_same(file, versions[0])


def test_links_are_written_through_and_permissions_kept(tmp_path):
    (tmp_path / "real").mkdir()
    target = tmp_path / "real" / "a.npz"
    weights.save(target, layers())
    target.chmod(0o640)
    (tmp_path / "link.npz").symlink_to(target)
    weights.save(tmp_path / "link.npz", layers(seed=5))
    assert (tmp_path / "link.npz").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    with weights.load(target) as file:
        assert_same(file, layers(seed=5))


def test_big_endian_and_sharded_checkpoints(tmp_path):
    """Written by hand from the format: tensors in two data files, byte order 1."""
    from nb_sepconv.weights.tensorflow.bundle import data_path
    from nb_sepconv.weights.tensorflow.crc32c import crc32c, masked
    from nb_sepconv.weights.tensorflow.protobuf import write_field, write_fixed32, write_submessage
    from nb_sepconv.weights.tensorflow.sstable_writer import write_table
    from nb_sepconv.weights.tensorflow.tensor_messages import write_shape

    prefix = str(tmp_path / "m")
    rows = [(b"", write_field(1, 2) + write_field(2, 1) + write_submessage(3, write_field(1, 1)))]
    wanted = {"a": np.float32([1.5, -2]), "b": np.int64([[7]])}
    for shard, (name, array) in enumerate(wanted.items()):
        stored = array.astype(array.dtype.newbyteorder(">")).tobytes()
        with open(data_path(prefix, shard, 2), "wb") as file:
            file.write(b"pad" + stored)
        shape = write_submessage(2, write_shape(array.shape))
        place = write_field(3, shard) + write_field(4, 3) + write_field(5, len(stored))
        kind = write_field(1, {"a": 1, "b": 9}[name])
        rows.append((name.encode(), kind + shape + place + write_fixed32(6, masked(crc32c(stored)))))
    with open(f"{prefix}.index", "wb") as file:
        write_table(file, rows)
    with weights.load(prefix) as file:
        assert_same(file, wanted)


def test_safetensors_reads_what_is_written(tmp_path):
    wanted = layers() | {"empty": np.zeros((0, 2), "float16"), "scalar": np.int64(3)}
    weights.save(tmp_path / "a.safetensors", wanted)
    with safe_open(tmp_path / "a.safetensors", "numpy") as file:
        found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert_same(found, wanted)


def test_files_of_safetensors_are_read(tmp_path):
    wanted = layers() | layers("bool", seed=1) | {"scalar": np.array(3.0)}
    save_file(wanted, tmp_path / "a.safetensors", metadata={"format": "np"})
    with weights.load(tmp_path / "a.safetensors") as file:
        assert_same(file, wanted)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_files_of_numpy_are_read(tmp_path, save):
    wanted = layers() | {"text": np.array(["a", "bc"]), "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    save(tmp_path / "a.npz", **wanted)
    with weights.load(tmp_path / "a.npz") as file:
        assert_same(file, wanted)


def test_numpy_reads_what_is_written(tmp_path):
    weights.save(tmp_path / "a.npz", layers())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert_same(file, layers())


def test_keras_layout_of_hdf5(tmp_path):
    mapping = layers() | {"layers/dense/vars/0": np.ones((2, 2)), "layers/dense/vars/1": np.zeros(2)}
    weights.save(tmp_path / "a.weights.h5", mapping)
    with h5py.File(tmp_path / "a.weights.h5") as file:
        assert sorted(file["layers"]) == ["dense", "separable_conv1d", "separable_conv1d_1"]
        assert file["layers/separable_conv1d_1/vars"].attrs["name"] == "block/second"
        np.testing.assert_array_equal(file["layers/separable_conv1d/vars/1"], mapping["first/pointwise_kernel"])
        assert sorted(file["layers/separable_conv1d_1/vars"]) == ["0", "1"]


def test_checksums_of_own_safetensors_and_hdf5_are_verified(tmp_path):
    wanted = layers()
    for path in ("a.safetensors", "a.weights.h5"):
        weights.save(tmp_path / path, wanted)
        stored = bytearray((tmp_path / path).read_bytes())
        stored[stored.index(wanted["first/bias"].tobytes())] ^= 1
        (tmp_path / path).write_bytes(stored)
        with weights.load(tmp_path / path) as file:
            assert np.array_equal(file["first/pointwise_kernel"], wanted["first/pointwise_kernel"])
            with pytest.raises(weights.WeightsError, match=r"the checksum of .* does not match its bytes"):
                file["first/bias"]


def test_safetensors_header_is_checked(tmp_path):
    weights.save(tmp_path / "a.safetensors", layers())
    stored = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "a.safetensors").write_bytes(stored.replace(b'"first/bias"', b'"first/bixs"'))
    with pytest.raises(weights.WeightsError, match="the checksum of the header does not match it"):
        weights.load(tmp_path / "a.safetensors")


def header_of(entries, data=b""):
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


@pytest.mark.parametrize(
    ("stored", "match"),
    [
        (header_of({"a": ENTRY}, b"1234567"), "expected 8 bytes of data; the file has 7"),
        (header_of({"a": ENTRY, "b": ENTRY}, bytes(8)), "expected 'b' at byte 8 of the data; its offset is 0"),
        (header_of({"a": ENTRY | {"shape": [3]}}, bytes(8)), "expected 12 bytes for 'a'; its offsets span 8"),
        (header_of({"a": ENTRY | {"shape": [2.0]}}, bytes(8)), "lists of sizes"),
        (header_of({"a": ENTRY | {"shape": [-2]}}, bytes(8)), "lists of sizes"),
        (header_of({"a": ENTRY | {"shape": [1 << 40, 1 << 40]}}, bytes(8)), "counted in 64 bits"),
        (header_of({"a": ENTRY | {"dtype": "F31"}}, bytes(8)), "expected a type among"),
        (header_of({"a": [1]}, bytes(8)), "expected `dtype`, `shape` and `data_offsets`"),
        (header_of({"__metadata__": {"a": 1}}), "metadata that maps names to text"),
        ((5).to_bytes(8, "little") + b'{"a":', "expected a JSON object"),
        ((18).to_bytes(8, "little") + b'{"a": {}, "a": {}}', "a name occurs twice"),
    ],
)
def test_bad_safetensors(tmp_path, stored, match):
    (tmp_path / "a.safetensors").write_bytes(stored)
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("path", "mapping", "match"),
    [
        ("a.pt", {}, r"`path` must end in one of \.npz, .*Received: '.*a\.pt'"),
        ("a.npz", {"": np.ones(1)}, "names in `mapping` must be str, not empty.*Received: ''"),
        ("a.npz", {"a": np.array([object()])}, "`a` of objects must hold bytes or str. Received: object"),
        ("a.npz", {"b": np.zeros(1, "V3")}, "`b` cannot be stored"),
        (
            "a.ckpt",
            {"a": np.zeros(1, "M8[s]")},
            r"`a` cannot be stored in a TensorFlow checkpoint. Received: dtype=datetime64",
        ),
        ("a.ckpt", {"a": np.array([1, None])}, "`a` of objects must hold bytes or str. Received: int"),
        ("a.safetensors", {"a": np.array(["x"])}, "`a` cannot be stored in a .safetensors"),
        ("a.weights.h5", {"a/kernel": np.ones(1)}, "must end in one of depthwise_kernel.*Received: 'a/kernel'"),
        (
            "a.weights.h5",
            {"a/depthwise_kernel": np.ones(1), "a/bias": np.ones(1)},
            "a depthwise and a pointwise kernel",
        ),
    ],
)
def test_what_cannot_be_saved(path, mapping, match, tmp_path):
    with pytest.raises(ValueError, match=match):
        weights.save(tmp_path / path, mapping)
    assert os.listdir(tmp_path) == []


def test_mapping_and_format_are_checked(tmp_path):
    with pytest.raises(TypeError, match=r"`mapping` must map names to arrays. Received: list"):
        weights.save(tmp_path / "a.npz", [1])
    with pytest.raises(ValueError, match=r"`format` must be one of .*Received: 'pickle'"):
        weights.save(tmp_path / "a", {}, format="pickle")
    weights.save(tmp_path / "model-0.5", layers(), format=".ckpt")
    with weights.load(tmp_path / "model-0.5") as file:
        assert_same(file, layers())


def test_missing_folders_are_not_made(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_bundle(tmp_path / "no" / "model.ckpt", layers())
