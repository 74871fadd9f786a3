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


def convolve_mixing(hidden, mixing, bias):
    return tf.nn.bias_add(tf.nn.conv2d(hidden, mixing[None, None], 1, "VALID"), bias)


def multiply_mixing(hidden, mixing, bias):
    rows = tf.reshape(hidden, [-1, hidden.shape[-1]])
    outputs = tf.nn.bias_add(tf.matmul(rows, mixing), bias)
    return tf.reshape(outputs, [*hidden.shape[:-1], mixing.shape[-1]])


def separable(depthwise, mix, axis, workload, arrays):
    """A function of images of shape (N, 1, L, C), axis 1 being the height, or (N, L, 1, C), axis 2 the width."""
    kernel = tf.constant(np.expand_dims(arrays["depthwise"], axis - 1))
    mixing, bias = tf.constant(arrays["pointwise"]), tf.constant(arrays["bias"])
    rates = [1, workload.dilation_rate] if axis == 1 else [workload.dilation_rate, 1]

    def convolve(images):
        return mix(depthwise(images, kernel, workload, rates), mixing, bias)

    return convolve


def in_function(depthwise, mix, axis, workload, arrays):
    if depthwise is spaced_depthwise and workload.dilation_rate == 1:
        raise NotApplicableError
    images = tf.constant(np.expand_dims(arrays["inputs"], axis))
    convolve = tf.function(separable(depthwise, mix, axis, workload, arrays), autograph=False)
    concrete = convolve.get_concrete_function(tf.TensorSpec(images.shape, tf.float32))
    return Prepared(partial(concrete, images), lambda outputs: np.squeeze(outputs.numpy(), axis))


def in_session(depthwise, mix, axis, workload, arrays):
    images = np.expand_dims(arrays["inputs"], axis)
    with tf.Graph().as_default() as graph:
        fed = tf.compat.v1.placeholder(tf.float32, images.shape)
        outputs = separable(depthwise, mix, axis, workload, arrays)(fed)
    run = tf.compat.v1.Session(graph=graph).make_callable(outputs, [fed])
    return Prepared(partial(run, images), lambda outputs: np.squeeze(outputs, axis))


AXES = {"height one": 1, "width one": 2}
CANDIDATES = {
    f"{runner}, {images}{variant}": partial(build, depthwise, mix, axis)
    for images, axis in AXES.items()
    for runner, build, depthwise, mix, variant in (
        ("function", in_function, native_depthwise, convolve_mixing, ""),
        ("function", in_function, native_depthwise, multiply_mixing, ", product"),
        ("function", in_function, spaced_depthwise, convolve_mixing, ", space to batch"),
        ("session", in_session, spaced_depthwise, convolve_mixing, ""),
    )
}
