"""Sources: the numbers of every format, read in any stretches, and what is refused."""

import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import source_files
from source_files import CHANNELS, KINDS, RATE, STEPS, by_name, cut_off, floats, integers

from nb_sepconv.batch.sources.errors import SourceError
from nb_sepconv.batch.sources.finding import find

FLOAT32 = np.dtype("f4")
STRETCHES = [(0, STEPS), (0, 1), (1, 2), (99, 101), (100, 300), (STEPS - 1, STEPS), (400, 400)]


def opened(location, channels_last=True, dtype=FLOAT32, channels=None):
    (found,) = find(location, channels)
    return found.open(channels_last, dtype)


def read(source, start, stop, first=0, examples=None):
    """A stretch of a source, into an array that was full of NaN."""
    shape = [*source.shape]
    shape[0] = shape[0] - first if examples is None else examples
    shape[1 if source.channels_last else 2] = stop - start
    out = np.full(shape, np.nan, source.dtype)
    source.read(start, stop, out, first)
    return out


def same(found, wanted):
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_any_stretch_of_any_kind_has_its_values(kind, tmp_path):
    location, wanted = kind(tmp_path)
    wanted = wanted.astype(FLOAT32)
    source = opened(location)
    assert (source.shape, source.dtype, source.name) == (wanted.shape, FLOAT32, location)
    for start, stop in STRETCHES:
        same(read(source, start, stop), wanted[:, start:stop])
    same(read(source, 3, 9, first=len(wanted) - 1), wanted[-1:, 3:9])
    source.close()
    same(read(source, 5, 7), wanted[:, 5:7])
    source.close()


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_values_in_the_type_of_a_wide_layer(kind, tmp_path):
    location, wanted = kind(tmp_path)
    source = opened(location, dtype=np.dtype("f8"))
    same(read(source, 0, STEPS), wanted.astype("f8"))
    source.close()


@pytest.mark.parametrize(
    "kind", [source_files.wav_16, source_files.flac_16, source_files.edf, source_files.bdf], ids=by_name
)
def test_formats_of_channels_are_turned_for_channels_first(kind, tmp_path):
    location, wanted = kind(tmp_path)
    wanted = wanted.astype(FLOAT32).transpose(0, 2, 1)
    source = opened(location, channels_last=False)
    assert source.shape == wanted.shape
    for start, stop in STRETCHES:
        same(read(source, start, stop), wanted[:, :, start:stop])
    source.close()


@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize(
    ("shape", "channels_last", "wanted"),
    [
        ((STEPS,), True, (1, STEPS, 1)),
        ((STEPS,), False, (1, 1, STEPS)),
        ((STEPS, CHANNELS), True, (1, STEPS, CHANNELS)),
        ((CHANNELS, STEPS), False, (1, CHANNELS, STEPS)),
        ((2, STEPS, CHANNELS), True, (2, STEPS, CHANNELS)),
        ((2, CHANNELS, STEPS), False, (2, CHANNELS, STEPS)),
        ((0, STEPS, CHANNELS), True, (0, STEPS, CHANNELS)),
        ((2, STEPS, 0), True, (2, STEPS, 0)),
    ],
)
def test_the_axes_that_an_array_lacks_are_added(shape, channels_last, wanted, order, tmp_path):
    x = np.asarray(floats(shape), FLOAT32, order)
    np.save(tmp_path / "a.npy", x)
    for location in (tmp_path / "a.npy", x):
        source = opened(location, channels_last)
        assert source.shape == wanted
        axis = 1 if channels_last else 2
        same(read(source, 17, 93), np.take(x.reshape(wanted), range(17, 93), axis))
        source.close()


@pytest.mark.parametrize(
    ("stored", "wanted"), [("i2", "f4"), ("?", "f4"), ("u8", "f4"), ("f2", "f2"), (">f8", "f8"), ("f4", "f4")]
)
def test_without_a_wanted_type_floats_keep_theirs_and_integers_are_float32(stored, wanted, tmp_path):
    x = (100 * floats((STEPS, CHANNELS))).astype(stored)
    np.save(tmp_path / "a.npy", x)
    for location in (tmp_path / "a.npy", x):
        source = opened(location, dtype=None)
        assert source.dtype == np.dtype(wanted)
        same(read(source, 2, 20), x[None, 2:20].astype(wanted))
        source.close()


