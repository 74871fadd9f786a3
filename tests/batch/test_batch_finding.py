"""What a job's source stands for: paths, patterns, folders, lists and arrays."""

import os

import numpy as np
import pytest
import source_files

from nb_sepconv.batch.sources.finding import find


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.npy", "a.npy", "c.WAV", "notes.txt", ".hidden.npy", "inner/d.npy"):
        os.makedirs(tmp_path / "in" / os.path.dirname(name), exist_ok=True)
        (tmp_path / "in" / name).write_bytes(b"")
    (tmp_path / "in" / "store").mkdir()
    (tmp_path / "in" / "store" / "zarr.json").write_text("{}")
    return tmp_path


def names(*arguments):
    return [one.name for one in find(*arguments)]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("in", ["in/a.npy", "in/b.npy", "in/c.WAV", "in/store"]),
        ("in/", ["in/a.npy", "in/b.npy", "in/c.WAV", "in/store"]),
        ("in/*", ["in/a.npy", "in/b.npy", "in/c.WAV", "in/store"]),
        ("in/*.npy", ["in/a.npy", "in/b.npy"]),
        ("in/[ab].npy", ["in/a.npy", "in/b.npy"]),
        ("in/**/*.npy", ["in/a.npy", "in/b.npy", "in/inner/d.npy"]),
        ("in/a.npy", ["in/a.npy"]),
        ("in/store", ["in/store"]),
        ("missing.npy", ["missing.npy"]),
        (["in/b.npy", "in/a.npy"], ["in/b.npy", "in/a.npy"]),
        (["in/inner", "in/?.WAV"], ["in/inner/d.npy", "in/c.WAV"]),
        ("x.h5:/group/x", ["x.h5:/group/x"]),
    ],
)
def test_paths_patterns_and_folders(source, wanted, folder):
    assert [name.replace(os.sep, "/") for name in names(source)] == wanted


def test_paths_of_other_types(folder):
    assert names(folder / "in" / "a.npy") == [str(folder / "in" / "a.npy")]


def test_a_name_with_the_letters_of_patterns_is_itself_where_it_is_there(folder):
    (folder / "in" / "x[ab].npy").write_bytes(b"")
    assert names("in/x[ab].npy") == ["in/x[ab].npy"]


def test_a_pattern_before_the_name_of_a_dataset(folder):
    for name in ("a.h5", "b.h5"):
        source_files.hdf5(folder / name, np.arange(5.0), "group/x")
    assert names("*.h5:/group/x") == ["a.h5:/group/x", "b.h5:/group/x"]
    assert [one.stem for one in find("*.h5:/group/x")] == ["a-group-x", "b-group-x"]


def test_outputs_are_named_after_files(folder):
    assert [one.stem for one in find("in")] == ["a", "b", "c", "store"]


def test_arrays_are_numbered():
    arrays = [np.zeros((length, 2)) for length in range(11)]
    assert names(arrays)[:2] == ["array 00", "array 01"]
    assert [one.stem for one in find(arrays)][-1] == "array-10"
    assert names(arrays[0]) == ["array 0"]
    assert find(arrays)[3].location is arrays[3]


@pytest.mark.parametrize(
    ("source", "error", "match"),
    [
        ("in/*.flac", FileNotFoundError, r"`source` names no file of a known kind: 'in/\*.flac'"),
        ("in/inner/*.txt", FileNotFoundError, "`source` names no file of a known kind"),
        ([], FileNotFoundError, "`source` names no file of a known kind"),
        ("in/notes.txt", ValueError, r"`source` must end in one of \.npy, .*\.bdf\. Received: 'in/notes.txt'"),
        ("a.npz", ValueError, r"Received: 'a\.npz': store each array of an archive with `numpy.save`"),
        ("a.pkl", ValueError, r"Received: 'a\.pkl': a pickle can run code, and is never loaded"),
        ("a.mp3", ValueError, "convert it to .flac"),
        (["in/a.npy", "in/*.npy"], ValueError, r"`source` must name each file once. Received: 'in/a.npy' twice"),
        (3, TypeError, "`source` must be a path, .* Received: int"),
        ([[1.0, 2.0]], TypeError, "`source` must be a path, .* Received: list"),
        (None, TypeError, "`source` must be a path, .* Received: NoneType"),
    ],
)
def test_what_is_no_source(source, error, match, folder):
    with pytest.raises(error, match=match):
        find(source)
