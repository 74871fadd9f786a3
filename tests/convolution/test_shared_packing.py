"""Weights that several threads pack: the same results as from one thread, at every edge."""

from importlib import import_module
from itertools import product

import numpy as np
import plain_tiles
import pytest
import reference
from test_ops import convolve, operands

from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import engines
from nb_sepconv.kernels.bf16 import availability
from nb_sepconv.kernels.cpu.forward import prepared_plan

engine, parts_engine = (import_module(f"nb_sepconv.kernels.{kind}.engine") for kind in ("cpu", "bf16"))
parts_plan = import_module("nb_sepconv.kernels.bf16.forward.plan")
WORKERS = 3
TILES = availability.tiles_unit() or plain_tiles.NAME


@pytest.fixture
def packed(monkeypatch):
    """Several workers pack, whatever the size and the machine; the launches that packed, as (worker, workers)."""
    seen = []
    launch = prepared_plan.launch

    def spying(worker, plan, *arrays):
        if isinstance(plan, prepared_plan.Packing):
            seen.append((worker, plan.workers))
        launch(worker, plan, *arrays)

    monkeypatch.setattr(prepared_plan, "launch", spying)
    monkeypatch.setattr(prepared_plan, "SERIAL_PACKED_BYTES", 0)
    monkeypatch.setattr(parts_plan, "SERIAL_SPLIT_BYTES", 0)
    for module in (engine, parts_engine):
        monkeypatch.setattr(module, "workers", lambda sizes, threads: WORKERS)
    planned_calls.clear()
    yield seen
    planned_calls.clear()


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_channel_filter_and_multiplier_edges(packed, data_format, dtype):
    rng = np.random.default_rng(1)
    for channels, multiplier, filters in product((1, 16, 33), (1, 2), (1, 15, 32, 33, 130)):
        given = operands(rng, 2, 48, channels, 3, multiplier, filters, dtype, integers=True)
        wanted = reference.separable_conv1d(*given, padding="same")
        np.testing.assert_array_equal(convolve(data_format, *given, padding="same"), wanted)
    assert len(packed) >= 30
    assert {workers for _, workers in packed} == {WORKERS}


@pytest.mark.parametrize("precision", ["float32", "bf16x3", "bf16"])
def test_parts_are_split_as_by_one_thread(packed, monkeypatch, precision):
    monkeypatch.setattr(availability, "tiles_unit", lambda: TILES)
    monkeypatch.setenv(engines.VARIABLE, "amx")
    rng = np.random.default_rng(2)
    for channels, multiplier, filters in product((16, 40), (1, 2), (32, 70)):
        given = operands(rng, 2, 48, channels, 3, multiplier, filters, np.float32)
        results = []
        for least in (0, np.inf):
            monkeypatch.setattr(prepared_plan, "SERIAL_PACKED_BYTES", least)
            monkeypatch.setattr(parts_plan, "SERIAL_SPLIT_BYTES", least)
            results.append(convolve("channels_last", *given, padding="same", precision=precision))
        np.testing.assert_array_equal(*results)
    assert len({worker for worker, workers in packed if workers == WORKERS}) == 2  # one packs, the other one splits
