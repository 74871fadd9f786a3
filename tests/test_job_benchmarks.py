"""Benchmarks of whole jobs: they run, are compared with each other, and write what they found."""

import numpy as np
import pytest

from benchmarks.jobs import __main__ as program
from benchmarks.jobs import chunks, halo, make_layers, sizing
from benchmarks.jobs.__main__ import WORKLOADS, check, main
from benchmarks.processes import WorkerError
from benchmarks.report import join, split


def test_a_short_run_writes_its_part_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(program, "MODULES", {program.OURS: "with_nb_sepconv"})
    page = tmp_path / "page.md"
    page.write_text("# Benchmarks\n\nkept\n")
    main(["--scale", "1e-9", "--rounds", "1", "--only", "I/O-bound", "--output", str(page), "--folder", str(tmp_path)])
    parts = split(page.read_text())
    assert parts["forward"] == "# Benchmarks\n\nkept\n"
    assert "| I/O-bound | 0.128 | 0.000672 |" in parts["jobs"]
    assert join(parts) == page.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["page.md"]


def test_wrong_answers_are_seen(tmp_path):
    one = np.random.default_rng(0).standard_normal((1, 1000, 4), np.float32)
    other = one[0].copy()
    other[:10] = other[-10:] = 0
    np.save(tmp_path / "one.npy", one)
    np.save(tmp_path / "other.npy", other)
    check(tmp_path / "one.npy", tmp_path / "other.npy", 10, "Keras")
    other[500, 2] += 0.01
    np.save(tmp_path / "other.npy", other)
    with pytest.raises(WorkerError, match="Keras is wrong at step 10: relative error"):
        check(tmp_path / "one.npy", tmp_path / "other.npy", 10, "Keras")


def test_chunks_cut_by_hand_have_what_is_around_them():
    assert list(chunks(10, 2, 4)) == [(0, 4, 0, 6), (4, 8, 2, 10), (8, 10, 6, 10)]
    assert halo(make_layers(WORKLOADS[0])) == 16 + 19 + 25


def test_the_table_of_sizes_takes_the_place_of_the_old_one(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{sizing.START}\nold\n{sizing.END}\nafter\n")
    monkeypatch.setattr(sizing, "steps_per_second", lambda model: 1e6)
    monkeypatch.setattr("sys.argv", ["sizing", str(page)])
    sizing.main()
    written = page.read_text()
    assert written.startswith(f"before\n{sizing.START}\n| model, float32 |")
    assert "| two layers, 3 → 16 → 4 channels, 9 taps | 28 | 0.566 | 1000 | 28.0 |" in written
    assert written.endswith(f"{sizing.END}\nafter\n")
    assert "old" not in written
