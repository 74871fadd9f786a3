"""Files of every kind that a job reads, each with the array that it must give."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

STEPS, CHANNELS, RATE = 1000, 3, 100


class Example(NamedTuple):
    """What to open, and what it must give with channels last: (N, L, C) in float32."""

    location: str
    wanted: np.ndarray


def floats(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def integers(shape, dtype, seed=0):
    limits = np.iinfo(dtype)
    return np.random.default_rng(seed).integers(limits.min, limits.max, shape, dtype, endpoint=True)


def saved(path, array):
    np.save(path, array)
    return str(path)


def npy(folder):
    return Example(saved(folder / "a.npy", x := floats((2, STEPS, CHANNELS)).astype("f4")), x)


def npy_float64(folder):
    return Example(saved(folder / "a.npy", x := floats((2, STEPS, CHANNELS))), x)


def npy_fortran(folder):
    return Example(saved(folder / "a.npy", np.asfortranarray(x := floats((2, STEPS, CHANNELS)).astype("f4"))), x)


def npy_big_endian(folder):
    return Example(saved(folder / "a.npy", x := floats((2, STEPS, CHANNELS)).astype(">f4")), x)


def npy_int16(folder):
    return Example(saved(folder / "a.npy", x := integers((2, STEPS, CHANNELS), "i2")), x)


def npy_one_series(folder):
    return Example(saved(folder / "a.npy", x := floats((STEPS, CHANNELS)).astype("f4")), x[None])


def npy_one_series_fortran(folder):
    return Example(saved(folder / "a.npy", np.asfortranarray(x := floats((STEPS, CHANNELS)).astype("f4"))), x[None])


def npy_one_channel(folder):
    return Example(saved(folder / "a.npy", x := floats(STEPS).astype("f4")), x[None, :, None])


def hdf5(path, array, name="x", **settings):
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w", userblock_size=settings.pop("userblock_size", 0)) as file:
        file.create_dataset(name, data=array, **settings)
    return str(path)


def hdf5_contiguous(folder):
    path = hdf5(folder / "a.h5", x := floats((2, STEPS, CHANNELS)), "group/x")
    return Example(path + ":/group/x", x)


def hdf5_behind_a_user_block(folder):
    return Example(hdf5(folder / "a.h5", x := floats((STEPS, CHANNELS)), userblock_size=512), x[None])


def hdf5_compressed(folder):
    path = hdf5(folder / "a.hdf5", x := integers((STEPS, CHANNELS), "i4"), chunks=(64, 2), compression="gzip")
    return Example(path, x[None])


def zarr(path, array, version, **settings):
    library = pytest.importorskip("zarr", minversion="3")
    stored = library.create_array(
        str(path), shape=array.shape, dtype=array.dtype, zarr_format=version, overwrite=True, **settings
    )
    stored[...] = array
    return str(path)


def zarr_2(folder):
    x = floats((2, STEPS, CHANNELS)).astype("f4")
    return Example(zarr(folder / "a.zarr", x, 2, chunks=(1, 64, 2)), x)


def zarr_3(folder):
    x = integers((STEPS, CHANNELS), "i2")
    return Example(zarr(folder / "any-name", x, 3, chunks=(64, 2)), x[None])


def zarr_3_in_shards(folder):
    x = floats((STEPS, CHANNELS))
    return Example(zarr(folder / "a.zarr", x, 3, chunks=(50, 3), shards=(500, 3)), x[None])


def zarr_in_a_group(folder):
    library = pytest.importorskip("zarr", minversion="3")
    group = library.open_group(str(folder / "a.zarr"), mode="w")
    for name in ("x", "y"):
        group.create_array(name, shape=(STEPS, CHANNELS), dtype="f4", chunks=(64, 2))
    group["y"][...] = x = floats((STEPS, CHANNELS)).astype("f4")
    return Example(str(folder / "a.zarr") + ":/y", x[None])


def sound(path, array, subtype):
    pytest.importorskip("soundfile").write(path, array, RATE, subtype=subtype)
    return str(path)


def wav_16(folder):
    return Example(sound(folder / "a.wav", x := integers((STEPS, CHANNELS), "i2"), "PCM_16"), x[None] / 2**15)


def wav_24(folder):
    x = integers((STEPS, CHANNELS), "i4") >> 8 << 8
    return Example(sound(folder / "a.wav", x, "PCM_24"), x[None] / 2**31)


def wav_32(folder):
    return Example(sound(folder / "a.wav", x := integers((STEPS, CHANNELS), "i4"), "PCM_32"), x[None] / 2**31)


def wav_float(folder):
    return Example(sound(folder / "a.wav", x := floats((STEPS, CHANNELS)).astype("f4"), "FLOAT"), x[None])


def wav_double(folder):
    return Example(sound(folder / "a.wav", x := floats(STEPS), "DOUBLE"), x[None, :, None])


def flac_16(folder):
    return Example(sound(folder / "a.flac", x := integers((STEPS, CHANNELS), "i2"), "PCM_16"), x[None] / 2**15)


def flac_24(folder):
    x = integers(STEPS, "i4") >> 8 << 8
    return Example(sound(folder / "a.flac", x, "PCM_24"), x[None, :, None] / 2**31)


def recording(path, rates=(RATE, RATE, RATE), labels=None, annotated=True):
    """An EDF or BDF recording of ten seconds, and its signals as edfio reads them."""
    edfio = pytest.importorskip("edfio")
    is_bdf = path.suffix == ".bdf"
    make, write = (edfio.BdfSignal, edfio.Bdf) if is_bdf else (edfio.EdfSignal, edfio.Edf)
    signals = [
        make(50 * floats(10 * rate, index), rate, label=labels[index] if labels else f"EEG {index}")
        for index, rate in enumerate(rates)
    ]
    notes = [edfio.EdfAnnotation(2, None, "eyes closed")] if annotated else None
    write(signals, annotations=notes).write(path)
    with open(path, "rb") as file:
        read = (edfio.read_bdf if is_bdf else edfio.read_edf)(file.read())
    return str(path), [signal.data for signal in read.signals]


def edf(folder):
    path, signals = recording(folder / "a.edf", annotated=False)
    return Example(path, np.stack(signals, 1)[None])


def edf_plus(folder):
    path, signals = recording(folder / "a.edf")
    return Example(path, np.stack(signals, 1)[None])


def bdf(folder):
    path, signals = recording(folder / "a.bdf")
    return Example(path, np.stack(signals, 1)[None])


KINDS = [npy, npy_float64, npy_fortran, npy_big_endian, npy_int16, npy_one_series, npy_one_series_fortran]
KINDS += [npy_one_channel, hdf5_contiguous, hdf5_behind_a_user_block, hdf5_compressed, zarr_2, zarr_3]
KINDS += [zarr_3_in_shards, zarr_in_a_group, wav_16, wav_24, wav_32, wav_float, wav_double, flac_16, flac_24]
KINDS += [edf, edf_plus, bdf]


def by_name(make):
    return make.__name__


def cut_off(path, count):
    """The file without its last bytes."""
    content = Path(path).read_bytes()
    Path(path).write_bytes(content[:-count])