def test_bfloat16_is_two_raw_bytes_in_a_file(tmp_path):
    bfloat16 = np.dtype(pytest.importorskip("ml_dtypes").bfloat16)
    x = floats((STEPS, CHANNELS)).astype(bfloat16)
    np.save(tmp_path / "a.npy", x)
    for location in (tmp_path / "a.npy", x, np.load(tmp_path / "a.npy")):
        source = opened(location, dtype=bfloat16)
        same(read(source, 5, 50), x[None, 5:50])
        source.close()


def test_arrays_of_other_libraries(tmp_path):
    x = floats((STEPS, CHANNELS)).astype(FLOAT32)
    h5py, zarr = pytest.importorskip("h5py"), pytest.importorskip("zarr")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for array in (file.create_dataset("x", data=x), zarr.array(x)):
            source = opened(array)
            assert source.identity() == opened(x).identity()
            same(read(source, 10, 700), x[None, 10:700])


def test_only_what_is_read_is_asked_of_an_array():
    class Spy:
        shape, dtype = (1000, 4), FLOAT32

        def __getitem__(self, key):
            asked.append(key)
            return np.zeros((1000, 4), FLOAT32)[key]

    asked = []
    read(opened(Spy()), 40, 60)
    assert asked == [(slice(40, 60), slice(None))]


def test_rates_are_told_where_the_format_has_them(tmp_path):
    for kind in (source_files.wav_16, source_files.flac_24, source_files.edf_plus, source_files.bdf):
        source = opened(kind(tmp_path).location)
        assert source.rate == RATE
    assert opened(source_files.npy(tmp_path).location).rate is None


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_threads_read_side_by_side_and_copies_in_other_processes_read_alike(kind, tmp_path):
    location, wanted = kind(tmp_path)
    source = opened(location)
    pieces = [(start, start + 37) for start in range(0, STEPS - 37, 31)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda piece: read(source, *piece), pieces))
    for (start, stop), values in zip(pieces, found, strict=True):
        same(values, wanted[:, start:stop].astype(FLOAT32))
    copy = pickle.loads(pickle.dumps(source))
    same(read(copy, 8, 80), wanted[:, 8:80].astype(FLOAT32))
    source.close()
    copy.close()


def test_a_source_holds_no_file_before_it_is_read(tmp_path):
    np.save(tmp_path / "a.npy", floats((10, 2)))
    many = [opened(tmp_path / "a.npy") for _ in range(5)]
    before = open_files()
    read(many[0], 0, 1)
    assert open_files() == before + 1
    many[0].close()
    assert open_files() == before


def open_files():
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("this system does not list the open files of a process")
    return len(os.listdir("/proc/self/fd"))


# Identity


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_a_changed_source_is_another_one(kind, tmp_path):
    location, _ = kind(tmp_path)
    source = opened(location)
    before = source.identity()
    assert opened(location).identity() == before
    path = Path(location.partition(":/")[0])
    changed = path if path.is_file() else next(file for file in path.rglob("[0-9]*") if file.is_file())
    os.utime(changed, ns=(1, os.stat(path).st_mtime_ns + 10**9))
    assert source.identity() != before
    source.close()


def test_a_value_at_an_end_of_an_array_is_part_of_its_identity():
    x = floats((STEPS, CHANNELS))
    before = opened(x).identity()
    for step in (0, -1):
        other = x.copy()
        other[step, 1] += 1
        assert opened(other).identity() != before


# Channels


@pytest.mark.parametrize("channels", [[2], [0, 2], [2, 0, 1], 1, [-1], [1, 1]])
def test_channels_by_number(channels, tmp_path):
    picked = [channels] if isinstance(channels, int) else channels
    for kind in KINDS:
        location, wanted = kind(tmp_path)
        if wanted.shape[2] == CHANNELS:
            source = opened(location, channels=channels)
            assert source.shape == (*wanted.shape[:2], len(picked))
            same(read(source, 99, 505), wanted[:, 99:505, picked].astype(FLOAT32))
            assert source.identity() != opened(location).identity() or kind.__name__ in ("edf", "edf_plus", "bdf")
            source.close()


