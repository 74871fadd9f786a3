"""
The receptive field of stacked layers
=====================================

Dilated layers see far with few taps. The gradient of one output by the inputs shows how far.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

STEPS, CHANNELS = 257, 8

# %%
# Four layers of 5 taps, once plain and once with dilation rates 1, 2, 4 and 8.


def stack(dilation_rates):
    """Causal layers, one for each dilation rate."""
    return [tf.layers.SeparableConv1D(CHANNELS, 5, padding="causal", dilation_rate=rate) for rate in dilation_rates]


def sensitivity(layers):
    """The gradient of the last output step by each input step, in the mean over channels and random inputs."""
    values, pullbacks = np.random.default_rng(0).standard_normal((64, STEPS, CHANNELS)), []
    for layer in layers:
        values, pullback = layer.value_and_pullback(values)
        pullbacks.append(pullback)
    gradient = np.zeros_like(values)
    gradient[:, -1] = 1
    for pullback in reversed(pullbacks):
        gradient, _ = pullback(gradient)
    return np.abs(gradient).mean(axis=(0, 2))


# %%
# The plain stack reads 1 + 4·4 = 17 steps, the dilated one 1 + 4·(1 + 2 + 4 + 8) = 61, with the same number of
# weights.

figure, axes = plt.subplots(figsize=(8, 3.4), layout="constrained")
for rates in [(1, 1, 1, 1), (1, 2, 4, 8)]:
    field = sensitivity(stack(rates))
    axes.step(np.arange(STEPS) - STEPS + 1, field / field.max(), where="mid", label=f"dilation rates {rates}")
    print(f"dilation rates {rates}: {np.count_nonzero(field)} steps")
axes.set(xlim=(-80, 1), xlabel="steps before the output", ylabel="relative gradient")
axes.grid(alpha=0.3)
axes.legend(frameon=False)
