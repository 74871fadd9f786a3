"""Expressions whose values are recorded from Keras 3 and compared with this library's ``keras``.

``cases(keras)`` and ``configs(keras)`` are called with either; each case is a function of no arguments.
"""

import itertools

import numpy as np

from tests.value_cases import grid, weights

ACTIVATIONS = (
    *("celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_tanh"),
    *("leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu"),
    *("soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus"),
    *("tanh", "tanh_shrink"),
)


def cases(keras):
    """Every case of ``keras``, by name."""
    return {**_activations(keras), **_layers(keras), **_kernel_layers(keras), **_losses(keras)}


def _activations(keras):
    def value(name, dtype):
        return getattr(keras.activations, name)(grid()[:, 1:].astype(dtype))

    return {f"{name}/{dtype}": lambda n=name, d=dtype: value(n, d) for name in ACTIVATIONS for dtype in DTYPES} | {
        "threshold": lambda: keras.activations.threshold(grid(), 0.3, -2.0),
        "relu/options": lambda: keras.activations.relu(grid(), 0.25, 4.0, 0.5),
        "celu/alpha": lambda: keras.activations.celu(grid(), 0.4),
    }


DTYPES = ("float32", "float64")


def layer_of(keras, **options):
    """A layer of 8 filters whose weights are given, for 4 channels.

    No output here has 8 steps: with as many steps as filters, Keras on TensorFlow adds the bias along the steps.
    """
    size, multiplier = options.pop("kernel_size", 3), options.setdefault("depth_multiplier", 2)
    layer = keras.layers.SeparableConv1D(8, size, name="layer", **options)
    layer.build((None, 11, 4) if options.get("data_format") != "channels_first" else (None, 4, 11))
    layer.set_weights([weights(size, 4, multiplier), weights(1, 4 * multiplier, 8), weights(8)])
    return layer


def _layers(keras):
    choices = itertools.product((1, 2, 3), ("valid", "same"), (1, 2, 3), ("channels_last", "channels_first"))

    def value(strides, padding, dilation, data_format, **options):
        layer = layer_of(
            keras, strides=strides, padding=padding, dilation_rate=dilation, data_format=data_format, **options
        )
        shape = (2, 11, 4) if data_format == "channels_last" else (2, 4, 11)
        return layer(weights(*shape).astype("float32"))

    return {f"layer/{choice}": lambda choice=choice: value(*choice) for choice in choices} | {
        "layer/float64": lambda: layer_of(keras, dtype="float64", activation="silu")(weights(2, 11, 4)),
        "layer/mixed": lambda: layer_of(keras, dtype="mixed_float16", activation="hard_silu")(weights(2, 11, 4)),
        "layer/autocast": lambda: layer_of(keras, activation="softmax")(weights(2, 11, 4)),
        "layer/initializer": lambda: keras.layers.SeparableConv1D(
            5,
            3,
            depthwise_initializer=weights(3, 4, 1).astype("float32"),
            pointwise_initializer=keras.initializers.Constant(0.5),
            bias_initializer="ones",
        )(weights(2, 11, 4).astype("float32")),
    }


def _kernel_layers(keras):
    def dense(*shape, **options):
        layer = keras.layers.Dense(8, name="layer", **options)
        layer.build((None, 4))
        layer.set_weights([weights(4, 8), weights(8)])
        return layer(weights(*shape))

    def conv1d(shape=(2, 11, 4), size=3, **options):
        layer = keras.layers.Conv1D(8, size, name="layer", **options)
        layer.build((None, *shape[1:]))
        layer.set_weights([weights(size, 4, 8), weights(8)])
        return layer(weights(*shape))

    choices = itertools.product((1, 2), ("valid", "same", "causal"), (1, 2))
    return {
        "dense/matrix": lambda: dense(3, 4, activation="gelu"),
        "dense/series": lambda: dense(2, 5, 4, activation="softmax"),
        "dense/float64": lambda: dense(2, 4, dtype="float64"),
        "dense/mixed": lambda: dense(2, 4, dtype="mixed_float16"),
        "conv1d/size 1": lambda: conv1d(size=1, activation="silu"),
        "conv1d/float64": lambda: conv1d(dtype="float64", activation="tanh"),
        "conv1d/mixed": lambda: conv1d(dtype="mixed_float16"),
        "conv1d/channels first": lambda: conv1d((2, 4, 11), data_format="channels_first", padding="same"),
    } | {
        f"conv1d/{size} {padding} {strides}": lambda size=size, padding=padding, strides=strides: conv1d(
            size=size + 1, padding=padding, strides=strides
        )
        for strides, padding, size in choices
    }


def _losses(keras):
    def value(trainable):
        layer = layer_of(keras, depthwise_regularizer="l1", bias_regularizer="l2", activity_regularizer="l2")
        layer.trainable = trainable
        for _ in range(2):
            layer(weights(2, 11, 4).astype("float32"))
        return np.array([float(loss) for loss in layer.losses])

    return {f"losses/{trainable}": lambda trainable=trainable: value(trainable) for trainable in (True, False)}


def configs(keras):
    """Configs of layers, by name."""
    plain = keras.layers.SeparableConv1D(5, 3, name="plain")
    rich = keras.layers.SeparableConv1D(
        5,
        [3],
        2,
        "SAME",
        "channels_first",
        activation="swish",
        use_bias=False,
        depthwise_initializer=keras.initializers.TruncatedNormal(stddev=0.25, seed=3),
        pointwise_initializer="orthogonal",
        bias_initializer=keras.initializers.Constant(0.5),
        depthwise_regularizer=keras.regularizers.L1L2(0.25, 0.5),
        activity_regularizer="l2",
        pointwise_constraint=keras.constraints.MaxNorm(3, axis=[0, 1]),
        bias_constraint="non_neg",
        dtype="mixed_bfloat16",
        trainable=False,
        name="rich",
    )
    conv1d = keras.layers.Conv1D(5, [3], 2, "SAME", activation="swish", bias_initializer="ones", name="conv1d")
    return {layer.name: layer.get_config() for layer in (plain, rich, conv1d)}
