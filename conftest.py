"""Every test and every example in a docstring runs in a graph of its own."""

from importlib.util import find_spec

import pytest

from nb_sepconv.framework import graph as graphs

collect_ignore = [f"nb_sepconv/interop/{name}.py" for name in ("autograd", "jax", "torch") if not find_spec(name)]
collect_ignore += ["nb_sepconv/kernels/cuda"]  # it imports CUDA, and its tests are in tests/gpu


@pytest.fixture(autouse=True)
def graph():
    stack = graphs._default_graphs.stack
    before = list(stack)
    graph = graphs.Graph()
    stack.append(graph)
    yield graph
    stack[:] = before
