"""Ours: the built layer and the stateless function, in both layouts."""

from functools import partial

import numpy as np

import nb_sepconv as tf
from benchmarks.peers import Prepared, channels_first
from nb_sepconv.version import __version__

LAYOUTS = ("channels_last", "channels_first")


def version():
    return __version__


def use_threads(count):
    """The environment says it: NB_SEPCONV_NUM_THREADS."""


def arguments(workload, data_format):
    return {
        "strides": workload.strides,
        "padding": workload.padding,
        "dilation_rate": workload.dilation_rate,
        "data_format": data_format,
    }


def inputs_and_fetch(arrays, data_format):
    if data_format == "channels_first":
        return channels_first(arrays["inputs"]), channels_first
    return np.ascontiguousarray(arrays["inputs"]), np.asarray


def built_layer(data_format, workload, arrays, dtype="float32"):
    layer = tf.layers.SeparableConv1D(
        workload.filters,
        workload.kernel_size,
        depth_multiplier=workload.depth_multiplier,
        depthwise_initializer=tf.constant_initializer(arrays["depthwise"]),
        pointwise_initializer=tf.constant_initializer(arrays["pointwise"]),
        bias_initializer=tf.constant_initializer(arrays["bias"]),
        **arguments(workload, data_format),
        dtype=dtype,
    )
    shape = workload.batch, workload.length, workload.channels
    layer.build(shape if data_format == "channels_last" else (shape[0], shape[2], shape[1]))
    return layer


def layer(data_format, workload, arrays):
    inputs, fetch = inputs_and_fetch(arrays, data_format)
    return Prepared(partial(built_layer(data_format, workload, arrays), inputs), fetch)


def ops(data_format, workload, arrays):
    inputs, fetch = inputs_and_fetch(arrays, data_format)
    operands = inputs, arrays["depthwise"], arrays["pointwise"][None], arrays["bias"]
    return Prepared(partial(tf.ops.separable_conv1d, *operands, **arguments(workload, data_format)), fetch)


CANDIDATES = {
    f"{kind.__name__}, {data_format}": partial(kind, data_format) for kind in (layer, ops) for data_format in LAYOUTS
}
