"""
Downsample a signal without aliasing
====================================

A strided convolution with a low-pass kernel keeps every eighth sample and removes what would fold back.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

RATE, FACTOR = 800, 8

# %%
# The signal has a slow wave of 7 Hz, which should stay, and a fast one of 93 Hz. At a rate of 100 Hz the fast wave
# looks like one of 7 Hz, too: its alias.

time = np.arange(2 * RATE) / RATE
slow, fast = np.sin(2 * np.pi * 7 * time), 0.7 * np.sin(2 * np.pi * 93 * time)
signal = (slow + fast)[None, :, None]

# %%
# A windowed-sinc kernel passes what is below 40 Hz. With ``strides`` only the samples that are kept are computed.
# "valid" padding starts where the kernel lies inside of the signal, so the first sample is that in the middle of the
# kernel.

taps = np.arange(-80, 81)
low_pass = np.sinc(2 * 40 / RATE * taps) * np.hamming(len(taps))
low_pass /= low_pass.sum()
kept = tf.ops.separable_conv1d(signal, low_pass[:, None, None], np.ones((1, 1, 1)), strides=FACTOR)
kept_time = (len(taps) // 2 + FACTOR * np.arange(kept.shape[1])) / RATE

# %%
# Taking every eighth sample as it is turns the fast wave into a slow one that is not there.

figure, panels = plt.subplots(2, sharex=True, sharey=True, figsize=(8, 4.6), layout="constrained")
for panel, moments, samples, title in [
    (panels[0], time[::FACTOR], signal[0, ::FACTOR, 0], "every eighth sample"),
    (panels[1], kept_time, kept[0, :, 0], "strided convolution with a low-pass kernel"),
]:
    panel.plot(time, slow, color="0.75", linewidth=3, label="slow wave alone")
    panel.plot(moments, samples, ".-", linewidth=1, label="downsampled")
    panel.set_title(title, loc="left")
panels[0].legend(loc="upper right", ncols=2)
panels[1].set(xlabel="time (s)", xlim=(0.5, 1.5))
error = np.abs(kept[0, :, 0] - np.sin(2 * np.pi * 7 * kept_time)).max()
print(f"largest difference from the slow wave: {error:.3f}")
