"""A disk that is really full: a small file system in memory, which root may mount."""

import errno
import os
import subprocess

import numpy as np
import pytest
from destination_files import loaded, require

import nb_sepconv as tf

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
NAMES = ["y.npy", "y.h5", "y.zarr", "out/"]


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk, and a function that gives the disk so many bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size, option="rw"):
        command = ["mount", "-t", "tmpfs", "-o", f"{option},size={size}", "tmpfs", str(folder)]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("this user may not mount a file system in memory")

    mount(64 * PAGE)
    yield folder, lambda size: mount(size, "remount")
    subprocess.run(["umount", str(folder)], check=True)


def model():
    layer = tf.layers.SeparableConv1D(4, 9, padding="same", activation="relu")
    layer.build((None, None, 3))
    return layer


def series(steps):
    return np.random.default_rng(0).standard_normal((1, steps, 3), np.float32)


def free_pages(folder):
    return os.statvfs(folder).f_bavail


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_is_too_small_stops_a_job_before_any_work(name, disk):
    require(name)
    folder, resize = disk
    layer, x, path = model(), series(64 * PAGE // 16), f"{folder}/{name}"
    with pytest.raises(OSError, match=r"No space left on device \(\d+ bytes are needed\)") as error:
        tf.batch.apply(layer, x, path, progress=False)
    assert error.value.errno == errno.ENOSPC
    assert free_pages(folder) >= 58  # what is left is the journal and its lock
    resize(128 * PAGE)
    assert tf.batch.apply(layer, x, path, progress=False).finished
    np.testing.assert_array_equal(loaded(path + "array-0.npy" if name == "out/" else path), layer(x))


def test_a_disk_that_is_full_while_the_job_runs_stops_it_and_it_goes_on(disk):
    """The journal grows while the space of the outputs is there."""
    folder, resize = disk
    layer, x, path = model(), series(20 * PAGE // 16), f"{folder}/y.npy"

    def fill(progress):
        if progress.chunks == 10:
            with open(folder / "other", "wb") as other:
                other.write(bytes(free_pages(folder) * PAGE))

    with pytest.raises(OSError, match="No space left on device"):
        tf.batch.apply(layer, x, path, chunk=2, progress=fill)
    assert tf.batch.status(path).state == "stopped"
    (folder / "other").unlink()
    resize(128 * PAGE)
    report = tf.batch.apply(layer, x, path, chunk=2, progress=False)
    assert report.finished
    np.testing.assert_array_equal(np.load(path), layer(x))
