"""
Padding, strides and the alignment in time
==========================================

Where an output step looks in the input depends on ``padding``, ``strides`` and ``dilation_rate``.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

STEPS, TAPS = 16, 5

# %%
# To see which input steps an output step reads, put an impulse at each input step in turn: an example of the batch for
# each. A kernel of ones then marks every output that the impulse reaches.

impulses = np.eye(STEPS)[:, :, None]
depthwise_kernel, pointwise_kernel = np.ones((TAPS, 1, 1)), np.ones((1, 1, 1))


def reached(**settings):
    """1 where an output step (column) reads an input step (row)."""
    return tf.ops.separable_conv1d(impulses, depthwise_kernel, pointwise_kernel, **settings)[:, :, 0]


# %%
# "valid" has an output only where all taps lie inside the series. "same" keeps the length and centres the kernel.
# "causal" keeps the length too, and reads no later step than that of the output: it suits real-time processing.

settings = [
    {"padding": "valid"},
    {"padding": "same"},
    {"padding": "causal"},
    {"padding": "same", "strides": 2},
    {"padding": "same", "dilation_rate": 3},
    {"padding": "causal", "dilation_rate": 3},
]
figure, panels = plt.subplots(2, 3, figsize=(9, 6.4), layout="constrained")
for panel, chosen in zip(panels.flat, settings, strict=True):
    marks = reached(**chosen)
    panel.pcolormesh(marks.T, cmap="Blues", edgecolors="0.9", linewidth=0.5, vmin=0, vmax=1.4)
    panel.set_aspect("equal")
    panel.set(xlim=(0, STEPS), ylim=(STEPS, 0), xticks=[], yticks=[])
    panel.set_title(", ".join(f"{name}={value!r}" for name, value in chosen.items()), fontsize=9, loc="left")
for panel in panels[-1]:
    panel.set_xlabel("input step")
for panel in panels[:, 0]:
    panel.set_ylabel("output step")
