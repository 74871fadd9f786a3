"""Properties of the checkpoint reader over arbitrary tensors and arbitrary damage, for a bounded time."""

import contextlib
import io
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nb_sepconv import weights
from nb_sepconv.weights.tensorflow import snappy
from nb_sepconv.weights.tensorflow.bundle import data_path
from nb_sepconv.weights.tensorflow.protobuf import fields
from nb_sepconv.weights.tensorflow.sstable_writer import write_table

bounded = settings(
    max_examples=150, deadline=timedelta(minutes=1), derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)
dtypes = st.sampled_from(["float16", "float32", "float64", "int8", "uint16", "int64", "bool", "complex64"])
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)
tensors = st.dictionaries(names, arrays, max_size=8)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def stored_files(prefix):
    return [Path(f"{prefix}.index"), Path(data_path(prefix, 0, 1))]


def write_fresh(folder, wanted):
    for path in folder.iterdir():
        path.unlink()
    weights.save(folder / "m.ckpt", wanted)
    return folder / "m.ckpt"


def read_all(prefix):
    with weights.load(prefix) as file:
        return {name: array.copy() for part in (file, file.slots) for name, array in part.items()}


def assert_same(found, wanted):
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()


@bounded
@given(wanted=tensors)
def test_what_is_written_is_read(folder, wanted):
    assert_same(read_all(write_fresh(folder, wanted)), wanted)


@bounded
@given(wanted=tensors, data=st.data())
def test_damage_is_seen_or_harmless(folder, wanted, data):
    """Some bytes are overwritten, taken out or put in, anywhere in either file."""
    prefix = write_fresh(folder, wanted)
    path = data.draw(st.sampled_from(stored_files(prefix)))
    good = path.read_bytes()
    start = data.draw(st.integers(0, len(good)))
    stop = data.draw(st.integers(start, min(len(good), start + 12)))
    patch = data.draw(st.binary(max_size=12))
    path.write_bytes(good[:start] + patch + good[stop:])
    try:
        found = read_all(prefix)
    except weights.WeightsError:
        return
    assert_same(found, wanted)


@bounded
@given(
    rows=st.dictionaries(st.binary(min_size=1, max_size=8), st.binary(max_size=60), max_size=6),
    header=st.binary(max_size=12),
)
def test_tables_of_any_content_are_read_or_refused(folder, rows, header):
    """Sound checksums around senseless messages: what a hostile writer can make."""
    for path in folder.iterdir():
        path.unlink()
    stored = io.BytesIO()
    write_table(stored, [(b"", header), *sorted(rows.items())])
    (folder / "m.ckpt.index").write_bytes(stored.getvalue())
    (folder / "m.ckpt.data-00000-of-00001").write_bytes(bytes(64))
    try:
        found = read_all(folder / "m.ckpt")
    except weights.WeightsError:
        return
    assert all(isinstance(array, np.ndarray) for array in found.values())


@bounded
@given(stored=st.binary(max_size=200))
def test_messages_of_any_bytes_are_read_or_refused(stored):
    with contextlib.suppress(weights.WeightsError):
        assert all(number > 0 for number, _, _ in fields(stored))


@bounded
@given(block=st.binary(max_size=200))
def test_snappy_blocks_of_any_bytes_are_decoded_or_refused(block):
    with contextlib.suppress(weights.WeightsError):
        assert len(snappy.decode(block)) <= 32 * len(block)
