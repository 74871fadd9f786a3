"""Jobs over files of every kind give the bits of one call on the numbers that they hold."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import source_files
from destination_files import NAMES, loaded, require
from source_files import CHANNELS, KINDS, STEPS, by_name, cut_off, floats

import nb_sepconv as tf
from nb_sepconv.batch.destinations import zarr as zarr_destination

TURNED = [source_files.wav_16, source_files.flac_24, source_files.edf, source_files.bdf]


def layer(channels, **settings):
    made = tf.layers.SeparableConv1D(4, 9, padding="same", strides=2, activation="relu", **settings)
    channels_first = made.data_format == "channels_first"
    made.build((None, channels, None) if channels_first else (None, None, channels))
    return made


@pytest.mark.parametrize("kind", KINDS, ids=by_name)
def test_sources_of_every_kind(kind, tmp_path):
    (tmp_path / "in").mkdir()
    location, wanted = kind(tmp_path / "in")
    model = layer(wanted.shape[2])
    tf.batch.apply(model, location, tmp_path / "y.npy", chunk=37, progress=False)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), model(wanted.astype("f4")))


@pytest.mark.parametrize("kind", TURNED, ids=by_name)
def test_channels_first(kind, tmp_path):
    (tmp_path / "in").mkdir()
    location, wanted = kind(tmp_path / "in")
    model = layer(wanted.shape[2], data_format="channels_first")
    tf.batch.apply(model, location, tmp_path / "y.npy", chunk=37, progress=False)
    turned = np.ascontiguousarray(wanted.astype("f4").transpose(0, 2, 1))
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), model(turned))


@pytest.mark.parametrize("channels_last", [True, False])
@pytest.mark.parametrize("name", NAMES)
def test_destinations_of_every_kind(name, channels_last, tmp_path, monkeypatch):
    require(name)
    monkeypatch.setattr(zarr_destination, "CHUNK_BYTES", 1000)
    shape = (2, STEPS, CHANNELS) if channels_last else (2, CHANNELS, STEPS)
    model = layer(CHANNELS, data_format="channels_last" if channels_last else "channels_first")
    x = floats(shape).astype("f4")
    tf.batch.apply(model, x, tmp_path / name, chunk=37, progress=False)
    np.testing.assert_array_equal(loaded(tmp_path / name), model(x))


def test_a_folder_of_files_of_all_kinds_and_of_different_lengths(tmp_path):
    wanted = {}
    for kind in (source_files.npy_int16, source_files.wav_16, source_files.flac_16, source_files.edf, source_files.bdf):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        location, values = kind(folder)
        wanted[kind.__name__] = values.astype("f4")
        os.makedirs(tmp_path / "in", exist_ok=True)
        os.rename(location, tmp_path / "in" / (kind.__name__ + Path(location).suffix))
    for length in (0, 1, 8, 500):
        wanted[f"short{length}"] = floats((length, CHANNELS)).astype("f4")[None]
        np.save(tmp_path / "in" / f"short{length}.npy", wanted[f"short{length}"])
    model = layer(CHANNELS)
    report = tf.batch.apply(model, tmp_path / "in", tmp_path / "out", chunk=100, progress=False)
    assert report.finished
    assert report.files == len(wanted)
    for name, values in wanted.items():
        np.testing.assert_array_equal(np.load(tmp_path / "out" / f"{name}.npy"), model(values))


def test_arrays_of_different_lengths_and_picked_channels(tmp_path):
    arrays = [floats((length, 4), length).astype("f4") for length in (30, 500, 7)]
    model = layer(2)
    tf.batch.apply(model, arrays, tmp_path / "*.npy", chunk=100, channels=[3, 1], progress=False)
    for index, array in enumerate(arrays):
        wanted = model(np.ascontiguousarray(array[None, :, [3, 1]]))
        np.testing.assert_array_equal(np.load(tmp_path / f"array-{index}.npy"), wanted)


@pytest.mark.parametrize(
    "kind", [source_files.npy, source_files.wav_16, source_files.flac_16, source_files.bdf], ids=by_name
)
def test_a_damaged_file_is_named_or_left_out(kind, tmp_path):
    model = layer(CHANNELS)
    (tmp_path / "in").mkdir()
    location, _ = kind(tmp_path / "in")
    cut_off(location, 500)
    np.save(tmp_path / "in" / "whole.npy", x := floats((1, STEPS, CHANNELS)).astype("f4"))
    with pytest.raises(ValueError, match=os.path.basename(location)):
        tf.batch.apply(model, tmp_path / "in", tmp_path / "out", progress=False)
    report = tf.batch.apply(model, tmp_path / "in", tmp_path / "out", on_error="skip", progress=False)
    assert list(report.skipped) == [location]
    assert os.path.basename(location) in report.skipped[location]
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "whole.npy"), model(x))
    assert {file for file in os.listdir(tmp_path / "out") if "journal" not in file} == {"whole.npy"}


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system allocates by writing")
@pytest.mark.parametrize("name", [*NAMES, "out/"])
def test_a_disk_without_room_stops_a_job_before_any_work(name, tmp_path, monkeypatch):
    require(name)
    model, x = layer(CHANNELS), floats((1, STEPS, CHANNELS)).astype("f4")

    def fail(*arguments):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "posix_fallocate", fail)
        with pytest.raises(OSError, match="No space left on device"):
            tf.batch.apply(model, x, f"{tmp_path}/{name}", progress=False)
    assert not [file for file in tmp_path.rglob("*") if file.suffix in (".part", ".npy", ".h5")]
    report = tf.batch.apply(model, x, f"{tmp_path}/{name}", progress=False)
    assert report.finished
