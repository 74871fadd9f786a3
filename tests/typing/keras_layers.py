"""The layer under Keras's names."""

import numpy as np

import nb_sepconv as tf

keras = tf.keras
x = np.zeros((2, 9, 4), np.float32)

layer = keras.layers.SeparableConv1D(
    6,
    3,
    strides=2,
    padding="causal",
    activation=keras.activations.silu,
    depthwise_initializer=keras.initializers.GlorotUniform(seed=3),
    pointwise_regularizer=keras.regularizers.L1L2(0.1, 0.2),
    bias_constraint=keras.constraints.NonNeg(),
    dtype="float32",
    name="sep",
)
y = layer(x)
print(y.shape, layer.built, layer.count_params(), [weight.path for weight in layer.weights])

outputs, pullback = layer.value_and_pullback(x)
_, gradients = pullback(np.ones_like(outputs))
for weight, gradient in zip(layer.trainable_weights, gradients, strict=True):
    weight.assign_sub(0.1 * gradient)

layer.trainable = False
copy = keras.layers.SeparableConv1D.from_config(layer.get_config())
copy.build((None, 9, 4))
copy.set_weights(layer.get_weights())
print(copy.compute_output_shape((2, 9, 4)), copy.losses, copy.dtype_policy.name, copy.input_spec)
print(keras.activations.get("gelu")(x).shape, keras.initializers.get("he_normal"), keras.constraints.MaxNorm(2.0)(x))
