"""Ours: the built layer in each precision and in both layouts, and of bfloat16 arrays."""

from functools import partial

import ml_dtypes

from benchmarks.peers import Prepared
from benchmarks.peers.with_nb_sepconv import LAYOUTS, built_layer, inputs_and_fetch, use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]


def layer(data_format, precision, workload, arrays):
    inputs, fetch = inputs_and_fetch(arrays, data_format)
    made = built_layer(data_format, workload, arrays)
    made.precision = precision
    return Prepared(partial(made, inputs), fetch)


def layer_of_bfloat16(data_format, workload, arrays):
    inputs, fetch = inputs_and_fetch(arrays, data_format)
    made = built_layer(data_format, workload, arrays, "bfloat16")
    return Prepared(partial(made, inputs.astype(ml_dtypes.bfloat16)), lambda outputs: fetch(outputs.astype("float32")))


CANDIDATES = {
    f"{data_format}, {precision}": partial(layer, data_format, precision)
    for precision in ("float32", "bf16x3", "bf16")
    for data_format in LAYOUTS
} | {f"{data_format}, bfloat16 arrays, bf16": partial(layer_of_bfloat16, data_format) for data_format in LAYOUTS}