def test_channels_of_an_array_with_channels_first():
    x = floats((2, CHANNELS, 300000)).astype(FLOAT32)
    source = opened(x, channels_last=False, channels=[2, 1])
    same(read(source, 7, 299999), x[:, [2, 1], 7:299999])


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_signals_of_one_rate_by_name(suffix, tmp_path):
    path, signals = source_files.recording(tmp_path / f"a{suffix}", (50, RATE, 50, RATE), ["Resp", "C3", "Temp", "C4"])
    for channels, picked in ((["C4", "C3"], [3, 1]), (["C3"], [1]), ([0, "Temp"], [0, 2])):
        source = opened(path, channels=channels)
        wanted = np.stack([signals[index] for index in picked], 1)[None].astype(FLOAT32)
        same(read(source, 0, source.shape[1]), wanted)
        same(read(source, 149, 351), wanted[:, 149:351])
        source.close()


@pytest.mark.parametrize(
    ("channels", "match"),
    [
        (["C5"], r"a\.edf: `channels` must name one of its channels. Received: 'C5', and it has 'C3', 'C4'"),
        ([2], r"a\.edf: `channels` must be below 2, as many as it has. Received: 2"),
        ([], r"`channels` must be names or numbers of channels. Received: \[\]"),
        ([True], r"`channels` must be names or numbers of channels. Received: \[True\]"),
    ],
)
def test_channels_that_are_not_there(channels, match, tmp_path):
    path, _ = source_files.recording(tmp_path / "a.edf", (RATE, RATE), ["C3", "C4"])
    with pytest.raises(ValueError, match=match):
        opened(path, channels=channels)


def test_names_of_channels_that_have_none(tmp_path):
    with pytest.raises(SourceError, match="Received: 'left', and it has 3 without names"):
        opened(source_files.wav_16(tmp_path).location, channels="left")


# What cannot be read


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "zarr" not in kind.__name__], ids=by_name)
def test_a_file_that_was_cut_off_is_named(kind, tmp_path):
    location, _ = kind(tmp_path)
    path = location.partition(":/")[0]
    for count in (100, os.path.getsize(path) - 30):
        cut_off(path, count)
        with pytest.raises((SourceError, OSError), match=r"a\.\w+"):
            read(opened(location), 0, STEPS)


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_a_missing_file_is_named(kind, tmp_path):
    location, _ = kind(tmp_path)
    path = location.partition(":/")[0]
    (found,) = find(location)
    os.rename(path, tmp_path / "other")
    with pytest.raises(FileNotFoundError) as error:
        found.open(True, FLOAT32)
    assert error.value.filename == path


def test_a_damaged_chunk_of_zarr_is_named(tmp_path):
    location = source_files.zarr(tmp_path / "a.zarr", floats((STEPS, CHANNELS)), 3, chunks=(100, 3))
    source = opened(location)
    (tmp_path / "a.zarr" / "c" / "3" / "0").write_bytes(b"damaged")
    same(read(source, 0, 300), floats((STEPS, CHANNELS))[None, :300].astype(FLOAT32))
    with pytest.raises(SourceError, match=r"a\.zarr: zarr cannot read this"):
        read(source, 299, 301)


