"""Initializers: what is certain about their numbers, and their configurations."""

import numpy as np

from conformance.facts import error_of
from conformance.harness import Scenarios

scenario = Scenarios()

MAKERS = {
    "zeros": lambda tf: tf.zeros_initializer(),
    "ones": lambda tf: tf.ones_initializer(),
    "constant": lambda tf: tf.constant_initializer(1.5),
    "random_uniform": lambda tf: tf.random_uniform_initializer(-2, 3, seed=1),
    "random_normal": lambda tf: tf.random_normal_initializer(1.0, 0.5, seed=1),
    "truncated_normal": lambda tf: tf.truncated_normal_initializer(1.0, 0.5, seed=1),
    "uniform_unit_scaling": lambda tf: tf.uniform_unit_scaling_initializer(2.0, seed=1),
    "variance_scaling": lambda tf: tf.variance_scaling_initializer(2.0, "fan_out", "uniform", seed=1),
    "variance_scaling_normal": lambda tf: tf.variance_scaling_initializer(2.0, "fan_avg", "untruncated_normal", seed=1),
    "variance_scaling_truncated": lambda tf: tf.variance_scaling_initializer(seed=1),
    "glorot_uniform": lambda tf: tf.glorot_uniform_initializer(seed=1),
    "glorot_normal": lambda tf: tf.glorot_normal_initializer(seed=1),
    "orthogonal": lambda tf: tf.orthogonal_initializer(2.0, seed=1),
    "he_normal": lambda tf: tf.initializers.he_normal(seed=1),
    "he_uniform": lambda tf: tf.initializers.he_uniform(seed=1),
    "lecun_normal": lambda tf: tf.initializers.lecun_normal(seed=1),
    "lecun_uniform": lambda tf: tf.initializers.lecun_uniform(seed=1),
}
RANDOM = [
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "uniform_unit_scaling",
    "variance_scaling",
    "orthogonal",
]


def values_of(tf, run, initializer, shape):
    return run(tf.get_variable("v", shape, initializer=initializer) + 0.0)


def configuration(make):
    return lambda tf: make(tf).get_config()


scenario.update({f"config_{name}": configuration(make) for name, make in MAKERS.items()})


@scenario
def config_defaults(tf):
    return {name: getattr(tf, f"{name}_initializer")().get_config() for name in RANDOM}


@scenario
def round_trip_of_configs(tf):
    found = []
    for make in MAKERS.values():
        first = make(tf)
        found.append(type(first).from_config(first.get_config()).get_config() == first.get_config())
    return found


def spread(make, shape):
    """The standard deviation against both fans, and how far the largest number lies."""

    def program(tf, run):
        values = values_of(tf, run, make(tf), shape).astype(np.float64)
        fan_in, fan_out = shape[-2] * np.prod(shape[:-2]), shape[-1] * np.prod(shape[:-2])
        return {
            "by_fan_in": round(float(values.std() * np.sqrt(fan_in)), 1),
            "by_fan_out": round(float(values.std() * np.sqrt(fan_out)), 1),
            "largest_over_std": round(float(np.abs(values).max() / values.std()) * 2) / 2,
        }

    return program


SCALED = [
    "variance_scaling",
    "variance_scaling_truncated",
    "glorot_uniform",
    "glorot_normal",
    "he_normal",
    "he_uniform",
    "lecun_normal",
    "lecun_uniform",
    "uniform_unit_scaling",
]
scenario.update({f"spread_{name}": spread(MAKERS[name], (3, 100, 400)) for name in SCALED})


@scenario
def uniform_bounds(tf, run):
    values = values_of(tf, run, MAKERS["random_uniform"](tf), (200, 200))
    return [round(float(values.min()), 2), round(float(values.max()), 2), round(float(values.mean()), 1)]


@scenario
def normal_moments(tf, run):
    values = values_of(tf, run, MAKERS["random_normal"](tf), (300, 300))
    return [round(float(values.mean()), 1), round(float(values.std()), 1), bool(np.abs(values - 1.0).max() > 1.5)]


@scenario
def truncated_normal_bounds(tf, run):
    values = values_of(tf, run, MAKERS["truncated_normal"](tf), (300, 300))
    distance = float(np.abs(values - 1.0).max())
    return [round(float(values.mean()), 1), round(float(values.std()), 2), bool(0.98 < distance <= 1.0)]


@scenario
def orthogonal_rows(tf, run):
    values = values_of(tf, run, MAKERS["orthogonal"](tf), (2, 3, 9)).reshape(6, 9)
    return np.round(values @ values.T, 3) + np.float32(0)


@scenario
def orthogonal_columns(tf, run):
    values = values_of(tf, run, tf.orthogonal_initializer(), (9, 4))
    return np.round(values.T @ values, 3) + np.float32(0)


