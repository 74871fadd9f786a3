"""
The two stages of a separable convolution
=========================================

Filter two channels, each with its own kernel, and mix the results.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

# %%
# A series of two channels: a step and a ramp, with some noise. Arrays have the axes examples, steps and channels.

generator = np.random.default_rng(0)
time = np.arange(120)
step = (time > 40).astype(float)
ramp = np.clip((time - 60) / 40, 0, 1)
series = np.stack([step, ramp], axis=1)[None] + 0.08 * generator.standard_normal((1, 120, 2))

# %%
# The depthwise kernel has the axes taps, channels and multiplier. The first channel gets a moving average of 9 steps,
# the second one the difference between steps that lie 8 apart.

average = np.full(9, 1 / 9)
difference = np.array([-1, 0, 0, 0, 0, 0, 0, 0, 1.0])
depthwise_kernel = np.stack([average, difference], axis=1)[:, :, None]
hidden = tf.ops.depthwise_conv1d(series, depthwise_kernel)

# %%
# The pointwise kernel mixes the filtered channels. This one has two filters: the sum of both channels, and the first
# one minus three times the second one. ``separable_conv1d`` does both stages in one pass.

pointwise_kernel = np.array([[[1.0, 1.0], [1.0, -3.0]]])
outputs = tf.ops.separable_conv1d(series, depthwise_kernel, pointwise_kernel)
assert np.allclose(outputs, hidden @ pointwise_kernel[0])

# %%
# The three stages, from top to bottom:

figure, panels = plt.subplots(3, sharex=True, figsize=(8, 6), layout="constrained")
titles = "inputs: two channels", "depthwise: average and difference", "pointwise: two mixtures"
for panel, values, title in zip(panels, (series, hidden, outputs), titles, strict=True):
    before = (len(time) - values.shape[1]) // 2  # "valid" padding shortens the series on both sides
    panel.plot(time[before : before + values.shape[1]], values[0])
    panel.set_title(title, loc="left")
    panel.grid(alpha=0.3)
panels[-1].set_xlabel("step")
