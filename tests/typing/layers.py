"""TF1's layers: as functions, as objects, with their gradients and their settings."""

import numpy as np
from numpy.typing import NDArray

import nb_sepconv as tf

x = np.random.default_rng(0).standard_normal((8, 40, 16), dtype=np.float32)

with tf.variable_scope("encoder"):
    h = tf.layers.separable_conv1d(x, 64, 9, padding="same", activation=tf.nn.relu, name="sep1")
    y = tf.layers.separable_conv1d(h, 32, 5, strides=2, depth_multiplier=2, bias_initializer="ones", name="sep2")
same_type: NDArray[np.float32] = y
print(same_type.shape, float(y.mean()))

layer = tf.layers.SeparableConv1D(
    6,
    (3,),
    activation="LeakyReLU",
    pointwise_initializer=tf.keras.initializers.HeNormal(seed=1),
    pointwise_regularizer=tf.keras.regularizers.L2(0.5),
    depthwise_constraint="max_norm",
    activity_regularizer="l2",
    name="block",
)
layer.precision = "bf16"
outputs, pullback = layer.value_and_pullback(x)
d_inputs, gradients = pullback(np.ones_like(outputs), regularization=True)
print(d_inputs.shape, [gradient.shape for gradient in gradients], layer.count_params(), sum(layer.losses))
for variable in layer.trainable_variables:
    print(variable.name, variable.shape.as_list(), variable.dtype.name)
print(layer.bias.name, layer.bias.numpy() + 1, layer.built, layer.name, layer.dtype, layer.scope_name)

layer.set_weights([np.zeros_like(weight) for weight in layer.get_weights()])
again = tf.layers.SeparableConv1D.from_config({**layer.get_config(), "name": "again"})
print(again.compute_output_shape((None, 40, 16)).as_list(), again.filters, again.kernel_size[0])
