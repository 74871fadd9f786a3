# ruff: noqa: B905, UP031
"""Record ``.h5`` files of old versions of Keras, with the values they hold.

    python tests/record/old_keras.py FOLDER LABEL    # Python 2.7 or newer, any Keras or TensorFlow with h5py

The files in tests/data/weights/old were written by Keras 0.3.3 and 1.2.2 (Python 2.7, h5py 2.6.0 and 2.7.0), 2.0.8 and
2.2.4 (Python 3.6, h5py 2.7.1 and 2.8.0), 2.3.1 (Python 3.7, h5py 2.10.0), all on Theano, and by tf.keras of TensorFlow
1.15.5 (h5py 2.10.0) and 2.6.0 (h5py 3.1.0). ``LABEL.npz`` has the values by the
names that the library gives, with | for /.
"""

import os
import sys

import numpy as np

os.environ.setdefault("KERAS_BACKEND", "theano")
os.environ.setdefault("THEANO_FLAGS", "device=cpu,floatX=float32,optimizer=None,cxx=")

try:
    from tensorflow import keras
    from tensorflow.keras import layers, models
except ImportError:
    import keras
    import theano.ifelse  # noqa: F401 -- Keras 2.0 forgets it
    from keras import models

    if keras.__version__.startswith("0."):
        from keras.layers import convolutional as layers
        from keras.layers import core

        layers.Dense, layers.Flatten = core.Dense, core.Flatten
    else:
        from keras import layers

Convolution1D = layers.Conv1D if hasattr(layers, "Conv1D") else layers.Convolution1D
Dense, Flatten, Sequential = layers.Dense, layers.Flatten, models.Sequential


def small_model():
    """A convolution, a separable one where this Keras has it, normalization and a dense layer."""
    model = Sequential()
    name = {"name": "enc/conv"} if named() else {}
    model.add(Convolution1D(4, 3, input_shape=(9, 2), **name))
    if named():
        if hasattr(layers, "SeparableConv1D"):
            model.add(layers.SeparableConv1D(5, 2, depth_multiplier=2, name="sep"))
        model.add(layers.BatchNormalization(name="norm"))
    model.add(Flatten())
    model.add(Dense(2, name="head") if named() else Dense(2))
    return model


def named():
    return not keras.__version__.startswith("0.")


def fill(model):
    """Random values for all variables: {name in the library: array}."""
    rng, values = np.random.RandomState(3), {}
    for index, layer in enumerate(model.layers):
        arrays = [rng.normal(size=array.shape).astype("f4") for array in layer.get_weights()]
        layer.set_weights(arrays)
        names = [weight.name for weight in layer.weights] if named() else []
        names = names or ["layer_%d/param_%d" % (index, number) for number in range(len(arrays))]
        values.update((name[:-2] if name.endswith(":0") else name, array) for name, array in zip(names, arrays))
    return values


def main():
    folder, label = sys.argv[1:]
    model = small_model()
    values = fill(model)
    np.savez(os.path.join(folder, label + ".npz"), **{name.replace("/", "|"): values[name] for name in values})
    model.save_weights(os.path.join(folder, label + ".weights.h5"))
    if hasattr(model, "save"):
        model.compile("adam", "mse")
        rng = np.random.RandomState(4)
        model.fit(rng.normal(size=(4, 9, 2)), rng.normal(size=(4, 2)), verbose=0)
        for layer, arrays in group(model, values):
            layer.set_weights(arrays)
        model.save(os.path.join(folder, label + ".model.h5"))


def group(model, values):
    """Each layer with its arrays."""
    for layer in model.layers:
        names = [weight.name for weight in layer.weights]
        yield layer, [values[name[:-2] if name.endswith(":0") else name] for name in names]


if __name__ == "__main__":
    main()
