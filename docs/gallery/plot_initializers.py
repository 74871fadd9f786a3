"""
What initializers draw
======================

The distribution of a pointwise kernel's first values under each random initializer.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

# %%
# Initializers that scale their numbers by the size of the layer see it in the kernel's shape: here 64 hidden channels
# and 256 filters.

SHAPE = (1, 64, 256)
initializers = {
    "glorot_uniform": tf.glorot_uniform_initializer(seed=1),
    "glorot_normal": tf.glorot_normal_initializer(seed=1),
    "he_uniform": tf.initializers.he_uniform(seed=1),
    "he_normal": tf.initializers.he_normal(seed=1),
    "lecun_normal": tf.initializers.lecun_normal(seed=1),
    "orthogonal": tf.orthogonal_initializer(seed=1),
}

figure, panels = plt.subplots(2, 3, sharex=True, sharey=True, figsize=(9, 4.6), layout="constrained")
for panel, (name, initializer) in zip(panels.flat, initializers.items(), strict=True):
    values = initializer(SHAPE).ravel()
    panel.hist(values, bins=np.linspace(-0.5, 0.5, 61), density=True)
    panel.set_title(f"{name}: deviation {values.std():.3f}", fontsize=9, loc="left")
panels[0, 0].set(yticks=[], xlim=(-0.5, 0.5))

# %%
# With a seed, the numbers are those that TensorFlow draws with the same seed. The next layer draws others, unless it
# gets the same seed, too.

assert np.array_equal(initializers["he_normal"](SHAPE), tf.initializers.he_normal(seed=1)(SHAPE))
