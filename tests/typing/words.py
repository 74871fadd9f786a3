"""Array words and losses; operators of tensors give tensors."""

import numpy as np

import nb_sepconv as tf

x = tf.constant([[1.0, 2.0]])
doubled: list[int] = (2 * x + x).get_shape().as_list()
print(doubled, (x @ tf.transpose(x)).numpy(), (x > 1).eval())
(-x).set_shape([1, 2])
x += 1
print(x.get_shape(), tf.reduce_sum(x, axis=1).get_shape(), np.sum(x))
loss = tf.losses.mean_squared_error([[1.0, 2.0]], x, reduction=tf.losses.Reduction.SUM)
print(loss.get_shape(), tf.losses.get_losses(), tf.losses.get_total_loss(name=None).numpy())
print(tf.layers.Dropout(0.25).compute_output_shape([None, 3]), tf.layers.MaxPooling1D(2, 2).get_config())
print([update.pending for update in tf.layers.BatchNormalization().updates])
