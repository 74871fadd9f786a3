"""Large outputs, which are written past the system's memory, have the numbers of others."""

import os

import numpy as np
import pytest
from destination_files import NAMES, loaded, require

import nb_sepconv as tf
from nb_sepconv.batch.destinations import file_destination
from nb_sepconv.batch.destinations import zarr as zarr_destination
from nb_sepconv.files import direct
from nb_sepconv.files.preallocated import PreallocatedFile


@pytest.fixture
def straight(tmp_path, monkeypatch):
    """The bytes of each request that went straight to the disk; all outputs are large, and one block is worth it."""
    (tmp_path / "tried").touch()
    descriptor = direct.opened_direct(str(tmp_path / "tried"), os.O_RDONLY)
    if descriptor is None:
        pytest.skip("the system or its file system has no O_DIRECT")
    direct.close_all(descriptor)
    for module in (file_destination, zarr_destination):
        monkeypatch.setattr(module, "LARGE_BYTES", 1)
    monkeypatch.setattr(direct, "LEAST_BYTES", direct.BLOCK_BYTES)
    found, method = [], PreallocatedFile._write_blocks
    monkeypatch.setattr(
        PreallocatedFile, "_write_blocks", lambda *arguments: (found.append(method(*arguments)), found[-1])[1]
    )
    return found


@pytest.mark.parametrize("chunk", [1000, 1777, 4096])
@pytest.mark.parametrize("name", NAMES)
def test_a_job_with_large_outputs(name, chunk, tmp_path, straight):
    require(name)
    series = np.random.default_rng(0).standard_normal((2, 20_000, 3), np.float32)
    np.save(tmp_path / "x.npy", series)
    layer = tf.layers.SeparableConv1D(5, 9, padding="same", activation="relu")
    layer.build((None, None, 3))
    report = tf.batch.apply(layer, tmp_path / "x.npy", tmp_path / name, chunk=chunk, progress=False)
    assert report.finished
    wanted = layer(series)
    np.testing.assert_array_equal(loaded(tmp_path / name), wanted)
    assert sum(straight) > 0.5 * wanted.nbytes
