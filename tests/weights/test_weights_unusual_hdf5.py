"""HDF5 files that somebody wrote anew: what our reader does not take is copied by h5py in a process with limits."""

import os
import tracemalloc

import h5py
import numpy as np
import pytest

from nb_sepconv import weights
from nb_sepconv.weights.hdf5 import copying
from tests.weights_damage import Patient

KERNEL = np.random.default_rng(0).normal(size=(3, 8, 20)).astype("f4")


def keras_file(path, add=None, dtype="f4", layers=2, file_options=None, **dataset_options):
    """A file of Keras 2, its kernels as the options say."""
    names = [f"sep{layer}" for layer in range(layers)]
    with h5py.File(path, "w", **(file_options or {})) as file:
        file.attrs["layer_names"] = names
        for layer, name in enumerate(names):
            group = file.create_group(name)
            group.attrs["weight_names"] = np.array([f"{name}/kernel:0", f"{name}/bias:0"], "S")
            group.create_dataset(f"{name}/kernel:0", data=(KERNEL + layer).astype(dtype), **dataset_options)
            group.create_dataset(f"{name}/bias:0", data=(np.arange(4) + layer).astype(dtype))
        if add is not None:
            add(file)
    return path


UNUSUAL = {
    "gzip": {"compression": "gzip"},
    "gzip and shuffle": {"compression": "gzip", "shuffle": True, "fletcher32": True},
    "lzf": {"compression": "lzf"},
    "chunks": {"chunks": (2, 3, 7)},
    "extendable": {"maxshape": (None, 8, 20)},
    "big-endian": {"dtype": ">f4"},
    "big-endian float64": {"dtype": ">f8"},
    "newer format": {"file_options": {"libver": "latest"}},
    "format of HDF5 1.8": {"file_options": {"libver": ("v108", "v108")}},
    "many layers in the newer format": {"file_options": {"libver": "latest"}, "layers": 40},
    "creation order": {"file_options": {"track_order": True}},
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_rewritten_files_are_read(kind, tmp_path):
    options = UNUSUAL[kind]
    with weights.load(keras_file(tmp_path / "a.h5", **options)) as file:
        layers = options.get("layers", 2)
        assert set(file) == {f"sep{layer}/{role}" for layer in range(layers) for role in ("kernel", "bias")}
        for layer in range(layers):
            found = file[f"sep{layer}/kernel"]
            assert found.dtype == np.dtype(options.get("dtype", "f4")).newbyteorder("=")
            np.testing.assert_array_equal(found, (KERNEL + layer).astype(found.dtype))
        assert file.path == str(tmp_path / "a.h5")


def test_soft_links_to_datasets_are_followed(tmp_path):
    def add(file):
        file["sep0/sep0/again:0"] = h5py.SoftLink("/sep1/sep1/bias:0")
        file["sep0"].attrs["weight_names"] = [f"sep0/{name}:0" for name in ("kernel", "bias", "again")]

    with weights.load(keras_file(tmp_path / "a.h5", add)) as file:
        np.testing.assert_array_equal(file["sep0/again"], file["sep1/bias"])


def test_types_of_the_keras_3_layout_survive(tmp_path):
    arrays = {"0": np.array([True, False]), "1": np.int64([7]), "2": np.float16(0.5), "3": np.zeros((0, 3))}
    with h5py.File(tmp_path / "a.weights.h5", "w", libver="latest") as file:
        group = file.create_group("layers/own/vars")
        group.attrs["name"] = "größe"
        for name, array in arrays.items():
            group[name] = array
        group["4"] = np.frombuffer(b"\x80\x3f\0\xc0", "V2")
        group["4"].attrs["dtype"] = "bfloat16"
    with weights.load(tmp_path / "a.weights.h5") as file:
        for name, array in arrays.items():
            np.testing.assert_array_equal(file[f"größe/vars/{name}"], array)
            assert file[f"größe/vars/{name}"].dtype == array.dtype
        assert file["größe/vars/4"].astype("f4").tolist() == [1.0, -2.0]


def test_checksums_of_own_files_are_verified_in_the_copy(tmp_path):
    weights.save(
        tmp_path / "a.weights.h5", {"s/depthwise_kernel": KERNEL[:, :2, :1], "s/pointwise_kernel": KERNEL[:1, :2]}
    )
    with h5py.File(tmp_path / "a.weights.h5") as old, h5py.File(tmp_path / "b.h5", "w", libver="latest") as new:
        old.copy("layers", new)
        new["layers/separable_conv1d/vars/0"][0, 0, 0] += 1
    with weights.load(tmp_path / "b.h5") as file:
        np.testing.assert_array_equal(file["s/pointwise_kernel"], KERNEL[:1, :2])
        with pytest.raises(weights.WeightsError, match=r"the checksum of .* does not match"):
            file["s/depthwise_kernel"]


def external_link(file):
    file["sep0/other"] = h5py.ExternalLink("other.h5", "/")


def second_link(file):
    file["sep0/other"] = file["sep1"]


def cycle(file):
    file["sep0/other"] = file["/"]


def link_to_group(file):
    file["sep0/other"] = h5py.SoftLink("/sep1")


def link_to_nothing(file):
    file["sep0/other"] = h5py.SoftLink("/nothing")


def link_to_itself(file):
    file["sep0/other"] = h5py.SoftLink("/sep0/other")


def named_type(file):
    file["kind"] = np.dtype("f8")


def other_storage(file):
    file.create_dataset("other", (6,), "f8", external=[("/etc/passwd", 0, 48)])


def virtual(file):
    layout = h5py.VirtualLayout((6,), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "a", shape=(6,))
    file.create_virtual_dataset("other", layout)


def bomb(file):
    file.create_dataset("other", (1 << 20, 1 << 20), "f8", chunks=(1024, 1024), compression="gzip")


def fill_bomb(file):
    file.create_dataset("other", (1 << 40,), "f8", chunks=(1 << 20,), compression="gzip", fillvalue=1.0)[:5] = 2


def many_links_to_one(file):
    file.create_dataset("big", data=np.zeros(1 << 20), chunks=(1 << 20,), compression="gzip")
    for index in range(5000):
        file[f"link{index}"] = h5py.SoftLink("/big")


def text(file):
    file["other"] = np.array([b"ab"])


def table(file):
    file["other"] = np.zeros(2, [("x", "f4")])


def both_orders(file):
    file["other"] = np.arange(3, dtype=">i4")


def too_deep(file):
    file.create_group("/".join("g" * 80))


HOSTILE = {
    external_link: "'other' leads to another file",
    second_link: "expected one link to an object",
    cycle: "expected one link to an object|is a second one|no group or dataset",
    link_to_group: "'other' is no group or dataset, or a link to none",
    link_to_nothing: "'other' is no group or dataset, or a link to none",
    link_to_itself: "'other' is no group or dataset, or a link to none|too many links",
    named_type: "'kind' is no group or dataset",
    other_storage: "the values of 'other' lie in another file",
    virtual: "the values of 'other' lie in another file",
    bomb: "'other' declares 8796093022208 bytes; 0 are stored",
    fill_bomb: r"'other' declares 8796093022208 bytes; \d+ are stored",
    many_links_to_one: r"'link\d+' declares 8388608 bytes",
    text: "'other' holds no plain numbers",
    table: "'other' holds no plain numbers",
    both_orders: "expected one byte order; received both",
    too_deep: "the tree has more than 64 levels",
}


@pytest.mark.parametrize("add", HOSTILE, ids=lambda add: add.__name__)
def test_hostile_trees_are_refused(add, tmp_path):
    keras_file(tmp_path / "a.h5", add, file_options={"libver": "latest"})
    tracemalloc.start()
    try:
        with pytest.raises(weights.WeightsError, match=HOSTILE[add]):
            weights.load(tmp_path / "a.h5")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_what_cannot_be_read_names_the_way_out(tmp_path, monkeypatch):
    keras_file(tmp_path / "a.h5", compression="gzip")
    monkeypatch.setattr(copying, "find_spec", lambda name: None)
    with pytest.raises(
        weights.WeightsError, match=r"kind \[11\]; .*h5py is installed: pip install 'nb_sepconv\[hdf5\]'"
    ):
        weights.load(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("program", "match"),
    [
        ("import time; time.sleep(60)", "could not make a plain copy: it took longer than 1 seconds"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "it ended with the status"),
        ("raise SystemExit('what went wrong')", "what went wrong"),
    ],
)
def test_the_copying_process_may_hang_or_die(program, match, tmp_path, monkeypatch):
    keras_file(tmp_path / "a.h5", compression="gzip")
    monkeypatch.setattr(copying, "LEAST_SECONDS", 1)
    monkeypatch.setattr(copying.inspect, "getsource", lambda module: program)
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "a.h5")


