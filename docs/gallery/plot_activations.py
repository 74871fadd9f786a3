"""
Activations and their derivatives
=================================

The activations that a layer can compute while it convolves.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

NAMES = (
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "swish",
    "mish",
    "softplus",
    "softsign",
    "tanh",
    "sigmoid",
)

# %%
# A layer takes an activation by its name. ``tf.nn`` has the function, which works on any array.

x = np.linspace(-4, 4, 401)

figure, panels = plt.subplots(3, 4, sharex=True, sharey=True, figsize=(9, 6), layout="constrained")
for panel, name in zip(panels.flat, NAMES, strict=True):
    values = getattr(tf.nn, name)(x)
    panel.plot(x, values, label="value")
    panel.plot(x, np.gradient(values, x), "--", label="derivative")
    panel.set_title(name, loc="left")
    panel.grid(alpha=0.3)
panels[0, 0].set_ylim(-2, 3)
panels[0, 0].legend(loc="upper left", fontsize=8)
