"""Every test and every example in a docstring runs in a graph of its own."""

import pytest

from nb_sepconv import graphs


@pytest.fixture(autouse=True)
def graph():
    stack = graphs._default_graphs.stack
    before = list(stack)
    graph = graphs.Graph()
    stack.append(graph)
    yield graph
    stack[:] = before
