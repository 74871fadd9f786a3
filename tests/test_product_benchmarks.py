"""The benchmarks of products: their answers, every library that is installed, and their part of the page."""

from dataclasses import replace

import numpy as np
import pytest
from benchmark_cases import check_candidates

from benchmarks.peers import OURS, PRODUCTS
from benchmarks.product_workloads import CONVOLUTION, DENSE, make_product_arrays, product_workloads
from benchmarks.products import parse, render
from benchmarks.report import TITLES, join, split
from benchmarks.statistics import summary

CONVOLVED = replace(
    product_workloads(["tcn"])[0], batch=2, length=7, channels=3, filters=5, kernel_size=4, dilation_rate=1, strides=2
)
MULTIPLIED = replace(product_workloads(["head"])[0], length=6, channels=4, filters=3)
LAYERS = CONVOLVED, replace(CONVOLVED, strides=1, dilation_rate=2), replace(CONVOLVED, kernel_size=1), MULTIPLIED


@pytest.mark.parametrize("workload", LAYERS)
def test_expected_outputs_are_the_definition(workload):
    arrays = make_product_arrays(workload)
    expected, left = arrays["expected"], workload.pads[0]
    for (example, step), outputs in np.ndenumerate(expected[..., 0]):
        wanted = arrays["bias"][0].astype(np.float64)
        for tap in range(workload.kernel_size):
            at = step * workload.strides - left + tap * workload.dilation_rate
            if 0 <= at < workload.length:
                wanted += arrays["inputs"][example, at].astype(np.float64) @ arrays["kernel"][tap, :, 0]
        assert outputs == pytest.approx(wanted, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("library", PRODUCTS)
def test_every_candidate_is_right(library):
    check_candidates(library, "products", LAYERS, make_product_arrays)


def test_there_are_ten_of_each():
    kinds = [workload.model for workload in product_workloads()]
    assert kinds == [DENSE] * 10 + [CONVOLUTION] * 10
    assert [each.name for each in product_workloads(["kws", "tcn"])] == ["kws", "tcn"]


def test_the_part_of_the_page():
    def times(*ours):
        mine = {(OURS, f"layer, {layout}"): summary([seconds]) for layout, seconds in ours}
        return {**mine, ("PyTorch", "linear, frozen"): summary([2e-5]), ("TensorFlow", "product"): summary([3e-5])}

    results = [
        {"workload": MULTIPLIED, "times": times(("channels_last", 1e-5))},
        {"workload": CONVOLVED, "times": times(("channels_last", 4e-5), ("channels_first", 1e-5))},
    ]
    facts = {library: {"version": "1.0", "python": "3.11"} for library in PRODUCTS}
    part = render((results, facts), "python -m benchmarks.products")
    assert "| head | 6x4 to 3 | 10.0 (2.00) | PyTorch | 30.0 (product) |  |  | 20.0 (linear, frozen) |" in part
    assert "| tcn | 2x7x3 to 5, 4 taps/2 | 40.0 (**0.50**) | 10.0 (2.00) | PyTorch |" in part
    assert "Geometric means: layer, channels_last 0.50, layer, channels_first 2.00." in part
    page = {"forward": f"{TITLES['forward']}\n\nother\n", "products": part}
    assert split(join(page)) == page


def test_what_the_command_takes():
    options = parse(["--only", "tcn", "--threads", "1", "--rounds", "3"])
    assert (options.only, options.threads, options.rounds, options.seconds) == (["tcn"], 1, 3, 0.1)
