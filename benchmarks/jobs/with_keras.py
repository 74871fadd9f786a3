"""Keras on TensorFlow: ``predict`` over windows that a data set cuts from the file, and outputs saved at the end."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow

from benchmarks.jobs import CHUNK, halo


def version():
    return f"{keras.__version__} on TensorFlow {tensorflow.__version__}"


def use_threads(count):
    tensorflow.config.threading.set_intra_op_parallelism_threads(count)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)


class Windows(keras.utils.PyDataset):
    """Windows of one length, so that the model is traced once; the ends of the series are filled with zeros."""

    def __init__(self, series, around):
        super().__init__()
        self.series, self.around = series, around

    def __len__(self):
        return -(-len(self.series) // CHUNK)

    def __getitem__(self, index):
        first, last = index * CHUNK - self.around, (index + 1) * CHUNK + self.around
        window = np.zeros((1, last - first, self.series.shape[1]), np.float32)
        low, high = max(first, 0), min(last, len(self.series))
        window[0, low - first : high - first] = self.series[low:high]
        return (window,)


def job(layers):
    model = keras.Sequential([keras.Input((None, layers[0].depthwise.shape[1]))])
    for layer in layers:
        made = keras.layers.SeparableConv1D(
            layer.pointwise.shape[1], len(layer.depthwise), padding="same", activation="relu"
        )
        model.add(made)
        made.set_weights([layer.depthwise, layer.pointwise[None], layer.bias])
    around = halo(layers)

    def run(source, destination):
        windows = Windows(np.load(source, mmap_mode="r"), around)
        outputs = model.predict(windows, verbose=0)[:, around : around + CHUNK]
        outputs = outputs.reshape(-1, outputs.shape[-1])[: len(windows.series)]
        with open(destination, "wb") as file:
            np.save(file, outputs)
            file.flush()
            os.fsync(file.fileno())

    return run
