"""Destinations: files that grow in any order, are whole when they have their name, and find no room before any work."""

import errno
import os
import pickle
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from destination_files import NAMES, loaded, require

from nb_sepconv.batch.destinations import file_destination
from nb_sepconv.batch.destinations import zarr as zarr_destination
from nb_sepconv.batch.destinations.opening import destinations
from nb_sepconv.batch.sources.finding import find
from nb_sepconv.files import preallocated

ARRAYS = [
    ((1, 1000, 4), "f4"),
    ((3, 50, 2), "f8"),
    ((5, 9, 3), "f2"),
    ((2, 1, 1), "f4"),
    ((1, 0, 4), "f8"),
    ((0, 5, 2), "f4"),
]
FLOAT32 = np.dtype("f4")


def opened(path, channels_last=True):
    (found,) = destinations(path, find(np.zeros((5, 2))), channels_last)
    return found


def values_of(shape, dtype="f4"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def pieces(shape, channels_last, seed=0):
    """Ranges that cover an array once, in any order: (first, examples, start, stop)."""
    steps = shape[1 if channels_last else 2]
    cuts = sorted({0, steps, *random.Random(seed).sample(range(steps + 1), min(steps, 7))})
    found = [(first, 1, *cut) for first in range(shape[0]) for cut in pairwise(cuts)]
    random.Random(seed).shuffle(found)
    return found


def piece_of(values, piece, channels_last):
    first, examples, start, stop = piece
    where = (slice(first, first + examples), slice(start, stop))
    return values[where] if channels_last else values[where[0], :, where[1]]


def fill(destination, values, channels_last, only=lambda index: True):
    for index, piece in enumerate(pieces(values.shape, channels_last)):
        if only(index):
            destination.write(piece[2], piece[3], piece_of(values, piece, channels_last), piece[0])


@pytest.mark.parametrize(("shape", "dtype"), ARRAYS, ids=str)
@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_pieces_in_any_order_make_the_array(name, channels_last, dtype, shape, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(zarr_destination, "CHUNK_BYTES", 512)
    destination = opened(tmp_path / name, channels_last)
    values = values_of(shape, dtype)
    destination.create(shape, values.dtype)
    fill(destination, values, channels_last)
    assert not os.path.exists(destination.path)
    destination.finish()
    found = loaded(tmp_path / name)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)
    assert os.listdir(tmp_path) == [os.path.basename(destination.path)]


@pytest.mark.parametrize("name", NAMES)
def test_pieces_of_several_examples(name, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(zarr_destination, "CHUNK_BYTES", 512)
    for channels_last in (True, False):
        values = values_of((5, 3, 40) if not channels_last else (5, 40, 3))
        destination = opened(tmp_path / name, channels_last)
        destination.create(values.shape, values.dtype)
        for start, stop in ((0, 13), (13, 40)):
            for first, last in ((3, 5), (0, 3)):
                destination.write(
                    start, stop, piece_of(values, (first, last - first, start, stop), channels_last), first
                )
        destination.finish()
        np.testing.assert_array_equal(loaded(tmp_path / name), values)


@pytest.mark.parametrize("name", NAMES)
def test_another_process_goes_on_with_a_part(name, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(zarr_destination, "CHUNK_BYTES", 512)
    values = values_of((2, 100, 3))
    first = opened(tmp_path / name)
    first.create(values.shape, values.dtype)
    fill(first, values, True, lambda index: index % 2)
    first.sync()
    first.close()
    second = opened(tmp_path / name)
    second.reopen(values.shape, values.dtype)
    fill(second, values, True, lambda index: index % 2 == 0)
    second.finish()
    np.testing.assert_array_equal(loaded(tmp_path / name), values)


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system cannot be told what to forget")
@pytest.mark.parametrize("large", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_large_outputs_leave_the_memory_once_they_are_on_the_disk(name, large, tmp_path, monkeypatch):
    require(name)
    told, fsync, fadvise = [], os.fsync, os.posix_fadvise
    monkeypatch.setattr(os, "fsync", lambda descriptor: (told.append("synced"), fsync(descriptor)))
    monkeypatch.setattr(os, "posix_fadvise", lambda *of: (told.append(of[1:]), fadvise(*of)))
    values = values_of((2, 100, 3))
    for module in (file_destination, zarr_destination):
        monkeypatch.setattr(module, "LARGE_BYTES", values.nbytes + (not large))
    destination = opened(tmp_path / name)
    destination.create(values.shape, values.dtype)
    fill(destination, values, True)
    told.clear()
    destination.sync()
    forgotten = [(0, 0, os.POSIX_FADV_DONTNEED)] if large else []
    assert told == ["synced", *forgotten]
    destination.finish()
    np.testing.assert_array_equal(loaded(tmp_path / name), values)


@pytest.mark.parametrize("name", NAMES)
def test_threads_and_copies_write_side_by_side(name, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(zarr_destination, "CHUNK_BYTES", 512)
    values = values_of((2, 500, 3))
    destination = opened(tmp_path / name)
    destination.create(values.shape, values.dtype)
    copies = [destination, pickle.loads(pickle.dumps(destination))]

    def write(numbered):
        index, piece = numbered
        copies[index % 2].write(piece[2], piece[3], piece_of(values, piece, True), piece[0])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, enumerate(pieces(values.shape, True))))
    copies[1].sync()
    copies[1].close()
    destination.finish()
    np.testing.assert_array_equal(loaded(tmp_path / name), values)


@pytest.mark.parametrize("name", NAMES)
def test_parts_of_another_job_are_refused(name, tmp_path):
    require(name)
    destination = opened(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        destination.reopen((1, 10, 2), FLOAT32)
    destination.create((1, 10, 2), FLOAT32)
    for shape, dtype in (((1, 11, 2), "f4"), ((1, 10, 2), "f8"), ((1, 20, 1), "f4")):
        with pytest.raises(ValueError, match=r"a\.\w+\.part is not a part with shape"):
            opened(tmp_path / name).reopen(shape, np.dtype(dtype))
    destination.discard()
    assert os.listdir(tmp_path) == []
    destination.discard()


@pytest.mark.parametrize("name", NAMES)
def test_parts_that_were_not_made_to_their_end_are_refused(name, tmp_path):
    require(name)
    destination = opened(tmp_path / name)
    destination.create((1, 1000, 2), FLOAT32)
    destination.close()
    path = destination.part_path
    if os.path.isdir(path):
        os.remove(os.path.join(path, "zarr.json"))
    else:
        os.truncate(path, 60)
    with pytest.raises(ValueError, match=r"a\.\w+\.part is not a part"):
        opened(tmp_path / name).reopen((1, 1000, 2), FLOAT32)


@pytest.mark.parametrize("name", NAMES)
def test_the_finished_file_takes_the_place_of_an_old_one(name, tmp_path):
    require(name)
    for seed in (1, 2):
        values = values_of((1, 10 * seed, 2))
        destination = opened(tmp_path / name)
        destination.create(values.shape, values.dtype)
        destination.write(0, 10 * seed, values)
        destination.finish()
        np.testing.assert_array_equal(loaded(tmp_path / name), values)
    assert os.listdir(tmp_path) == [name.partition(":")[0]]


@pytest.mark.parametrize("name", NAMES)
def test_equal_jobs_write_equal_bytes(name, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(zarr_destination, "CHUNK_BYTES", 512)
    values, found = values_of((2, 100, 3)), []
    for folder in ("one", "two"):
        destination = opened(tmp_path / folder / name)
        destination.create(values.shape, values.dtype)
        fill(destination, values, True)
        destination.finish()
        root = tmp_path / folder
        found.append({str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()})
    assert found[0] == found[1]


def test_npy_has_the_bytes_of_numpy_save(tmp_path):
    values = values_of((2, 100, 3))
    np.save(tmp_path / "wanted.npy", values)
    destination = opened(tmp_path / "a.npy")
    destination.create(values.shape, values.dtype)
    fill(destination, values, True)
    destination.finish()
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "wanted.npy").read_bytes()


def test_bfloat16_is_stored_as_numpy_save_stores_it(tmp_path):
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    values = values_of((1, 10, 3), bfloat16)
    np.save(tmp_path / "wanted.npy", values)
    destination = opened(tmp_path / "a.npy")
    destination.create(values.shape, values.dtype)
    destination.write(0, 10, values)
    destination.finish()
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "wanted.npy").read_bytes()
    for name in ("a.h5", "a.zarr"):
        with pytest.raises(ValueError, match=r"`destination` must be a \.npy file for the type bfloat16"):
            opened(tmp_path / name).create((1, 10, 3), values.dtype)


def test_an_extended_precision_is_refused_by_zarr(tmp_path):
    if np.dtype(np.longdouble) == np.dtype("f8"):
        pytest.skip("long double is float64 here")
    with pytest.raises(ValueError, match="which Zarr does not have"):
        opened(tmp_path / "a.zarr").create((1, 10, 3), np.dtype(np.longdouble))


@pytest.mark.parametrize(
    ("shape", "channels_last", "wanted"),
    [
        ((1, 10**9, 4), True, (1, 1048219, 4)),
        ((1, 4, 10**9), False, (1, 4, 1048219)),
        ((100000, 400, 16), True, (655, 400, 16)),
        ((3, 400, 16), True, (3, 400, 16)),
        ((1, 5, 10**8), True, (1, 1, 10**8)),
        ((0, 0, 0), True, (1, 1, 1)),
    ],
)
def test_chunks_of_zarr_have_about_16_mib(shape, channels_last, wanted):
    assert zarr_destination.chunk_shape(shape, FLOAT32, channels_last) == wanted


# Room on disk


def failing(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system allocates by writing")
@pytest.mark.parametrize("name", NAMES)
def test_a_disk_without_room_is_named_and_left_as_it_was(name, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(os, "posix_fallocate", failing)
    destination = opened(tmp_path / name)
    with pytest.raises(OSError, match=r"No space left on device \(\d+ bytes are needed\).*a\.\w+\.part") as error:
        destination.create((1, 10**6, 4), FLOAT32)
    assert error.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "pwrite"), reason="this system writes at a position")
@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_fills_up_nevertheless_is_named(name, tmp_path, monkeypatch):
    require(name)
    destination = opened(tmp_path / name)
    destination.create((1, 10, 4), FLOAT32)
    monkeypatch.setattr(os, "pwrite", failing)
    with pytest.raises(OSError, match=r"No space left on device.*a\.\w+\.part"):
        destination.write(0, 10, values_of((1, 10, 4)))


@pytest.mark.parametrize("name", NAMES)
def test_space_is_on_disk_before_anything_is_written(name, tmp_path):
    require(name)
    destination = opened(tmp_path / name)
    destination.create((1, 10**5, 4), FLOAT32)
    part = destination.part_path
    files = [os.path.join(part, name) for name in os.listdir(part)] if os.path.isdir(part) else [part]
    assert sum(os.stat(file).st_blocks * 512 for file in files) >= 16 * 10**5


@pytest.mark.parametrize("name", NAMES)
def test_systems_without_such_calls_write_zeros_and_seek(name, tmp_path, monkeypatch):
    require(name)
    for call in ("posix_fallocate", "pwrite"):
        monkeypatch.delattr(os, call, raising=False)
    monkeypatch.setattr(preallocated, "BLOCK_BYTES", 1000)
    values = values_of((2, 700, 3))
    destination = opened(tmp_path / name)
    destination.create(values.shape, values.dtype)
    fill(destination, values, True)
    destination.finish()
    np.testing.assert_array_equal(loaded(tmp_path / name), values)


# One for each input


def paths(destination, source):
    return [one.path for one in destinations(destination, find(source), True)]


def test_a_folder_takes_a_file_for_each_input(tmp_path):
    arrays = [np.zeros((5, 2)), np.zeros((7, 2))]
    for name in ("out", "out/", "out.d/"):
        folder = str(tmp_path / name) + "/" * name.endswith("/")
        assert [os.path.relpath(path, folder) for path in paths(folder, arrays)] == ["array-0.npy", "array-1.npy"]
    (tmp_path / "made.here").mkdir()
    assert paths(tmp_path / "made.here", "x/b.wav") == [str(tmp_path / "made.here" / "b.npy")]


def test_a_pattern_names_and_formats_the_files(tmp_path):
    assert paths(tmp_path / "*_scores.h5", ["x/a.wav", "b.npy"]) == [
        str(tmp_path / "a_scores.h5"),
        str(tmp_path / "b_scores.h5"),
    ]
    assert paths(tmp_path / "*.zarr", ["x/a.wav"]) == [str(tmp_path / "a.zarr")]


@pytest.mark.parametrize(
    ("destination", "source", "match"),
    [
        ("a.npy", ["a.wav", "b.wav"], r"`destination` is one file for 2 inputs: a folder takes .* Received: 'a.npy'"),
        (
            "out/",
            ["x/a.wav", "y/a.npy"],
            r"one name for several inputs, 'out/a.npy': rename one of 'x/a.wav', 'y/a.npy'",
        ),
        ("a.csv", ["a.wav"], r"`destination` must end in \.npy, .*slash if it is a folder. Received: 'a.csv'"),
        ("out/*.csv", ["a.wav"], r"`destination` must end in \.npy, .* Received: 'out/\*.csv'"),
        ("a.zarr:/x", ["a.wav"], r"one array in a Zarr store of its own, without a name. Received: 'a.zarr:/x'"),
        ("x/", ["x/a.npy", "x/b.wav"], r"`destination` must not be the source itself. Received: 'x/a.npy'"),
        ("x/a.h5:/y", ["x/a.h5:/x"], r"`destination` must not be the source itself. Received: 'x/a.h5:/y'"),
    ],
)
def test_destinations_that_are_refused(destination, source, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=match):
        destinations(destination, find(source), True)
    assert os.listdir(tmp_path) == []


def test_hdf5_without_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ImportError, match=r"HDF5 files need h5py: pip install 'nb_sepconv\[batch\]'"):
        opened(tmp_path / "a.h5").create((1, 10, 4), FLOAT32)
