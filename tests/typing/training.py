"""Optimizers, learning rates, the global step and checkpoints."""

import tempfile

import numpy as np
from numpy.typing import NDArray

import nb_sepconv as tf

layer = tf.layers.SeparableConv1D(2, 3, name="trained")
x, targets = np.ones((1, 9, 3), np.float32), np.zeros((1, 7, 2), np.float32)
layer.build(x.shape)


def loss_and_gradients() -> tuple[float, list[NDArray[np.float32]]]:
    """Half the mean square of the errors, and its gradients."""
    outputs, pullback = layer.value_and_pullback(x)
    errors = outputs - targets
    _, gradients = pullback(errors / errors.size, inputs=False)
    return float(np.mean(errors**2) / 2), gradients


step = tf.train.get_or_create_global_step()
rate = tf.train.exponential_decay(0.1, step, decay_steps=10, decay_rate=0.5, staircase=True)
optimizer = tf.train.AdamOptimizer(rate, beta1=0.8)
for number in range(3):
    print(
        number,
        optimizer.minimize(loss_and_gradients, layer.trainable_variables, global_step=step),
        float(rate),
        int(step),
    )
print(optimizer.get_slot(layer.bias, "m").name, optimizer.get_slot_names(), optimizer.get_name())

_, gradients = loss_and_gradients()
clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
descent = tf.train.MomentumOptimizer(lambda: 0.5, 0.9, use_nesterov=True)
descent.apply_gradients(zip(clipped, layer.trainable_variables, strict=True))
print(float(norm), [variable.name for variable in descent.variables()])


class SignDescent(tf.train.Optimizer):
    """An optimizer of the caller's own."""

    def _apply_dense(self, grad: NDArray[np.float32], var: tf.Variable) -> None:
        var.assign_sub(0.5 * np.sign(grad))


SignDescent(False, "SignDescent").apply_gradients([(np.ones(2, np.float32), layer.bias)])

saver = tf.train.Saver(max_to_keep=2)
with tempfile.TemporaryDirectory() as folder:
    prefix = saver.save(None, f"{folder}/model.ckpt", global_step=step)
    saver.restore(None, prefix)
    latest = tf.train.latest_checkpoint(folder)
    if latest is not None:
        reader = tf.train.load_checkpoint(latest)
        print(reader.get_tensor("trained/bias").shape, reader.get_variable_to_shape_map())
    print(saver.last_checkpoints, tf.train.list_variables(prefix)[0][1])
    tf.train.init_from_checkpoint(prefix, {"trained/": "trained/"})
