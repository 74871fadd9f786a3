"""Damaged files: every one loads unchanged values or is refused by a WeightsError, and takes no memory beyond its size.

Bare HDF5 files have no checksums. There a flipped bit of a stored value, of a name that stands in the file once (or of
the zero that ends it), or of the place of values that comes to lie in a gap cannot be seen; the tests hold that nothing
else slips through.
"""

import io
import tracemalloc
from collections import Counter
from pathlib import Path

import h5py
import numpy as np
import pytest

from nb_sepconv import weights
from tests.weights_damage import Patient, contents

DATA = Path(__file__).parents[1] / "data" / "weights"
QUICK = 250
LARGEST_BYTES = 4 << 20

CHECKED = [
    ("tf1", "checkpoint"),
    ("tf1", "model.ckpt-1200.index"),
    ("tf1", "model.ckpt-1200.data-00000-of-00001"),
    ("partitioned", "model.ckpt.index"),
    ("partitioned", "model.ckpt.data-00000-of-00001"),
    ("saved_model", "variables/variables.index"),
    ("saved_model", "variables/variables.data-00000-of-00001"),
    ("tf2_ckpt", "weights.index"),
    ("tf2_ckpt", "weights.data-00000-of-00001"),
    ("further/v1", "model.ckpt-3"),
    ("further/v2", "model.ckpt-3.index"),
    ("further/v1_snappy/model.ckpt", ""),
    ("keras3_model.keras", ""),
    ("tf_keras_model.keras", ""),
    ("expected-keras3.npz", ""),
    ("further/v2.expected.npz", ""),
]
LEGACY_H5 = [
    "tf_keras_model.h5",
    "tf_keras_weights.h5",
    "keras3_model.h5",
    "old/keras-0.3.3.weights.h5",
    "old/keras-1.2.2.weights.h5",
    "old/tf.keras-1.15.weights.h5",
    "old/h5py-2.6.0.h5",
]
KERAS_3_H5 = ["keras3.weights.h5", "further/bfloat16.weights.h5"]
OWN = ["own.npz", "own.safetensors", "own.weights.h5", "own.ckpt.index", "own.ckpt.data-00000-of-00001"]


