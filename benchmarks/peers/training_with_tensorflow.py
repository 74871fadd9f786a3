"""TensorFlow: the functions of the forward task and their gradients, in a compiled function and in a 1.x session."""

from functools import partial

import numpy as np
import tensorflow as tf

from benchmarks.peers import NotApplicableError, Prepared
from benchmarks.peers.with_tensorflow import (
    AXES,
    convolve_mixing,
    multiply_mixing,
    native_depthwise,
    spaced_depthwise,
    use_threads,
    version,
)

__all__ = ["CANDIDATES", "use_threads", "version"]


def step(depthwise, mix, axis, workload):
    """A function of images, gradients of their outputs and weights: the outputs and all gradients."""
    rates = [1, workload.dilation_rate] if axis == 1 else [workload.dilation_rate, 1]

    def compute(images, d_outputs, *weights):
        kernel, mixing, bias = weights
        outputs = mix(depthwise(images, kernel, workload, rates), mixing, bias)
        return outputs, *tf.gradients(outputs, [images, *weights], d_outputs)

    return compute


def operands(axis, arrays):
    """Images of shape (N, 1, L, C), axis 1 being the height, or (N, L, 1, C), axis 2 the width, and the weights."""
    images, d_outputs = (np.expand_dims(arrays[name], axis) for name in ("inputs", "d_outputs"))
    return images, d_outputs, np.expand_dims(arrays["depthwise"], axis - 1), arrays["pointwise"], arrays["bias"]


def fetched(axis, results):
    outputs, d_images, d_kernel, d_mixing, d_bias = (np.asarray(result) for result in results)
    return np.squeeze(outputs, axis), np.squeeze(d_images, axis), np.squeeze(d_kernel, axis - 1), d_mixing, d_bias


def in_function(depthwise, mix, axis, workload, arrays):
    """TensorFlow's gradient of its native depthwise convolution leaves out the dilation, and is wrong with one."""
    if (depthwise is native_depthwise) == (workload.dilation_rate > 1):
        raise NotApplicableError
    given = [tf.constant(array) for array in operands(axis, arrays)]
    compute = tf.function(step(depthwise, mix, axis, workload), autograph=False)
    concrete = compute.get_concrete_function(*(tf.TensorSpec(array.shape, array.dtype) for array in given))
    return Prepared(partial(concrete, *given), partial(fetched, axis))


def in_session(depthwise, mix, axis, workload, arrays):
    given = operands(axis, arrays)
    with tf.Graph().as_default() as graph:
        fed = [tf.compat.v1.placeholder(tf.float32, array.shape) for array in given]
        results = step(depthwise, mix, axis, workload)(*fed)
    run = tf.compat.v1.Session(graph=graph).make_callable(list(results), fed)
    return Prepared(partial(run, *given), partial(fetched, axis))


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
