"""Ours: the built layers; a convolution in both layouts."""

from functools import partial

import numpy as np

import nb_sepconv as tf
from benchmarks.peers import NotApplicableError, Prepared, channels_first
from benchmarks.peers.with_nb_sepconv import LAYOUTS, use_threads, version
from benchmarks.product_workloads import DENSE

__all__ = ["CANDIDATES", "use_threads", "version"]


def layer(data_format, workload, arrays):
    w, change = workload, channels_first if data_format == "channels_first" else np.ascontiguousarray
    if w.model != DENSE:
        how = {"strides": w.strides, "padding": w.padding, "dilation_rate": w.dilation_rate, "data_format": data_format}
        return built(tf.layers.Conv1D(w.filters, w.kernel_size, **how), change(arrays["inputs"]), arrays, change)
    if data_format == "channels_first":
        raise NotApplicableError
    inputs = arrays["inputs"][0] if w.batch == 1 else arrays["inputs"]
    return built(tf.layers.Dense(w.filters), inputs, arrays, lambda y: y.reshape(w.batch, w.length, w.filters))


def built(layer, inputs, arrays, fetch):
    layer.build(inputs.shape)
    layer.set_weights([arrays["kernel"].reshape(layer.kernel.shape), arrays["bias"]])
    return Prepared(partial(layer, inputs), fetch)


CANDIDATES = {f"layer, {data_format}": partial(layer, data_format) for data_format in LAYOUTS}
