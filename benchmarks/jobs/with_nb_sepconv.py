"""This package: a job."""

import os

import nb_sepconv as tf


def version():
    return tf.__version__


def use_threads(count):
    tf.set_num_threads(count)


def stack_of(layers):
    stack = tf.Stack(
        *(
            tf.layers.SeparableConv1D(layer.pointwise.shape[1], len(layer.depthwise), padding="same", activation="relu")
            for layer in layers
        )
    )
    for built, layer in zip(stack, layers, strict=True):
        built.build((None, None, layer.depthwise.shape[1]))
        built.set_weights([layer.depthwise, layer.pointwise[None], layer.bias])
    return stack


def job(layers):
    stack = stack_of(layers)

    def run(source, destination):
        journal = destination + ".journal"
        tf.batch.apply(stack, source, destination, overwrite=True, progress=False)
        os.remove(journal)

    return run
