"""
Learn a kernel under a constraint
=================================

A sensor blurs what it measures. Its impulse response is known to be non-negative, and an optimizer can use that.
"""

import matplotlib.pyplot as plt
import numpy as np

import nb_sepconv as tf

TAPS, STEPS = 25, 120
generator = np.random.default_rng(2)

# %%
# The sensor's response is to be found from a random input and its noisy measurement.

response = np.exp(-np.arange(TAPS) / 5) * (np.arange(TAPS) >= 3)
response /= response.sum()
inputs = generator.standard_normal((1, STEPS, 1))
measured = tf.ops.separable_conv1d(inputs, response[::-1, None, None], np.ones((1, 1, 1)), padding="causal")
measured += 0.3 * generator.standard_normal(measured.shape)


def fit(constraint):
    """The response that fits the measurement best, under a constraint or without one."""
    layer = tf.layers.SeparableConv1D(
        1,
        TAPS,
        padding="causal",
        use_bias=False,
        depthwise_initializer=tf.constant_initializer(0.02),
        pointwise_initializer=tf.ones_initializer(),
        depthwise_constraint=constraint,
        dtype="float64",
    )
    layer.build((None, STEPS, 1))
    optimizer = tf.train.AdamOptimizer(0.01)
    for _ in range(400):
        outputs, pullback = layer.value_and_pullback(inputs)
        _, (d_depthwise_kernel, _) = pullback(2 * (outputs - measured) / outputs.size, inputs=False)
        optimizer.apply_gradients([(d_depthwise_kernel, layer.depthwise_kernel)])
    return layer.depthwise_kernel.numpy()[::-1, 0, 0]


# %%
# The optimizer applies the constraint after each update: negative taps become zero.

figure, axes = plt.subplots(figsize=(8, 3.6), layout="constrained")
axes.plot(response, color="black", linewidth=3, alpha=0.3, label="true response")
for label, constraint in [("without constraint", None), ("NonNeg", tf.keras.constraints.NonNeg())]:
    found = fit(constraint)
    axes.plot(found, ".-", linewidth=1, label=f"{label}: error {np.linalg.norm(found - response):.3f}")
axes.set(xlabel="delay (steps)", ylabel="response")
axes.grid(alpha=0.3)
axes.legend(frameon=False)
