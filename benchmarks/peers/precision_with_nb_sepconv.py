"""Ours: the built layer in each precision and in both layouts."""

from functools import partial

from benchmarks.peers import Prepared
from benchmarks.peers.with_nb_sepconv import built_layer, inputs_and_fetch, use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]


def layer(data_format, precision, workload, arrays):
    inputs, fetch = inputs_and_fetch(arrays, data_format)
    made = built_layer(data_format, workload, arrays)
    made.precision = precision
    return Prepared(partial(made, inputs), fetch)


CANDIDATES = {
    f"{data_format}, {precision}": partial(layer, data_format, precision)
    for precision in ("float32", "bf16x3", "bf16")
    for data_format in ("channels_last", "channels_first")
}
