"""
Learning rates that fall
========================

TensorFlow 1's decays over 1000 steps of training.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

# %%
# A decay is created once, from the global step, and is read anew at each use. Here the step is moved by hand; in
# training the optimizer does that.

step = tf.train.get_or_create_global_step()
decays = {
    "exponential_decay": tf.train.exponential_decay(0.1, step, decay_steps=300, decay_rate=0.3),
    "exponential_decay, staircase": tf.train.exponential_decay(0.1, step, 300, 0.3, staircase=True),
    "inverse_time_decay": tf.train.inverse_time_decay(0.1, step, decay_steps=200, decay_rate=1.0),
    "polynomial_decay": tf.train.polynomial_decay(0.1, step, decay_steps=800, end_learning_rate=0.01, power=2.0),
    "cosine_decay": tf.train.cosine_decay(0.1, step, decay_steps=1000),
    "cosine_decay_restarts": tf.train.cosine_decay_restarts(0.1, step, first_decay_steps=250),
    "linear_cosine_decay": tf.train.linear_cosine_decay(0.1, step, decay_steps=1000),
    "piecewise_constant": tf.train.piecewise_constant(step, [250, 700], [0.1, 0.05, 0.01]),
}

curves = {name: [] for name in decays}
steps = np.arange(0, 1001, 5)
for number in steps:
    step.assign(number)
    for name, rate in decays.items():
        curves[name].append(float(rate))

# %%
# Each decay beside the others:

figure, panels = plt.subplots(2, 4, sharex=True, sharey=True, figsize=(10, 4.4), layout="constrained")
for panel, (name, values) in zip(panels.flat, curves.items(), strict=True):
    panel.plot(steps, values)
    panel.set_title(name, fontsize=9, loc="left")
    panel.grid(alpha=0.3)
for panel in panels[-1]:
    panel.set_xlabel("step")
