"""Layers beside the convolutions, and whole models, that Keras 3 answered to and wrote files of.

``layer_cases(keras)`` gives functions of no arguments by name; ``models(keras)`` gives models by name, whose weights
are filled by :func:`fill`; ``keras`` is Keras 3, tf_keras or this library's.
"""

import itertools

import numpy as np

from tests.value_cases import weights

SERIES = (2, 12, 4)


def series(dtype="float32"):
    return weights(*SERIES).astype(dtype)


def layer_cases(keras):
    """Every case of a layer, by name."""
    layers = keras.layers
    found = {
        "activation": lambda: layers.Activation("silu")(series()),
        "relu": lambda: layers.ReLU(1.0, 0.25, 0.2)(series()),
        "relu/max": lambda: layers.ReLU(max_value=0.5)(series()),
        "leaky_relu": lambda: layers.LeakyReLU(0.2)(series()),
        "softmax": lambda: layers.Softmax()(series()),
        "softmax/axis": lambda: layers.Softmax(axis=1)(series()),
        "dropout": lambda: layers.Dropout(0.5)(series()),
        "flatten": lambda: layers.Flatten()(series()),
        "flatten/first": lambda: layers.Flatten("channels_first")(series()),
        "reshape": lambda: layers.Reshape((3, -1, 2))(series()),
        "zero_padding": lambda: layers.ZeroPadding1D((2, 1))(series()),
        "zero_padding/first": lambda: layers.ZeroPadding1D(2, data_format="channels_first")(series()),
        "batch_normalization/training": lambda: _batch_normalized(layers, True),
        "batch_normalization": lambda: _batch_normalized(layers, False),
        "batch_normalization/float16": lambda: _batch_normalized(layers, False, "float16"),
        "batch_normalization/axis": lambda: _filled(layers.BatchNormalization(axis=1), SERIES)(series()),
        "batch_normalization/bare": lambda: _filled(layers.BatchNormalization(center=False, scale=False), SERIES)(
            series()
        ),
        "layer_normalization": lambda: _filled(layers.LayerNormalization(), SERIES)(series()),
        "layer_normalization/axes": lambda: _filled(layers.LayerNormalization([1, 2], 0.1), SERIES)(series()),
    }
    for size, strides, padding, data_format in itertools.product(
        (1, 2, 3, 5), (None, 1, 2, 3), ("valid", "same"), ("channels_last", "channels_first")
    ):
        for kind in ("MaxPooling1D", "AveragePooling1D"):
            if data_format == "channels_first" and size == 5 and padding == "valid":
                continue
            found[f"{kind}/{size}/{strides}/{padding}/{data_format}"] = (
                lambda kind=kind, options=(size, strides, padding, data_format): getattr(layers, kind)(*options)(
                    series()
                )
            )
    for kind, data_format, keepdims in itertools.product(
        ("GlobalAveragePooling1D", "GlobalMaxPooling1D"), ("channels_last", "channels_first"), (False, True)
    ):
        found[f"{kind}/{data_format}/{keepdims}"] = lambda kind=kind, options=(data_format, keepdims): getattr(
            layers, kind
        )(*options)(series())
    return found


def _filled(layer, shape):
    layer.build(shape)
    fill(layer)
    return layer


def _batch_normalized(layers, training, dtype=None):
    layer = _filled(layers.BatchNormalization(momentum=0.75, dtype=dtype), SERIES)
    outputs = [np.asarray(layer(series(dtype or "float32"), training=training)).reshape(-1)]
    return np.concatenate([*outputs, *(np.asarray(weight) for weight in layer.weights)])


def fill(model):
    """Give every weight values of its own; variances are positive."""
    values = [
        0.5 + np.abs(weights(*weight.shape)) if "variance" in weight.name else weights(*weight.shape) + index / 8
        for index, weight in enumerate(model.weights)
    ]
    model.set_weights([value.astype("float32") for value in values])


def models(keras):
    """Sequential models and a functional one whose layers follow one another, by name."""
    layers = keras.layers
    spotter = [
        keras.Input((12, 4), name="series"),
        layers.SeparableConv1D(6, 3, padding="same", use_bias=False, name="sep1"),
        layers.BatchNormalization(name="norm1"),
        layers.Activation("hard_sigmoid", name="act1"),
        layers.MaxPooling1D(2, name="pool"),
        layers.SeparableConv1D(5, 3, depth_multiplier=2, activation="relu", name="sep2"),
        layers.Dropout(0.3, name="drop"),
        layers.Conv1D(7, 2, activation="tanh", name="conv"),
        layers.GlobalAveragePooling1D(name="mean"),
        layers.Dense(3, activation="softmax", name="classes"),
    ]
    inner = keras.Sequential(
        [keras.Input((12, 4), name="inner_series"), layers.SeparableConv1D(4, 3, padding="same", name="inner_sep")],
        name="inner",
    )
    nested = [
        keras.Input((12, 4), name="nested_series"),
        inner,
        layers.LayerNormalization(name="layer_norm"),
        layers.Flatten(name="flat"),
        layers.Dense(2, name="nested_dense"),
    ]
    return {"spotter": keras.Sequential(spotter, name="spotter"), "nested": keras.Sequential(nested, name="nested")}


def functional(keras):
    """The same kind of model in Keras' functional form; this library has no such form, and reads it."""
    layers = keras.layers
    inputs = x = keras.Input((12, 4), name="functional_series")
    for layer in (
        layers.SeparableConv1D(6, 5, padding="same", activation="relu", name="functional_sep"),
        layers.AveragePooling1D(3, 2, name="functional_pool"),
        layers.ReLU(negative_slope=0.125, name="functional_relu"),
        layers.Dense(2, name="functional_dense"),
    ):
        x = layer(x)
    return keras.Model(inputs, x, name="functional")