@scenario
def orthogonal_of_vector_raises(tf):
    tf.get_variable("v", [3], initializer=tf.orthogonal_initializer())


@scenario
def constant_list_fills_in_order(tf, run):
    return values_of(tf, run, tf.constant_initializer([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), [2, 3])


@scenario
def constant_list_of_other_shape(tf, run):
    return values_of(tf, run, tf.constant_initializer([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), [3, 2])


@scenario
def constant_short_list_repeats_the_last(tf, run):
    return values_of(tf, run, tf.constant_initializer([1.0, 2.0]), [2, 3])


@scenario
def constant_long_list_raises(tf):
    tf.get_variable("v", [2], initializer=tf.constant_initializer([1.0, 2.0, 3.0]))


@scenario
def constant_verifies_shape(tf):
    return [
        error_of(tf.get_variable, "a", [3, 2], initializer=tf.constant_initializer(np.ones((2, 3)), verify_shape=True)),
        error_of(tf.get_variable, "b", [2, 3], initializer=tf.constant_initializer(np.ones((2, 3)), verify_shape=True)),
    ]


@scenario
def variance_scaling_refusals(tf):
    make = tf.variance_scaling_initializer
    return [
        error_of(make, scale=0.0),
        error_of(make, scale=-1.0),
        error_of(make, mode="fan_sideways"),
        error_of(make, distribution="poisson"),
        error_of(make, 1.0, "fan_in", "normal"),
    ]


@scenario
def same_seed_same_numbers(tf, run):
    first, second, third = (
        tf.get_variable(name, [5], initializer=tf.glorot_uniform_initializer(seed=seed)) + 0.0
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    first, second, third = run([first, second, third])
    return [bool((first == second).all()), bool((first == third).any())]


@scenario
def unseeded_variables_differ(tf, run):
    first, second = run([tf.get_variable(name, [5]) + 0.0 for name in "ab"])
    return bool((first == second).any())


@scenario
def graph_seed_alone_gives_each_variable_its_own(tf, run):
    tf.set_random_seed(7)
    first, second = run([tf.get_variable(name, [5]) + 0.0 for name in "ab"])
    return bool((first == second).any())


@scenario
def graph_seed_repeats_in_another_graph(tf, run):
    found = []
    for _ in range(2):
        with tf.Graph().as_default():
            tf.set_random_seed(7)
            tf.get_variable("first", [2])
            found.append(run(tf.get_variable("v", [5]) + 0.0))
    return bool((found[0] == found[1]).all())


@scenario
def other_graph_seed_changes_seeded_numbers(tf, run):
    found = []
    for seed in (7, 8):
        with tf.Graph().as_default():
            tf.set_random_seed(seed)
            found.append(run(tf.get_variable("v", [5], initializer=tf.glorot_uniform_initializer(seed=1)) + 0.0))
    return bool((found[0] == found[1]).any())


@scenario
def called_directly(tf, run):
    return run([tf.zeros_initializer()([2]), tf.ones_initializer()([2]), tf.constant_initializer(3)([2])])


@scenario
def called_with_dtype(tf, run):
    return run(tf.constant_initializer(3)([2], dtype=tf.float64))


@scenario
def dtype_of_initializer_yields_to_variable(tf, run):
    return values_of(tf, run, tf.ones_initializer(dtype=tf.float64), [2])


def seeded_by_keras(class_name, **config):
    """The numbers that a seed gives through a Keras config, in each type."""

    def program(tf, run):
        found = []
        for index, dtype in enumerate((tf.float32, tf.float64, tf.float16)):
            initializer = tf.keras.initializers.get({"class_name": class_name, "config": {**config, "seed": 9 - index}})
            found.append(run(initializer([3, 2, 4], dtype=dtype)))
        return found

    return program


KERAS_CONFIGS = {
    "RandomNormal": {"mean": 1.0, "stddev": 0.5},
    "RandomUniform": {"minval": -1.0, "maxval": 2.0},
    "TruncatedNormal": {},
    "GlorotUniform": {},
    "HeNormal": {},
    "Orthogonal": {"gain": 1.5},
    "VarianceScaling": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
}
scenario.update({f"seeded_{name}": seeded_by_keras(name, **config) for name, config in KERAS_CONFIGS.items()})


@scenario
def seeds_by_keras_are_those_of_the_layer(tf, run):
    normal = {"class_name": "RandomNormal", "config": {"seed": -7}}
    layer = tf.layers.SeparableConv1D(3, 2, depthwise_initializer=normal, pointwise_initializer=normal)
    layer(np.zeros((1, 4, 2), np.float32))
    return run([weight + 0.0 for weight in layer.weights])
