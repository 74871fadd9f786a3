"""The benchmarks of streams: their answers, every library that is installed, and their part of the page."""

from dataclasses import replace

import numpy as np
import pytest
from benchmark_cases import check_candidates

from benchmarks.peers import OURS, STREAMS
from benchmarks.report import TITLES, join, split
from benchmarks.statistics import summary
from benchmarks.stream_workloads import DECODING, make_stream_arrays, stream_workloads
from benchmarks.streams import overheads, parse, render

SMALL = replace(DECODING, channels=6, length=3)
LAYERS = (SMALL, replace(SMALL, filters=5), replace(SMALL, filters=5, dilation_rate=3, length=2))


@pytest.mark.parametrize("workload", LAYERS)
def test_expected_outputs_are_the_definition(workload):
    arrays = make_stream_arrays(workload)
    expected, inputs = arrays.pop("expected"), arrays["inputs"].astype(np.float64)
    series = np.concatenate([inputs, inputs], axis=1)
    for step in range(workload.length):
        hidden = np.zeros(workload.channels)
        for tap in range(workload.kernel_size):
            at = workload.length + step + (tap - workload.kernel_size + 1) * workload.dilation_rate
            if at >= 0:
                hidden += series[0, at] * arrays["depthwise"][tap, :, 0]
        outputs = hidden @ arrays["pointwise"] + arrays["bias"] if workload.filters else hidden
        np.testing.assert_allclose(expected[0, step], outputs, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("library", STREAMS)
def test_every_candidate_is_right(library):
    check_candidates(library, "streams", LAYERS, make_stream_arrays)


def test_workloads_are_layers_at_three_chunks():
    names = [(workload.name, workload.length) for workload in stream_workloads()]
    assert names == [(name, chunk) for name in ("decoding", "citrinet_512", "convtasnet") for chunk in (1, 16, 160)]
    assert all((workload.batch, workload.padding) == (1, "causal") for workload in stream_workloads())


def test_the_part_of_the_page():
    times = {
        (OURS, "stream, channels_last"): summary([1e-5]),
        (OURS, "stream, channels_first"): summary([4e-5]),
        ("PyTorch", "Series"): summary([2e-5]),
        ("causal-conv1d", "update, then a product"): summary([3e-5]),
    }
    facts = {library: {"version": "1.0", "python": "3.11"} for library in STREAMS}
    measured = {1: ([{"workload": SMALL, "times": times}], facts)}
    part = render(measured, [["tiny", "1.00", "2.00", "1.01"]], "python -m benchmarks.streams")
    assert "| decoding | 3 | PyTorch | 20.0 | 10.0 (2.00) | 40.0 (**0.50**) |" in part
    assert "| decoding | 3 | 20.0 (Series) | 30.0 (update, then a product) |" in part
    assert "Geometric means: stream, channels_last 2.00, stream, channels_first 0.50." in part
    page = {"forward": f"{TITLES['forward']}\n\nother\n", "streams": part}
    assert split(join(page)) == page


def test_what_the_command_takes():
    options = parse(["--threads", "1", "--threads", "2", "--chunk", "16", "--rounds", "3"])
    assert (options.threads, options.chunk, options.rounds, options.seconds) == ([1, 2], [16], 3, 0.2)


def test_overheads_are_measured_of_pushes_and_calls():
    rows = overheads(pushes=20_000, rounds=1, number=2, layers=(("tiny", 8, 16, 3, 1),))
    assert [len(row) for row in rows] == [4]
    assert all(float(cell) > 0 for cell in rows[0][1:])
