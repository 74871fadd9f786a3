"""Expressions in the TF1 vocabulary whose values are recorded from TensorFlow and compared with this library's.

``cases(tf)`` is called with ``tensorflow.compat.v1`` or with this library; each case is a function of no arguments.
"""

import numpy as np

DTYPES = ("float16", "bfloat16", "float32", "float64")
SHAPES = ((7,), (3, 4, 2), (1, 5, 9))
SEEDS = (0, 1, 2**31 - 1, -5)

ACTIVATIONS = {
    **dict.fromkeys(("relu", "relu6", "elu", "selu", "sigmoid", "tanh", "softplus", "softsign"), "nn"),
    **dict.fromkeys(("softmax", "log_softmax", "leaky_relu", "swish"), "nn"),
    **dict.fromkeys(("exponential", "hard_sigmoid", "mish", "linear"), "keras"),
}


def weights(*shape):
    """Random float64 numbers that every version of NumPy makes alike."""
    bits = np.random.Philox(key=[5, len(shape)]).random_raw(int(np.prod(shape)))
    return ((bits >> np.uint64(11)) * 2.0**-53 * 4 - 2).reshape(shape)


def grid():
    """From the smallest to the largest arguments that activations bend at, shape (3, 35)."""
    fine = weights(3, 20) * 3
    coarse = np.array([-80, -30, -12, -6, -3, -2.5, -1e-3, -1e-7, 0, 1e-7, 1e-3, 2.5, 6, 20, 80], np.float64)
    return np.concatenate([fine, np.tile(coarse, (3, 1))], axis=1)


def cases(tf):
    """Every case of the library ``tf``, by name."""
    return {**_random(tf), **_by_graph_seed(tf), **_constant(tf), **_activations(tf), **_weights(tf), **_sums(tf)}


def _random(tf):
    known = {
        "random_uniform": lambda seed: tf.initializers.random_uniform(-0.3, 1.7, seed=seed),
        "random_normal": lambda seed: tf.initializers.random_normal(0.3, 1.7, seed=seed),
        "truncated_normal": lambda seed: tf.initializers.truncated_normal(0.3, 1.7, seed=seed),
        "glorot_uniform": lambda seed: tf.initializers.glorot_uniform(seed=seed),
        "glorot_normal": lambda seed: tf.initializers.glorot_normal(seed=seed),
        "he_normal": lambda seed: tf.initializers.he_normal(seed=seed),
        "lecun_uniform": lambda seed: tf.initializers.lecun_uniform(seed=seed),
        "uniform_unit_scaling": lambda seed: tf.initializers.uniform_unit_scaling(1.3, seed=seed),
        "fan_out": lambda seed: tf.initializers.variance_scaling(2.0, "fan_out", "untruncated_normal", seed=seed),
        "orthogonal": lambda seed: tf.initializers.orthogonal(1.3, seed=seed),
    }
    chosen = [(name, SEEDS[i % 4], SHAPES[i % 3], dtype) for i, name in enumerate(known) for dtype in DTYPES]
    chosen += [("truncated_normal", seed, shape, "float32") for seed in SEEDS for shape in SHAPES]
    return {
        f"{name}/{seed}/{shape}/{dtype}": lambda name=name, seed=seed, shape=shape, dtype=dtype: known[name](seed)(
            shape, dtype=getattr(tf, dtype)
        )
        for name, seed, shape, dtype in chosen
        if name != "orthogonal" or (len(shape) > 1 and dtype in ("float32", "float64"))
    } | {
        f"integers/{dtype}": lambda dtype=dtype: tf.initializers.random_uniform(-5, 50, seed=3)(
            (9,), getattr(tf, dtype)
        )
        for dtype in ("int32", "int64")
    }