def test_no_descriptors_and_files_are_left(tmp_path):
    keras_file(tmp_path / "a.h5", compression="gzip")
    keras_file(tmp_path / "b.h5", bomb)
    before = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    with weights.load(tmp_path / "a.h5") as file:
        file["sep0/kernel"]
    with pytest.raises(weights.WeightsError):
        weights.load(tmp_path / "b.h5")
    after = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    assert len(after) == len(before)


@pytest.mark.parametrize("options", ["newer format", "gzip"])
@pytest.mark.parametrize("count", [25, pytest.param(2000, marks=pytest.mark.slow)])
def test_damage_of_unusual_files_gives_a_weights_error_or_arrays(options, count, tmp_path):
    """HDF5 has checksums in its newer format alone; whatever the library makes of damage, this process goes on."""
    (tmp_path / "source").mkdir()
    (tmp_path / "work").mkdir()
    source = keras_file(tmp_path / "source" / "a.h5", **UNUSUAL[options])
    patient = Patient(source, "", tmp_path / "work")
    for position in list(patient.flips)[:: max(1, len(patient.flips) // count) | 1]:
        patient.flip(position)
    for size in list(patient.cuts)[:: max(1, len(patient.cuts) // 4) | 1]:
        patient.truncate(size)
    print(dict(patient.outcomes))
    assert set(patient.outcomes) <= {"same", "refused", "wrong"}
    assert patient.outcomes["refused"] > 0
