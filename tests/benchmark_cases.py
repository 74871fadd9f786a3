"""What the tests of all benchmarks do with a library's candidates."""

import pytest

from benchmarks.peers import LARGEST_ERRORS, NotApplicableError, peer_module, precision_of
from benchmarks.workloads import largest_error

BOUNDS = {**LARGEST_ERRORS, "float32": 2e-6}


def check_candidates(library, task, workloads, make_arrays):
    """Each of a library's candidates for a task gives the expected answers; it skips where there is no such library."""
    peer = peer_or_skip(library, task)
    peer.use_threads(1)
    for workload in workloads:
        arrays = make_arrays(workload)
        expected = [arrays.pop(name) for name in list(arrays) if name.startswith("expected")]
        for name, build in peer.CANDIDATES.items():
            assert error_of(build, workload, arrays, expected) < BOUNDS[precision_of(name)]


def error_of(build, workload, arrays, expected):
    """The largest error of what a candidate computes, 0 where it does not apply."""
    try:
        prepared = build(workload, arrays)
    except NotApplicableError:
        return 0.0
    return largest_error(prepared.fetch(prepared.call()), expected)


def peer_or_skip(library, task):
    """The module that has the library's candidates for a task."""
    try:
        return peer_module(library, task)
    except ImportError as error:
        pytest.skip(f"{library} is not installed: {error}")
