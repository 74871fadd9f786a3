"""Functions of plain arrays: the convolution, its gradients, precision, threads and devices."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

import nb_sepconv as tf

x = np.ones((1, 9, 2))
depthwise_kernel, pointwise_kernel = np.ones((3, 2, 1)), np.ones((2, 4))

y = tf.ops.separable_conv1d(x, depthwise_kernel, pointwise_kernel, strides=(2,), padding=(1, 1), activation="relu")
same_type: NDArray[np.float64] = y
d_x, d_depthwise, d_pointwise, d_bias = tf.ops.separable_conv1d_gradients(
    np.ones_like(y), x, depthwise_kernel, pointwise_kernel, strides=2, padding=(1, 1), activation="relu", outputs=y
)
print(same_type.shape, d_x.shape, d_depthwise.sum(), d_pointwise.tolist(), d_bias is None)
hidden = tf.ops.depthwise_conv1d(x, depthwise_kernel, data_format="channels_last", out=np.empty((1, 7, 2)))
d_inputs, _ = tf.ops.depthwise_conv1d_gradients(hidden, x, depthwise_kernel, wanted=("inputs",))
print(hidden.shape, d_inputs.shape)

precision: Literal["bf16"] = "bf16"
device: Literal["cpu", "cuda"] = "cpu"
with tf.precision("tf32"), tf.num_threads(1):
    z = tf.ops.separable_conv1d(x, depthwise_kernel, pointwise_kernel, precision=precision, device=device, engine="fma")
tf.set_num_threads(None)
print(z.dtype, tf.get_num_threads() >= 1)

print(tf.nn.softmax([[0.0, 1.0]]).sum(), tf.activations.gelu(x, approximate=True).shape, tf.nn.l2_loss(x))
print(tf.reduce_mean(x, axis=[0, 1], keepdims=True).shape, tf.square(-2.0), tf.abs([-1, 1]), tf.float32.name)
print(tf.clip_by_value(x, 0.0, 0.5).max(), float(tf.global_norm([x, None])), tf.regularizers.get("l2"))