def _by_graph_seed(tf):
    def sequence(graph_seed):
        tf.set_random_seed(graph_seed)
        made = [tf.initializers.glorot_uniform()((3, 4, 2)), tf.initializers.glorot_uniform(seed=9)((3, 4, 2))]
        return tf.stack([*made, tf.initializers.glorot_uniform()((3, 4, 2))])

    def variables(graph_seed):
        tf.set_random_seed(graph_seed)
        made = [tf.get_variable("first", (3, 4, 2))]
        glorot = {f"{kind}_initializer": tf.glorot_uniform_initializer() for kind in ("depthwise", "pointwise", "bias")}
        layer = tf.layers.SeparableConv1D(5, 3, depth_multiplier=2, **glorot)
        layer.build((None, 9, 4))
        made += [*layer.weights, tf.get_variable("last", (3, 4, 2), dtype=tf.float32)]
        return tf.concat([tf.reshape(weight, [-1]) for weight in made], 0)

    return {f"graph_seed/{seed}": lambda seed=seed: sequence(seed) for seed in (0, 42)} | {
        f"graph_seed/variables/{seed}": lambda seed=seed: variables(seed) for seed in (0, 42)
    }


def _constant(tf):
    return {
        "constant/fills": lambda: tf.initializers.constant([1, 2, 3])((2, 3)),
        "constant/reshapes": lambda: tf.initializers.constant(weights(2, 3))((3, 2)),
        "constant/scalar": lambda: tf.initializers.constant(2.5)((2, 2), dtype=tf.float64),
        "constant/one": lambda: tf.initializers.constant([4.5])(()),
        "constant/truth": lambda: tf.initializers.constant(True)((2,)),
        "constant/cut": lambda: tf.initializers.constant(np.array([1.5, -2.5]))((2,), dtype=tf.int32),
        "identity": lambda: tf.initializers.identity(2.5)((2, 3)),
        "zeros": lambda: tf.initializers.zeros()((2, 3), dtype=tf.int32),
        "ones": lambda: tf.initializers.ones()((2,), dtype=tf.bfloat16),
    }


def _activations(tf):
    def value(name, dtype):
        module = tf.nn if ACTIVATIONS[name] == "nn" else tf.keras.activations
        return getattr(module, name)(tf.constant(grid(), getattr(tf, dtype)))

    def gelu(approximate, dtype):
        return tf.nn.gelu(tf.constant(grid(), getattr(tf, dtype)), approximate)

    def keras_relu(dtype):
        return tf.keras.activations.relu(tf.constant(grid(), getattr(tf, dtype)), 0.25, 4.0, 0.5)

    return {
        **{f"{n}/{d}": lambda n=n, d=d: value(n, d) for n in ACTIVATIONS for d in DTYPES},
        **{f"gelu/{a}/{d}": lambda a=a, d=d: gelu(a, d) for a in (False, True) for d in DTYPES},
        **{f"keras_relu/{d}": lambda d=d: keras_relu(d) for d in ("float32", "float64")},
        "softmax/first axis": lambda: tf.nn.softmax(tf.constant(grid()), axis=0),
        "elu/alpha": lambda: tf.keras.activations.elu(tf.constant(grid()), 0.4),
    }


def _weights(tf):
    regularizers, constraints = tf.keras.regularizers, tf.keras.constraints
    penalties = {"l1": regularizers.L1(0.3), "l2": regularizers.L2(0.2), "l1_l2": regularizers.L1L2(0.3, 0.2)}
    projections = {
        "max_norm": constraints.MaxNorm(0.9, axis=[0, 1]),
        "min_max_norm": constraints.MinMaxNorm(0.5, 0.9, 0.7, axis=1),
        "unit_norm": constraints.UnitNorm(axis=2),
        "non_neg": constraints.NonNeg(),
    }
    return {
        name: lambda function=function: function(tf.constant(weights(3, 4, 2), tf.float32))
        for name, function in {**penalties, **projections}.items()
    }


def _sums(tf):
    x = weights(3, 4, 2)
    return {
        "reduce_sum": lambda: tf.reduce_sum(x, axis=[0, 2], keepdims=True),
        "reduce_mean": lambda: tf.reduce_mean(x, axis=1),
        "reduce_mean/integers": lambda: tf.reduce_mean(np.array([[-1, -2, -4], [1, 2, 4]]), 1),
        "square": lambda: tf.square(x),
        "abs": lambda: tf.abs(x),
        "l2_loss": lambda: tf.nn.l2_loss(x),
    }
