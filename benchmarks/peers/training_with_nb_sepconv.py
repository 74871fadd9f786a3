"""Ours: the layer with its pullback and the stateless functions, in both layouts."""

from functools import partial

import nb_sepconv as tf
from benchmarks.peers import Prepared, channels_first
from benchmarks.peers.with_nb_sepconv import arguments, built_layer, inputs_and_fetch, use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]


def layer(data_format, workload, arrays):
    """The bias is assigned to before each call, so that the weights are packed anew as in training."""
    made = built_layer(data_format, workload, arrays)
    inputs, d_outputs, fetch = operands(arrays, data_format)

    def call():
        made.bias.assign(arrays["bias"])
        outputs, pullback = made.value_and_pullback(inputs)
        d_inputs, gradients = pullback(d_outputs)
        return outputs, d_inputs, *gradients

    return Prepared(call, fetch)


def ops(data_format, workload, arrays):
    inputs, d_outputs, fetch = operands(arrays, data_format)
    weights, settings = (arrays["depthwise"], arrays["pointwise"], arrays["bias"]), arguments(workload, data_format)

    def call():
        outputs = tf.ops.separable_conv1d(inputs, *weights, **settings)
        return outputs, *tf.ops.separable_conv1d_gradients(d_outputs, inputs, *weights, **settings)

    return Prepared(call, fetch)


def operands(arrays, data_format):
    """The inputs and the gradient of the outputs in the layout, and how to fetch the results."""
    inputs, fetch_one = inputs_and_fetch(arrays, data_format)
    d_outputs = channels_first(arrays["d_outputs"]) if data_format == "channels_first" else arrays["d_outputs"]

    def fetch(results):
        outputs, d_inputs, d_depthwise, d_pointwise, d_bias = results
        d_pointwise = d_pointwise.reshape(-1, len(d_bias))
        return fetch_one(outputs), fetch_one(d_inputs), d_depthwise, d_pointwise, d_bias

    return inputs, d_outputs, fetch


CANDIDATES = {
    f"{kind.__name__}, {data_format}": partial(kind, data_format)
    for kind in (layer, ops)
    for data_format in ("channels_last", "channels_first")
}
