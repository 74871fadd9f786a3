"""TensorFlow: a product of matrices, or a convolution of images of height or width one, in a compiled function."""

from functools import partial

import numpy as np
import tensorflow as tf

from benchmarks.peers import NotApplicableError, Prepared
from benchmarks.peers.with_tensorflow import AXES, use_threads, version
from benchmarks.product_workloads import DENSE

__all__ = ["CANDIDATES", "use_threads", "version"]


def product(workload, arrays):
    if workload.kernel_size > 1:
        raise NotApplicableError
    rows = arrays["inputs"].reshape(-1, workload.channels)
    kernel, bias = tf.constant(arrays["kernel"][0]), tf.constant(arrays["bias"])
    shape = workload.batch, workload.length, workload.filters
    return function(lambda x: tf.nn.bias_add(tf.matmul(x, kernel), bias), rows, lambda y: y.reshape(shape))


def images(axis, workload, arrays):
    if workload.model == DENSE:
        raise NotApplicableError
    kernel, bias = tf.constant(np.expand_dims(arrays["kernel"], axis - 1)), tf.constant(arrays["bias"])
    strides, rates = [1, 1], [1, 1]
    strides[2 - axis], rates[2 - axis] = workload.strides, workload.dilation_rate

    def convolve(x):
        return tf.nn.bias_add(tf.nn.conv2d(x, kernel, strides, "SAME", dilations=rates), bias)

    return function(convolve, np.expand_dims(arrays["inputs"], axis), lambda y: np.squeeze(y, axis))


def function(compute, inputs, fetch):
    inputs = tf.constant(inputs)
    made = tf.function(compute, autograph=False).get_concrete_function(tf.TensorSpec(inputs.shape, tf.float32))
    return Prepared(partial(made, inputs), lambda outputs: fetch(outputs.numpy()))


CANDIDATES = {"product": product, **{name: partial(images, axis) for name, axis in AXES.items()}}