def test_damaged_flac_is_named(tmp_path):
    location = source_files.sound(tmp_path / "a.flac", integers((50000, 2), "i2"), "PCM_16")
    content = bytearray(Path(location).read_bytes())
    content[len(content) // 2 :][:50] = b""
    Path(location).write_bytes(content[: len(content) // 2] + bytes(200) + content[len(content) // 2 + 200 :])
    source = opened(location)
    with pytest.raises(SourceError, match=r"a\.flac: soundfile cannot read this"):
        read(source, 0, 50000)
    source.close()


def test_a_file_that_shrinks_while_it_is_read_is_named(tmp_path):
    np.save(tmp_path / "a.npy", floats((STEPS, CHANNELS)))
    source = opened(tmp_path / "a.npy")
    read(source, 0, 1)
    cut_off(tmp_path / "a.npy", 100)
    with pytest.raises(SourceError, match=r"a\.npy: the file ends inside values"):
        read(source, 0, STEPS)
    source.close()


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.zeros((2, 2), complex), "expected real numbers; its type is complex128"),
        (np.array(["a"]), "expected real numbers; its type is <U1"),
        (np.zeros(3, "M8[s]"), r"expected real numbers; its type is datetime64\[s\]"),
        (np.zeros((2, 2, 2, 2)), r"expected an array of 1, 2 or 3 axes: .*its shape is \[2, 2, 2, 2\]"),
        (np.array(1.0), r"expected an array of 1, 2 or 3 axes: .*its shape is \[\]"),
        (np.array([{}], object), "its type is object; objects are pickled, which can run code, and are never loaded"),
    ],
)
def test_arrays_without_series_of_numbers(array, match, tmp_path):
    np.save(tmp_path / "a.npy", array)
    for location in (tmp_path / "a.npy", array):
        with pytest.raises(SourceError, match=match):
            opened(location)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "this file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "this is a Git LFS pointer in place of the file"),
        (pickle.dumps({"a": 1}), "this is a pickle, which can run code and is never loaded"),
        (b"PK\x03\x04" + bytes(30), r"this is an archive, such as .npz: store each of its arrays with `numpy.save`"),
        (b"<!DOCTYPE html><html>", "this is a web page in place of the file"),
        (b"\x93NUMPY\x03\x00" + bytes(200), r"expected the .npy format 1.0 or 2.0; it is \(3, 0\)"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f4'}", "NumPy cannot read this: ValueError"),
        (b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f4',", "NumPy cannot read this: "),
        (b"RIFF1234WAVE", "expected a .npy file"),
    ],
)
def test_files_that_are_not_what_their_name_says(content, match, tmp_path):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(SourceError, match=rf"a\.npy: .*{match}"):
        opened(tmp_path / "a.npy")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.edf", "a.bdf", "a.h5"])
def test_text_by_the_name_of_a_format(name, tmp_path):
    (tmp_path / name).write_text("not a recording at all\n" * 100)
    with pytest.raises(SourceError, match=re_path(name)):
        opened(tmp_path / name)


def re_path(name):
    return name.replace(".", r"\.")


