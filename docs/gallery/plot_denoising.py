"""
Train a network to remove noise
===============================

Two separable convolutions learn to recover sawtooth waves from noise that is as loud as the wave.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

STEPS = 256
generator = np.random.default_rng(0)


def make_batch(count):
    """Noisy waves, and the waves without the noise: each (count, STEPS, 1)."""
    period = generator.integers(40, 60, size=(count, 1))
    phase = (np.arange(STEPS) / period + generator.random((count, 1))) % 1
    waves = (2 * phase - 1)[:, :, None].astype(np.float32)
    return waves + 0.6 * generator.standard_normal(waves.shape, dtype=np.float32), waves


# %%
# The first layer has 8 kernels of 33 taps for its one channel. The second one combines what they find.

tf.set_random_seed(0)
first = tf.layers.SeparableConv1D(16, 33, depth_multiplier=8, padding="same", activation="elu", name="first")
second = tf.layers.SeparableConv1D(1, 33, padding="same", name="second")
first.build((None, STEPS, 1))
second.build((None, STEPS, 16))
variables = first.trainable_variables + second.trainable_variables


def loss_and_gradients():
    """The mean squared error of a batch, and its gradient by each variable."""
    noisy, waves = make_batch(32)
    hidden, pull_back_first = first.value_and_pullback(noisy)
    guess, pull_back_second = second.value_and_pullback(hidden)
    d_hidden, second_gradients = pull_back_second(2 * (guess - waves) / waves.size)
    _, first_gradients = pull_back_first(d_hidden, inputs=False)
    return float(np.mean((guess - waves) ** 2)), first_gradients + second_gradients


# %%
# Train for 300 steps with a learning rate that falls to zero:

step = tf.train.get_or_create_global_step()
optimizer = tf.train.AdamOptimizer(tf.train.cosine_decay(0.01, step, decay_steps=300))
losses = [optimizer.minimize(loss_and_gradients, variables, global_step=step) for _ in range(300)]
print(f"mean squared error: {losses[0]:.3f} at first, {losses[-1]:.3f} at last")

# %%
# A wave that the network has not seen, and the learning curve:

noisy, wave = make_batch(1)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=[2, 1], layout="constrained")
left.plot(noisy[0], color="0.8", label="noisy")
left.plot(wave[0], color="black", linewidth=1, label="wave")
left.plot(second(first(noisy))[0], color="tab:red", label="network")
left.set_xlabel("step")
left.legend(loc="upper right", ncols=3, fontsize=8)
right.semilogy(losses)
right.set(xlabel="training step", ylabel="mean squared error")
right.grid(alpha=0.3)
