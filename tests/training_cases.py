"""Training runs that TF1 and this library take alike: one model, the same batches, every optimizer."""

import numpy as np

STEPS = 20
KEPT_STEPS = 1, 2, 7, STEPS
BATCH, LENGTH, CHANNELS, CLASSES = 4, 12, 3, 2

LAYERS = {
    "sep1": {"filters": 4, "kernel_size": 3, "padding": "same", "depth_multiplier": 2, "activation": "tanh"},
    "sep2": {"filters": CLASSES, "kernel_size": 3, "dilation_rate": 2},
}
SHAPES = {
    "sep1": {"depthwise_kernel": (3, CHANNELS, 2), "pointwise_kernel": (1, CHANNELS * 2, 4), "bias": (4,)},
    "sep2": {"depthwise_kernel": (3, 4, 1), "pointwise_kernel": (1, 4, CLASSES), "bias": (CLASSES,)},
}
L2, L1 = 1 / 64, 1 / 128  # TensorFlow keeps factors in float32
MAX_NORM = 0.875

OPTIMIZERS = {
    "gradient_descent": lambda train, step: train.GradientDescentOptimizer(0.2),
    "momentum": lambda train, step: train.MomentumOptimizer(0.05, 0.9),
    "nesterov": lambda train, step: train.MomentumOptimizer(0.05, 0.9, use_nesterov=True),
    "adagrad": lambda train, step: train.AdagradOptimizer(0.1, initial_accumulator_value=0.2),
    "adadelta": lambda train, step: train.AdadeltaOptimizer(2.0, rho=0.9, epsilon=1e-4),
    "rmsprop": lambda train, step: train.RMSPropOptimizer(0.01),
    "rmsprop_momentum": lambda train, step: train.RMSPropOptimizer(0.01, decay=0.8, momentum=0.5, epsilon=1e-3),
    "rmsprop_centered": lambda train, step: train.RMSPropOptimizer(0.01, momentum=0.3, centered=True, name="Centered"),
    "adam": lambda train, step: train.AdamOptimizer(0.02),
    "adam_own_scope": lambda train, step: train.AdamOptimizer(
        0.02, 0.8, 0.95, epsilon=0.1, name="Mine", use_own_namescope_for_non_slot_vars=True
    ),
    "ftrl": lambda train, step: train.FtrlOptimizer(0.3, l1_regularization_strength=0.05),
    "ftrl_v2": lambda train, step: train.FtrlOptimizer(
        0.3,
        learning_rate_power=-0.7,
        l1_regularization_strength=0.01,
        l2_regularization_strength=0.1,
        l2_shrinkage_regularization_strength=0.03,
        beta=0.2,
        accum_name="Squares",
        linear_name="Linear",
    ),
    "exponential_decay": lambda train, step: train.GradientDescentOptimizer(
        train.exponential_decay(0.3, step, 5, 0.6, staircase=True)
    ),
    "piecewise_constant": lambda train, step: train.MomentumOptimizer(
        train.piecewise_constant(step, [3, 8], [0.1, 0.05, 0.01]), 0.8
    ),
    "polynomial_decay": lambda train, step: train.AdamOptimizer(train.polynomial_decay(0.03, step, 15, power=2.0)),
    "cosine_decay": lambda train, step: train.RMSPropOptimizer(train.cosine_decay(0.02, step, 15, alpha=0.1)),
}

DECAYS = {
    "exponential": lambda train, step: train.exponential_decay(0.1, step, 7, 0.5),
    "exponential_staircase": lambda train, step: train.exponential_decay(0.1, step, 7, 0.5, staircase=True),
    "natural_exp": lambda train, step: train.natural_exp_decay(0.1, step, 7, 0.5),
    "natural_exp_staircase": lambda train, step: train.natural_exp_decay(0.1, step, 7, 0.5, staircase=True),
    "inverse_time": lambda train, step: train.inverse_time_decay(0.1, step, 7, 0.5),
    "inverse_time_staircase": lambda train, step: train.inverse_time_decay(0.1, step, 7, 0.5, staircase=True),
    "polynomial": lambda train, step: train.polynomial_decay(0.1, step, 12),
    "polynomial_power": lambda train, step: train.polynomial_decay(0.1, step, 12, end_learning_rate=0.02, power=0.5),
    "polynomial_cycle": lambda train, step: train.polynomial_decay(0.1, step, 12, cycle=True),
    "cosine": lambda train, step: train.cosine_decay(0.1, step, 12),
    "cosine_alpha": lambda train, step: train.cosine_decay(0.1, step, 12, alpha=0.3),
    "cosine_restarts": lambda train, step: train.cosine_decay_restarts(0.1, step, 5),
    "cosine_restarts_equal": lambda train, step: train.cosine_decay_restarts(0.1, step, 5, 1.0, 0.7, 0.1),
    "linear_cosine": lambda train, step: train.linear_cosine_decay(0.1, step, 12),
    "linear_cosine_periods": lambda train, step: train.linear_cosine_decay(0.1, step, 12, 2.0, 0.1, 0.01),
    "piecewise": lambda train, step: train.piecewise_constant(step, [4, 9], [0.1, 0.03, 0.004]),
    "piecewise_decay": lambda train, step: train.piecewise_constant_decay(step, [1], [1e-2, 1e-3]),
}
DECAY_STEPS = range(40)


def initial_weights(dtype):
    """The weights to start from, by layer and name."""
    generator = np.random.default_rng(5)
    return {
        layer: {name: (0.5 * generator.standard_normal(shape)).astype(dtype) for name, shape in shapes.items()}
        for layer, shapes in SHAPES.items()
    }


def batches(dtype):
    """As many batches as steps: inputs (N, L, C) and the targets of the means over time (N, F)."""
    generator = np.random.default_rng(6)
    for _ in range(STEPS):
        inputs = generator.standard_normal((BATCH, LENGTH, CHANNELS)).astype(dtype)
        yield inputs, np.stack([inputs[..., 0].max(axis=1), inputs[..., 1].min(axis=1)], axis=1)


def bias_constraint(constraints, dtype):
    """TensorFlow's NonNeg knows float32 alone."""
    return constraints.NonNeg() if dtype == "float32" else constraints.MinMaxNorm(1 / 64, 0.25, rate=0.75)


def new_layers(tf, dtype):
    """Two layers with regularizers and constraints that start from ``initial_weights``."""
    return [new_layer(tf, dtype, name, weights) for name, weights in initial_weights(dtype).items()]


def new_layer(tf, dtype, name, weights):
    """One of them."""
    return tf.layers.SeparableConv1D(
        name=name,
        depthwise_initializer=tf.constant_initializer(weights["depthwise_kernel"]),
        pointwise_initializer=tf.constant_initializer(weights["pointwise_kernel"]),
        bias_initializer=tf.constant_initializer(weights["bias"]),
        depthwise_regularizer=tf.keras.regularizers.L2(L2),
        pointwise_regularizer=tf.keras.regularizers.L1(L1),
        pointwise_constraint=tf.keras.constraints.MaxNorm(MAX_NORM, axis=1),
        bias_constraint=bias_constraint(tf.keras.constraints, dtype),
        **LAYERS[name],
    )
