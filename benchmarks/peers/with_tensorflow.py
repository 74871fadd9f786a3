"""TensorFlow: tf.nn's convolutions in a compiled function and in a 1.x session, weights as constants.

The series lies in the image's width or in its height, and TensorFlow's CPU kernels know channels_last alone.
"""

import os
from functools import partial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf

from benchmarks.peers import NotApplicableError, Prepared


def version():
    return tf.__version__


def use_threads(count):
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def native_depthwise(images, kernel, workload, rates):
    strides = [1, workload.strides, workload.strides, 1]
    padding = workload.padding.upper()
    return tf.raw_ops.DepthwiseConv2dNative(
        input=images, filter=kernel, strides=strides, padding=padding, dilations=[1, *rates, 1]
    )


def spaced_depthwise(images, kernel, workload, rates):
    strides = [1, workload.strides, workload.strides, 1]
    return tf.nn.depthwise_conv2d(images, kernel, strides, workload.padding.upper(), dilations=rates)


def convolution(depthwise, axis, workload, arrays):
    """Images to outputs, a function of a tensor of shape (N, 1, L, C) or (N, L, 1, C)."""
    kernel = tf.constant(np.expand_dims(arrays["depthwise"], axis - 1))
    mixing = tf.constant(arrays["pointwise"][None, None])
    bias = tf.constant(arrays["bias"])
    rates = [workload.dilation_rate if place == 2 - axis else 1 for place in range(2)]

    def convolve(images):
        hidden = depthwise(images, kernel, workload, rates)
        return tf.nn.bias_add(tf.nn.conv2d(hidden, mixing, 1, "VALID"), bias)

    return convolve


def in_function(depthwise, axis, workload, arrays):
    if depthwise is spaced_depthwise and workload.dilation_rate == 1:
        raise NotApplicableError
    images = tf.constant(np.expand_dims(arrays["inputs"], axis))
    convolve = tf.function(convolution(depthwise, axis, workload, arrays), autograph=False)
    concrete = convolve.get_concrete_function(tf.TensorSpec(images.shape, tf.float32))
    return Prepared(partial(concrete, images), lambda outputs: np.squeeze(outputs.numpy(), axis))


def in_session(depthwise, axis, workload, arrays):
    images = np.expand_dims(arrays["inputs"], axis)
    with tf.Graph().as_default() as graph:
        fed = tf.compat.v1.placeholder(tf.float32, images.shape)
        outputs = convolution(depthwise, axis, workload, arrays)(fed)
    run = tf.compat.v1.Session(graph=graph).make_callable(outputs, [fed])
    return Prepared(partial(run, images), lambda outputs: np.squeeze(outputs, axis))


CANDIDATES = {
    "function, width": partial(in_function, native_depthwise, 1),
    "function, height": partial(in_function, native_depthwise, 2),
    "function, width, space to batch": partial(in_function, spaced_depthwise, 1),
    "function, height, space to batch": partial(in_function, spaced_depthwise, 2),
    "session, width": partial(in_session, spaced_depthwise, 1),
    "session, height": partial(in_session, spaced_depthwise, 2),
}