def some(positions, quick):
    """All positions, or a fixed choice that steps through all bits of a byte and all parts of the file."""
    stride = max(1, len(positions) // QUICK) | 1
    return positions[::stride] if quick else positions


def damage(patient, quick):
    for position in some(patient.flips, quick):
        patient.flip(position)
    for size in some(patient.cuts, quick):
        patient.truncate(size)
    return patient


def assert_all_seen(patient):
    print(f"\n{patient.damaged.name}: {dict(patient.outcomes)}")
    assert set(patient.outcomes) <= {"same", "refused"}, {
        outcome: examples[:5] for outcome, examples in patient.examples.items() if outcome not in ("same", "refused")
    }
    assert patient.outcomes["refused"] > 0


def value_bytes(patient):
    """Where in a file of plain HDF5 the values lie."""
    return {place for start, size in value_places(patient) for place in range(start, start + size)}


def value_places(patient):
    """The (start, size) of the values of each dataset, as h5py has them."""
    places = []

    def visit(_, member):
        if isinstance(member, h5py.Dataset) and member.id.get_offset() is not None:
            places.append((member.id.get_offset(), member.id.get_storage_size()))

    with h5py.File(io.BytesIO(patient.good), "r") as file:
        file.visititems(visit)
    assert len(places) == len(patient.expected)
    return places


def address_bytes(patient):
    """Where in a file of HDF5 the places of values stand: one may come to point into a gap between structures."""
    places = set()
    for start, size in value_places(patient):
        place = start.to_bytes(8, "little") + size.to_bytes(8, "little")
        assert patient.good.count(place) == 1
        places.update(range(patient.good.index(place), patient.good.index(place) + 8))
    return places


def name_bytes(patient, names):
    """Where a name, and the zero that ends it, stand in a file."""
    places = set()
    for name in names:
        start = -1
        while (start := patient.good.find(name.encode(), start + 1)) >= 0:
            places.update(range(start, start + len(name) + 1))
    return places


def assert_only_these_pass_unseen(patient, **places):
    """Hold that all damage that passed unseen flipped bits of one of these kinds of bytes."""
    unseen = Counter(_kind(damage, places) for damage in patient.examples.get("wrong", []))
    print(f"\n{patient.root.name}: {dict(patient.outcomes)}, unseen in {dict(unseen)}")
    assert set(patient.outcomes) <= {"same", "refused", "wrong"}
    assert set(unseen) <= set(places), [
        damage for damage in patient.examples["wrong"] if _kind(damage, places) == "other bytes"
    ][:5]
    assert patient.outcomes["refused"] > 0


def _kind(damage, places):
    """The kind of bytes that damage was done to."""
    found = [kind for kind, octets in places.items() if damage[0] == "flip" and damage[1] in octets]
    return found[0] if found else "other bytes"


def own_files(folder):
    """Files as this library writes them."""
    rng = np.random.default_rng(11)
    arrays = {
        "first/depthwise_kernel": rng.normal(size=(3, 2, 1)).astype("f4"),
        "first/pointwise_kernel": rng.normal(size=(1, 2, 3)).astype("f4"),
        "first/bias": rng.normal(size=3).astype("f4"),
    }
    for name in OWN[:3]:
        weights.save(folder / name, arrays)
    weights.save(folder / "own.ckpt", arrays)
    return folder


def patient_of(source, damaged, folder):
    return Patient(DATA / source, damaged, folder)


QUICKLY_AND_THOROUGHLY = [True, pytest.param(False, marks=pytest.mark.slow)]


@pytest.mark.parametrize("quick", QUICKLY_AND_THOROUGHLY)
@pytest.mark.parametrize(("source", "damaged"), CHECKED)
def test_files_with_checksums(source, damaged, quick, tmp_path):
    assert_all_seen(damage(patient_of(source, damaged, tmp_path), quick))


@pytest.mark.parametrize("quick", QUICKLY_AND_THOROUGHLY)
@pytest.mark.parametrize("name", OWN)
def test_files_of_this_library(name, quick, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "own").mkdir()
    own_files(tmp_path / "own")
    opened = "own.ckpt.index" if "ckpt" in name else name
    assert_all_seen(damage(Patient(tmp_path / "own", name, tmp_path / "work", opened), quick))


@pytest.mark.parametrize("quick", QUICKLY_AND_THOROUGHLY)
@pytest.mark.parametrize("source", LEGACY_H5)
def test_legacy_keras_files(source, quick, tmp_path):
    patient = damage(patient_of(source, "", tmp_path), quick)
    assert_only_these_pass_unseen(patient, values=value_bytes(patient), addresses=address_bytes(patient))


@pytest.mark.parametrize("quick", QUICKLY_AND_THOROUGHLY)
@pytest.mark.parametrize("source", KERAS_3_H5)
def test_keras_3_files(source, quick, tmp_path):
    patient = damage(patient_of(source, "", tmp_path), quick)
    names = ["layers", "separable_conv1d", "first", "brain"]
    assert_only_these_pass_unseen(
        patient, values=value_bytes(patient), addresses=address_bytes(patient), names=name_bytes(patient, names)
    )


@pytest.mark.parametrize(
    ("octet", "bit", "match"),
    [
        (734, 0, "a name that can be printed"),
        (1512, 3, "a name that can be printed"),
        (6814, 0, "a member for each name; 'vars' has none"),
        (8794, 6, "a table of 2 addresses; its size is 80"),
    ],
)
def test_flips_that_once_passed_unseen(octet, bit, match, tmp_path):
    """In a name's end, a place of a name, a count of members, and a message that swallowed the next one."""
    damaged = bytearray((DATA / "keras3.weights.h5").read_bytes())
    damaged[octet] ^= 1 << bit
    (tmp_path / "damaged.h5").write_bytes(damaged)
    with pytest.raises(weights.WeightsError, match=match):
        weights.load(tmp_path / "damaged.h5")


@pytest.mark.parametrize("source", ["tf1/model.ckpt-1200.index", "keras3.weights.h5", "further/v1/model.ckpt-3"])
def test_damage_takes_no_memory(source, tmp_path):
    folder, _, damaged = source.rpartition("/")
    patient = patient_of(folder or damaged, damaged if folder else "", tmp_path)
    tracemalloc.start()
    try:
        for position in some(patient.flips, quick=True):
            patient.flip(position)
        assert tracemalloc.get_traced_memory()[1] < LARGEST_BYTES
    finally:
        tracemalloc.stop()


def test_the_test_sees_damage(tmp_path):
    """A reader that believes everything would be caught."""
    (tmp_path / "own").mkdir()
    np.savez(tmp_path / "own" / "a.npz", a=np.arange(3.0))
    before = contents(tmp_path / "own" / "a.npz")
    np.savez(tmp_path / "own" / "a.npz", a=np.arange(3.0) + 1)
    assert contents(tmp_path / "own" / "a.npz") != before
