"""The benchmarks of lengths: half of all steps, what is measured, and their part of the page."""

import numpy as np
import pytest

from benchmarks.lengths import COMPUTING, MOVING, half_full, main, measure, operations_per_byte, parse, render, row
from benchmarks.report import TITLES, join, split
from benchmarks.workloads import load_workloads


@pytest.mark.parametrize("workload", load_workloads([*COMPUTING, *MOVING]), ids=lambda workload: workload.name)
def test_half_of_all_steps(workload):
    lengths = half_full(workload)
    assert lengths.shape == (workload.batch,)
    assert lengths.sum() == workload.batch * (workload.length // 2)
    assert lengths.min() >= 0
    assert lengths.max() <= workload.length
    assert np.unique(lengths).size > 1


def test_layers_bound_by_memory_have_fewer_operations_per_byte():
    computing, moving = (map(operations_per_byte, load_workloads(names)) for names in (COMPUTING, MOVING))
    assert min(computing) > 1.5 * max(moving)


def test_operations_per_byte_by_hand():
    (tiny,) = load_workloads(["tiny"])  # 100 steps of 8 channels to 98 of 16 filters, 3 taps
    assert operations_per_byte(tiny) == pytest.approx(2 * 98 * 8 * (3 + 16) / (4 * (100 * 8 + 98 * 16)))


def test_the_part_of_the_page():
    (workload,) = load_workloads(["tiny"])
    measured = measure(workload, rounds=1, seconds=0)
    assert [len(each) for each in measured.values()] == [2, 2]
    assert all(number > 0 for each in measured.values() for number in each)
    line = row(workload, {"channels_last": (1e-5, 0.5), "channels_first": (2e-5, 0.625)})
    assert line == ["tiny", "3", "10.0", "0.50", "20.0", "0.62"]
    part = render({2: [line]}, "python -m benchmarks.lengths")
    assert "## Half-full batches, 2 threads" in part
    assert "| tiny | 3 | 10.0 | 0.50 | 20.0 | 0.62 |" in part
    page = {"forward": f"{TITLES['forward']}\n\nother\n", "lengths": part}
    assert split(join(page)) == page


def test_what_the_command_takes(capsys):
    options = parse(["--only", "qanet", "--threads", "1", "--rounds", "3"])
    assert (options.only, options.threads, options.rounds, options.seconds) == (["qanet"], [1], 3, 0.03)
    main(["--only", "tiny", "--threads", "1", "--rounds", "1", "--seconds", "0", "--print"])
    assert "Written by `python -m benchmarks.lengths --only tiny --threads 1 --rounds 1" in capsys.readouterr().out
