"""Every test runs in a graph of its own."""

import pytest

from nb_sepconv.graphs import Graph


@pytest.fixture(autouse=True)
def graph():
    with Graph().as_default() as graph:
        yield graph
