"""What the benchmarks on a GPU compute without one: sizes, the page, and the refusal to run."""

import dataclasses
import sys

import pytest

from benchmarks import gpu
from benchmarks.gpu_peers import COMPILED, CUBLAS, ONE_TF32, OURS, TORCH
from benchmarks.workloads import load_workloads

TINY = load_workloads(["tiny"])[0]


def test_sizes_are_scaled_beyond_the_caches():
    for workload in load_workloads():
        large = gpu.scaled(workload)
        assert gpu.TRAFFIC_BYTES <= gpu.traffic(large, "forward") < 1.1 * gpu.TRAFFIC_BYTES
        assert gpu.scaled(workload, 1) == workload


def test_depthwise_traffic_counts_its_own_outputs():
    workload = next(w for w in load_workloads() if w.depth_multiplier > 1)
    hidden = workload.channels * workload.depth_multiplier
    outputs = workload.batch * workload.output_length * hidden
    assert gpu.traffic(workload, "depthwise") == 4 * (workload.batch * workload.length * workload.channels + outputs)


def test_page_says_ratios_shares_and_what_is_missing():
    times = {
        (OURS, "channels_last", "depthwise"): 1e-3,
        (OURS, "channels_first", "forward"): 2e-3,
        (OURS, "channels_last", "forward"): 4e-3,
        (OURS, "channels_last", "backward"): 5e-3,
        (TORCH, "channels_first", "forward"): 6e-3,
        (TORCH, "channels_first", "backward"): 5e-3,
        (ONE_TF32, "channels_last", "forward"): 1e-3,
    }
    workload = gpu.scaled(TINY)
    page = gpu.render(
        {
            "date": "2000-01-01",
            "gpu": "A GPU",
            "versions": "PyTorch 2",
            "bandwidth": gpu.traffic(workload, "forward") / 1e-3,
            "host": 12e-6,
            "results": [(workload, times, {COMPILED: "no"})],
        }
    )
    assert "| tiny, forward | 2.00 | 50% | 3.00 | torch.compile |" in page
    assert "forward: 3.00, backward: 1.00" in page
    assert "12.0 microseconds" in page
    assert "| tiny | 8 | 16 | 4.00 |  | 1.00 |  |" in page
    assert "cuBLAS was the faster by no number of filters" in page


def test_cublas_is_chosen_from_where_it_always_was_the_faster():
    def result(filters, gain):
        times = {(OURS, "channels_last", "forward"): 2.0, (CUBLAS, "channels_last", "forward"): 2.0 / gain}
        return dataclasses.replace(TINY, filters=filters), times, {}

    assert gpu.filters_for_cublas([result(64, 1.5), result(128, 0.5), result(256, 1.2), result(512, 2)]) == 256
    assert gpu.filters_for_cublas([result(256, 1.2), result(256, 0.9)]) is None
    assert gpu.filters_for_cublas([]) is None


def test_wrong_answers_are_not_timed():
    import numpy as np

    expected = np.ones((1, 3, 2))
    gpu.check(OURS, "channels_first", np.ones((4, 2, 3)), expected)
    with pytest.raises(ArithmeticError, match=r"PyTorch, channels_last: a relative error of 1\.0e\+00"):
        gpu.check(TORCH, "channels_last", np.zeros((4, 3, 2)), expected)
    gpu.check(ONE_TF32, "channels_last", np.full((4, 3, 2), 1.001), expected)


@pytest.mark.parametrize(("torch", "message"), [(None, "need PyTorch"), ("without a GPU", "need a GPU")])
def test_without_a_gpu_they_fail(torch, message, monkeypatch, tmp_path):
    class Torch:
        class cuda:
            @staticmethod
            def is_available():
                return False

    monkeypatch.setitem(sys.modules, "torch", Torch if torch else None)
    with pytest.raises(SystemExit, match=message):
        gpu.main(["--output", str(tmp_path / "page.md")])
    assert not list(tmp_path.iterdir())
