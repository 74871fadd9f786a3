"""Every test runs in a graph of its own."""

import pytest

from nb_sepconv import graphs

collect_ignore = ["record"]  # scripts for interpreters that have TensorFlow or Keras


@pytest.fixture(autouse=True)
def graph():
    stack = graphs._default_graphs.stack
    before = list(stack)
    graph = graphs.Graph()
    stack.append(graph)
    yield graph
    stack[:] = before
