"""Files made to harm: links, bombs, pickles, odd layouts. Each is refused before anything is allocated or followed."""

import io
import json
import pickle
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

from nb_sepconv import weights
from nb_sepconv.weights.tensorflow.sstable_writer import write_table

LARGEST_BYTES = 16 << 20


@pytest.fixture(autouse=True)
def little_memory():
    tracemalloc.start()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LARGEST_BYTES


def keras_tree(path, **options):
    """A file that would be fine, open for additions."""
    file = h5py.File(path, "w", **options)
    group = file.create_group("layers/dense/vars")
    group["0"] = np.arange(6.0).reshape(2, 3)
    return file


def test_the_plain_tree_is_read(tmp_path):
    keras_tree(tmp_path / "a.h5").close()
    with weights.load(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["dense/kernel"], np.arange(6.0).reshape(2, 3))


def external_link(file, tmp_path):
    file["layers/dense/vars/1"] = h5py.ExternalLink("/etc/passwd", "/")


def hard_link_twice(file, tmp_path):
    file["layers/dense/vars/1"] = file["layers/dense/vars/0"]


def cycle(file, tmp_path):
    file["layers/dense/again"] = file["layers"]


def external_data(file, tmp_path):
    (tmp_path / "secret").write_bytes(bytes(48))
    file["layers/dense/vars"].create_dataset("1", (6,), "f8", external=[(str(tmp_path / "secret"), 0, 48)])


def virtual_data(file, tmp_path):
    layout = h5py.VirtualLayout((6,), "f8")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "a", shape=(6,))
    file["layers/dense/vars"].create_virtual_dataset("1", layout)


def chunked_bomb(file, tmp_path):
    file["layers/dense/vars"].create_dataset("1", (1 << 20, 1 << 20), "f8", chunks=(1024, 1024), compression="gzip")


def unwritten_bomb(file, tmp_path):
    file["layers/dense/vars"].create_dataset("1", (1 << 20, 1 << 20), "f8")


def big_endian(file, tmp_path):
    file["layers/dense/vars"].create_dataset("1", data=np.arange(3, dtype=">f4"))


def strings(file, tmp_path):
    file["layers/dense/vars"].create_dataset("1", data=np.array([b"ab", b"c"]))


def named_type(file, tmp_path):
    file["layers/kind"] = np.dtype("f8")


def gap_in_numbers(file, tmp_path):
    file["layers/dense/vars/2"] = np.arange(3.0)


def odd_attribute(file, tmp_path):
    file["layers/dense/vars"].attrs["nam"] = "dense"


def outside_vars(file, tmp_path):
    file["layers/dense/other"] = np.arange(3.0)


@pytest.mark.parametrize(
    ("add", "match"),
    [
        (external_link, "received messages of kind|soft links|expected"),
        (hard_link_twice, "expected one link to an object; received 2"),
        (cycle, "expected one link to an object; received 2"),
        (external_data, "received messages of kind"),
        (virtual_data, "expected"),
        (chunked_bomb, r"received messages of kind \[11\]; h5py .* declares 8796093022208 bytes; 0 are stored"),
        (unwritten_bomb, "expected"),
        (big_endian, "little-endian type of numbers.*expected one byte order; received both"),
        (strings, "little-endian type"),
        (named_type, "expected"),
        (gap_in_numbers, r"numbered from 0 without gaps in 'layers/dense/vars'; received \['0', '2'\]"),
        (odd_attribute, r"expected no attributes of 'layers/dense/vars' but \['name'\]; received \['nam'\]"),
        (outside_vars, "expected a Keras file"),
    ],
)
def test_trees_that_lead_elsewhere_or_declare_too_much(add, match, tmp_path):
    with keras_tree(tmp_path / "a.h5") as file:
        add(file, tmp_path)
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "a.h5")