def test_a_header_of_npy_that_promises_more_than_memory(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((10, 2), FLOAT32))
    content = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(content.replace(b"(10, 2), } ", b"(10**9, 2)}"[:11]))
    with pytest.raises(SourceError, match=r"a\.npy"):
        opened(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(content.replace(b"(10, 2), }      ", b"(1000000, 2), } "))
    with pytest.raises(SourceError, match=r"its header promises 8000128 bytes, and the file has 208"):
        opened(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(content.replace(b"(10, 2), }  ", b"(-10, -2), }"))
    with pytest.raises(SourceError, match=r"its shape is \[-10, -2\]"):
        opened(tmp_path / "a.npy")


def test_a_wav_that_was_not_finished(tmp_path):
    location = source_files.wav_16(tmp_path).location
    cut_off(location, 1000)
    with pytest.raises(SourceError, match=r"a\.wav: its header promises 6000 bytes of samples, and the file has 5000"):
        opened(location)


def test_hdf5_of_several_datasets_needs_a_name(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"], file["group/y"] = floats(5), floats(5)
    names = r"a\.h5:/group/y, .*a\.h5:/x"
    with pytest.raises(SourceError, match=f"it has 2 datasets, and none was named: .*{names}"):
        opened(tmp_path / "a.h5")
    with pytest.raises(SourceError, match=f"it has no dataset '/z': .*{names}"):
        opened(f"{tmp_path}/a.h5:/z")


def test_zarr_groups_of_several_arrays_need_a_name(tmp_path):
    location = source_files.zarr_in_a_group(tmp_path).location
    with pytest.raises(SourceError, match=r"it is a group of 2: .*a\.zarr:/x, .*a\.zarr:/y"):
        opened(location.removesuffix(":/y"))
    with pytest.raises(SourceError, match=r"a\.zarr: zarr cannot read this: KeyError: 'z'"):
        opened(location.removesuffix("y") + "z")


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_signals_of_different_rates_are_refused(suffix, tmp_path):
    path, _ = source_files.recording(tmp_path / f"a{suffix}", (50, RATE), ["Resp", "C3"])
    with pytest.raises(SourceError, match=r"different rates; pick some .* by `channels`.*'Resp': 50, 'C3': 100"):
        opened(path)


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_recordings_that_say_they_have_gaps(suffix, tmp_path):
    """EDF+D is read where its records follow each other, and refused where they do not."""
    path, signals = source_files.recording(tmp_path / f"a{suffix}")
    kind = suffix[1:].upper().encode()
    content = Path(path).read_bytes().replace(kind + b"+C", kind + b"+D")
    Path(path).write_bytes(content)
    same(read(opened(path), 0, STEPS), np.stack(signals, 1)[None].astype(FLOAT32))
    Path(path).write_bytes(content.replace(b"+7\x14", b"+9\x14"))
    with pytest.raises(SourceError, match=r"the recording has a gap from second 7 to 9: cut it there"):
        opened(path)


def samples_field(content, value):
    """The header with so many samples a record for each signal but the annotations, which are the last one."""
    count = int(content[252:256])
    start = 256 + count * 216
    return content[:start] + value.ljust(8) * CHANNELS + content[start + 8 * CHANNELS :]


@pytest.mark.parametrize(
    ("annotated", "change", "match"),
    [
        (True, lambda c: c[:184] + b"512     " + c[192:], "expected a header of 5 times 256 bytes; it has 512"),
        (True, lambda c: c[:184] + b"many    " + c[192:], "edfio cannot read this: ValueError"),
        (
            True,
            lambda c: c[:236] + b"99      " + c[244:],
            "its header promises 99 records, and the file has 10 whole ones",
        ),
        (True, lambda c: b"1" + c[1:], "expected a header of EDF or BDF; it starts with b'1 "),
        (True, lambda c: samples_field(c, b"0"), "expected signals with samples"),
        (False, lambda c: samples_field(c, b"0"), "edfio cannot read this: ZeroDivisionError"),
        (False, lambda c: samples_field(c, b"-5"), "edfio cannot read this: ValueError"),
        (
            False,
            lambda c: c[:192] + b"EDF+D" + c[197:],
            "it says that it has gaps, and has no annotations that tell them",
        ),
        (True, lambda c: c[:100], "expected a header of EDF or BDF in bytes 0 to 256, but the file has 100 bytes"),
    ],
)
def test_headers_of_edf_that_cannot_be(annotated, change, match, tmp_path):
    path, _ = source_files.recording(tmp_path / "a.edf", annotated=annotated)
    Path(path).write_bytes(change(Path(path).read_bytes()))
    with pytest.raises(SourceError, match=match):
        opened(path)


def test_a_recording_of_annotations_alone(tmp_path):
    edfio = pytest.importorskip("edfio")
    edfio.Edf([], annotations=[edfio.EdfAnnotation(2, None, "eyes closed")]).write(tmp_path / "a.edf")
    with pytest.raises(SourceError, match="expected a signal; it has only annotations"):
        opened(tmp_path / "a.edf")


def test_a_recording_that_was_not_stopped_has_the_records_that_are_there(tmp_path):
    path, signals = source_files.recording(tmp_path / "a.edf", annotated=False)
    content = bytearray(Path(path).read_bytes())
    content[236:244] = b"-1      "
    Path(path).write_bytes(content[:-7])
    source = opened(path)
    assert source.shape == (1, STEPS - RATE, CHANNELS)
    same(read(source, 0, STEPS - RATE), np.stack(signals, 1)[None, :-RATE].astype(FLOAT32))
    source.close()


def test_a_signal_without_a_scale(tmp_path):
    path, _ = source_files.recording(tmp_path / "a.edf", (RATE, RATE), ["C3", "Trigger"], annotated=False)
    content = bytearray(Path(path).read_bytes())
    least = 256 + 2 * (16 + 80 + 8) + 8
    content[least : least + 8] = content[least + 16 : least + 24]
    Path(path).write_bytes(content)
    with pytest.raises(SourceError, match="the signal 'Trigger' has no scale: leave it out by `channels`"):
        opened(path)
    assert opened(path, channels=["C3"]).shape == (1, STEPS, 1)


@pytest.mark.parametrize(
    ("name", "package", "files"),
    [
        ("a.wav", "soundfile", "WAV and FLAC"),
        ("a.edf", "edfio", "EDF and BDF"),
        ("a.h5", "h5py", "HDF5"),
        ("a.zarr", "zarr", "Zarr"),
    ],
)
def test_a_package_that_is_missing_is_named(name, package, files, tmp_path, monkeypatch):
    kinds = {"a.wav": source_files.wav_16, "a.edf": source_files.edf, "a.zarr": source_files.zarr_2}
    location, _ = kinds.get(name, source_files.hdf5_contiguous)(tmp_path)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"{files} files need {package}: pip install 'nb_sepconv\[batch\]'"):
        opened(location)
