"""What scenarios look at."""

import threading

import numpy as np


def names(variables):
    return [variable.name for variable in variables]


def dims(shape):
    listed = shape.as_list() if hasattr(shape, "as_list") else shape
    return [None if dim is None else int(dim) for dim in listed]


def dtype_name(thing):
    dtype = thing.dtype
    return None if dtype is None else np.dtype(getattr(dtype, "as_numpy_dtype", dtype)).name


def named_shapes(variables):
    return [[variable.name, dims(variable.shape)] for variable in variables]


def graph_facts(tf):
    return {
        "global": names(tf.global_variables()),
        "trainable": names(tf.trainable_variables()),
        "losses": len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)),
    }


def layer_facts(layer):
    return {
        "name": layer.name,
        "scope": layer.scope_name,
        "trainable": names(layer.trainable_variables),
        "frozen": names(layer.non_trainable_variables),
        "losses": len(layer.losses),
    }


def reuse_of(tf, scope):
    return "auto" if scope.reuse is tf.AUTO_REUSE else scope.reuse


def error_of(function, *args, **keywords):
    """The name of the exception's type, or None."""
    try:
        function(*args, **keywords)
    except Exception as error:
        return type(error).__name__
    return None


def in_thread(tf, function):
    """What the function returned, or the type of what it raised, in a thread of its own on the current graph."""
    graph, results = tf.get_default_graph(), []

    def work():
        with graph.as_default():
            try:
                results.append(function())
            except Exception as error:
                results.append(type(error).__name__)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return results[0]


def random_kernels(kernel_size, channels, multiplier, filters):
    random = np.random.default_rng([kernel_size, channels, multiplier, filters])
    shapes = (kernel_size, channels, multiplier), (1, channels * multiplier, filters), (filters,)
    return [random.standard_normal(shape).astype(np.float32) for shape in shapes]


def with_weights(tf, channels, *, filters=4, kernel_size=3, depth_multiplier=1, **keywords):
    """Arguments of a layer whose weights are the same in every library."""
    depthwise, pointwise, bias = random_kernels(kernel_size, channels, depth_multiplier, filters)
    return {
        "filters": filters,
        "kernel_size": kernel_size,
        "depth_multiplier": depth_multiplier,
        "depthwise_initializer": tf.constant_initializer(depthwise),
        "pointwise_initializer": tf.constant_initializer(pointwise),
        "bias_initializer": tf.constant_initializer(bias),
        **keywords,
    }