def test_legacy_lists_must_agree_with_the_tree(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["layer_names"] = ["sep"]
        group = file.create_group("sep")
        group.attrs["weight_names"] = ["sep/bias:0"]
        group["sep/bias:0"] = np.arange(3.0)
        file["other/bias"] = np.arange(2.0)
    with pytest.raises(weights.WeightsError, match="'other/bias' is on one side only"):
        weights.load(tmp_path / "a.h5")


def test_long_lists_of_names_come_in_parts(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        names = [f"sep{index}" for index in range(5)]
        file.attrs["layer_names0"], file.attrs["layer_names1"] = names[:3], np.array(names[3:], "S")
        for name in names:
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"{name}/bias:0".encode()]
            group[f"{name}/bias:0"] = np.arange(3.0)
    with weights.load(tmp_path / "a.h5") as file:
        assert list(file) == [f"{name}/bias" for name in names]


def test_attributes_that_do_not_matter_may_be_of_any_kind(tmp_path):
    with keras_tree(tmp_path / "a.h5") as file:
        file.attrs["empty"] = h5py.Empty("f4")
        file["layers"].attrs["table"] = np.zeros((2, 3), [("a", "i4"), ("b", "S3")])
    with weights.load(tmp_path / "a.h5") as file:
        assert list(file) == ["dense/kernel"]


def test_early_files_of_keras_have_another_container(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["_layer_checkpoint_dependencies/separable_conv1d/vars/0"] = np.ones((5, 4, 2))
        file["_layer_checkpoint_dependencies/separable_conv1d/vars/1"] = np.ones((1, 8, 3))
    with weights.load(tmp_path / "a.h5") as file:
        assert list(file) == ["separable_conv1d/depthwise_kernel", "separable_conv1d/pointwise_kernel"]


def test_groups_with_many_members_are_read(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for index in range(700):
            file[f"layers/dense_{index}/vars/0"] = np.full((2, 2), index, "f4")
    with weights.load(tmp_path / "a.h5") as file:
        assert len(file) == 700
        assert file["dense_699/kernel"][0, 0] == 699
        assert list(file)[9:11] == ["dense_9/kernel", "dense_10/kernel"]


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was loaded",))


def test_pickles_in_npz_are_never_loaded(tmp_path):
    """One array of objects once locked all others of the file."""
    np.savez(tmp_path / "a.npz", a=np.array([Trap()], object), b=np.arange(3), c=np.zeros(2, [("x", "f4"), ("y", "O")]))
    with weights.load(tmp_path / "a.npz") as file:
        assert list(file) == ["b"]
        assert file["b"].tolist() == [0, 1, 2]
        assert set(file.unreadable) == {"a", "c"}
        assert file.unreadable["a"].type_name == "object"
        assert file.get("a") is None
        with pytest.raises(
            KeyError, match=r"'a' in .*a\.npz is of the type object, which is not read; pickles never are"
        ):
            file["a"]


def test_tables_in_npz_are_listed_apart(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(2, [("x", "f4")]), b=np.arange(3), c=np.zeros(2, "M8[s]"))
    with weights.load(tmp_path / "a.npz") as file:
        assert list(file) == ["b"]
        assert set(file.unreadable) == {"a", "c"}


def test_pickles_are_no_weights(tmp_path):
    (tmp_path / "a.pt").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(weights.WeightsError, match=r"this is a pickle, .* expected a TensorFlow checkpoint"):
        weights.load(tmp_path / "a.pt")


def npy(header, data=b""):
    text = repr(header).encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


@pytest.mark.parametrize(
    ("member", "stored", "match"),
    [
        (
            "a.npy",
            npy({"descr": "<f8", "fortran_order": False, "shape": (1 << 30, 1 << 10)}),
            "bytes for 'a'; its member has",
        ),
        ("a.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (1 << 50, 1 << 50)}), "counted in 64 bits"),
        ("a.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (-1,)}), "without negative sizes"),
        (
            "a.npy",
            npy({"descr": [("x", "<f8")], "fortran_order": False, "shape": (1,)}),
            "bytes for 'a'; its member has",
        ),
        ("a.npy", b"\x93NUMPY\x03\x00" + bytes(200), r"the \.npy format 1\.0 or 2\.0; received \(3, 0\)"),
        ("a.npy", b"not an array", "expected the member 'a.npy'"),
        ("a.txt", b"text", "expected 'config.json' in a Keras archive"),
    ],
)
def test_bad_members(tmp_path, member, stored, match):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr(member, stored)
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "a.npz")


def test_zip_that_declares_too_much_is_refused(tmp_path):
    """A stored size of 5 GiB for a few bytes, as the directory of the archive says."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", npy({"descr": "<f8", "fortran_order": False, "shape": (0,)}))
        archive.infolist()[0].file_size = 5 << 30
    with pytest.raises(
        weights.WeightsError, match=r"'a\.npy' declares 5368709120 bytes out of \d+, more than 100 times"
    ):
        weights.load(tmp_path / "a.npz")


def test_zip_with_another_method_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.npy", b"")
    with pytest.raises(weights.WeightsError, match=r"expected 'a\.npy' stored or deflated"):
        weights.load(tmp_path / "a.npz")


@pytest.mark.parametrize("config", [b"{", b"[" * 100_000, b"\xff"])
def test_configurations_that_are_no_json(tmp_path, config):
    with zipfile.ZipFile(tmp_path / "a.keras", "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(weights.WeightsError, match=r"expected JSON in config\.json"):
        weights.load(tmp_path / "a.keras")


@pytest.mark.parametrize(
    "config", [1, {"config": 3}, {"config": {"layers": [{"config": {"name": [1]}}, 7]}}, {"config": {"layers": {}}}]
)
def test_configurations_of_another_shape_give_no_names(tmp_path, config):
    tree = io.BytesIO()
    keras_tree(tree).close()
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", tree.getvalue())
    with weights.load(tmp_path / "a.keras") as file:
        assert list(file) == ["dense/kernel"]


def test_table_of_a_huge_number_of_restarts_is_refused(tmp_path):
    stored = io.BytesIO()
    write_table(stored, [(b"", b"\x08\x01")])
    (tmp_path / "m.index").write_bytes(stored.getvalue()[:-1] + b"\0")
    with pytest.raises(weights.WeightsError, match="expected the magic number"):
        weights.load(tmp_path / "m")


@pytest.mark.parametrize(
    ("header", "match"),
    [
        (b"\x08\x00", "expected 1 to 99999 data files; the header has 0"),
        (b"\x08\x01\x10\x02", "expected the byte order 0"),
        (b"\x08\x01\x1a\x02\x10\x02", "expected a format up to 1; the header asks for 2"),
        (b"\x0d\0\0\0\0", "expected field 1 with wire type 0; received 5"),
    ],
)
def test_bad_headers(tmp_path, header, match):
    with open(tmp_path / "m.index", "wb") as file:
        write_table(file, [(b"", header)])
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "m")


SHAPE_2 = b"\x12\x04\x12\x02\x08\x02"


@pytest.mark.parametrize(
    ("entry", "match"),
    [
        (b"\x08\x01" + SHAPE_2 + b"\x28\x07", "needs 8 bytes; its entry has 7"),
        (b"\x08\x63" + SHAPE_2, "the number of a tensor's type, 1 to 33; received 99"),
        (b"\x08\x01" + SHAPE_2 + b"\x18\x05\x28\x08", "one of 1 data files; its entry names file 5"),
        (b"\x08\x01\x12\x02\x18\x01", "a shape of known rank"),
        (b"\x08\x01\x12\x0d\x12\x0b\x08" + b"\xff" * 9 + b"\x01", "without negative sizes"),
        (b"\x08\x01\x12\x0c\x12\x0a\x08" + b"\xff" * 8 + b"\x7f", "counted in 64 bits"),
        (b"\x08\x01" + SHAPE_2 + b"\x3a\x00", "expected a slice of 1 dimensions; received 0"),
    ],
)
def test_bad_entries(tmp_path, entry, match):
    with open(tmp_path / "m.index", "wb") as file:
        write_table(file, [(b"", b"\x08\x01"), (b"a", entry)])
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "m")


def test_data_that_would_not_fit_the_file_is_refused_before_it_is_allocated(tmp_path):
    shape, size = b"\x12\x0b\x12\x09\x08\x80\x80\x80\x80\x80\x80\x80\x01", b"\x28\x80\x80\x80\x80\x80\x80\x80\x04"
    with open(tmp_path / "m.index", "wb") as file:
        write_table(file, [(b"", b"\x08\x01"), (b"a", b"\x08\x01" + shape + size)])
    (tmp_path / "m.data-00000-of-00001").write_bytes(bytes(100))
    with weights.load(tmp_path / "m") as file, pytest.raises(weights.WeightsError, match="the file has 100 bytes"):
        file["a"]


def test_tensors_that_no_array_holds_are_listed_apart(tmp_path):
    with open(tmp_path / "m.index", "wb") as file:
        write_table(file, [(b"", b"\x08\x01"), (b"table", b"\x08\x14\x12\x00")])
    with weights.load(tmp_path / "m") as file:
        assert list(file) == []
        assert file.unreadable["table"].type_name == "resource"
