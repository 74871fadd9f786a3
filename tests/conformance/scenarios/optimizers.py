"""Optimizers: the variables they make, their names, and what they refuse."""

import numpy as np

from conformance.facts import error_of, graph_facts, named_shapes, names
from conformance.harness import Scenarios

scenario = Scenarios()

OPTIMIZERS = {
    "gradient_descent": lambda train: train.GradientDescentOptimizer(0.1),
    "momentum": lambda train: train.MomentumOptimizer(0.1, 0.9),
    "nesterov": lambda train: train.MomentumOptimizer(0.1, 0.9, use_nesterov=True, name="Nesterov"),
    "adagrad": lambda train: train.AdagradOptimizer(0.1),
    "adadelta": lambda train: train.AdadeltaOptimizer(),
    "rmsprop": lambda train: train.RMSPropOptimizer(0.1),
    "centered": lambda train: train.RMSPropOptimizer(0.1, centered=True),
    "adam": lambda train: train.AdamOptimizer(),
    "adam_own_scope": lambda train: train.AdamOptimizer(use_own_namescope_for_non_slot_vars=True),
    "ftrl": lambda train: train.FtrlOptimizer(0.1),
    "ftrl_named": lambda train: train.FtrlOptimizer(0.1, accum_name="A", linear_name="L"),
}


def two_variables(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        return [tf.get_variable("bias", [2]), tf.get_variable("kernel", [2, 3])]


def gradients_of(variables):
    return [(np.full([int(size) for size in variable.shape], 0.5, np.float32), variable) for variable in variables]


def slots_made(make):
    def slots(tf, run):
        variables, optimizer = two_variables(tf), make(tf.train)
        optimizer.apply_gradients(gradients_of(variables))
        return {
            "graph": graph_facts(tf),
            "slots": optimizer.get_slot_names(),
            "of_bias": {name: optimizer.get_slot(variables[0], name).name for name in optimizer.get_slot_names()},
            "missing": optimizer.get_slot(variables[0], "no such slot"),
            "variables": named_shapes(optimizer.variables()),
            "types": [np.dtype(run(variable).dtype).name for variable in optimizer.variables()],
            "name": optimizer.get_name(),
        }

    return slots


scenario.update({f"slots_of_{name}": slots_made(make) for name, make in OPTIMIZERS.items()})


@scenario
def two_optimizers(tf):
    variables = two_variables(tf)
    for _ in range(2):
        tf.train.AdamOptimizer().apply_gradients(gradients_of(variables))
    return graph_facts(tf)


@scenario
def one_optimizer_twice(tf):
    variables, optimizer = two_variables(tf), tf.train.AdamOptimizer()
    optimizer.apply_gradients(gradients_of(variables[:1]))
    optimizer.apply_gradients(gradients_of(variables))
    return graph_facts(tf)


@scenario
def one_optimizer_in_two_graphs(tf):
    optimizer, found = tf.train.AdamOptimizer(), []
    for _ in range(2):
        with tf.Graph().as_default():
            optimizer.apply_gradients(gradients_of(two_variables(tf)))
            found.append([graph_facts(tf), names(optimizer.variables())])
    return found


@scenario
def inside_scopes(tf):
    variables = two_variables(tf)
    with tf.variable_scope("train"), tf.name_scope("inner"):
        tf.train.AdamOptimizer().apply_gradients(gradients_of(variables))
    with tf.name_scope("outer"):
        tf.train.AdamOptimizer(use_own_namescope_for_non_slot_vars=True).apply_gradients(gradients_of(variables))
    return graph_facts(tf)


@scenario
def own_scopes_of_two_optimizers(tf):
    variables = two_variables(tf)
    for _ in range(2):
        optimizer = tf.train.AdamOptimizer(name="Mine", use_own_namescope_for_non_slot_vars=True)
        optimizer.apply_gradients(gradients_of(variables))
    return graph_facts(tf)


@scenario
def inside_a_scope_that_is_opened_twice(tf):
    variables, found = two_variables(tf), []
    for _ in range(2):
        with tf.variable_scope("train", reuse=tf.AUTO_REUSE):
            optimizer = tf.train.MomentumOptimizer(0.1, 0.9)
            optimizer.apply_gradients(gradients_of(variables))
            found.append(names(optimizer.variables()))
    return [found, graph_facts(tf)]


@scenario
def inside_a_scope_that_creates_nothing(tf):
    variables = two_variables(tf)
    with tf.variable_scope("train", reuse=True):
        tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients(gradients_of(variables))


@scenario
def scopes_defaults_reach_slots(tf):
    variables = two_variables(tf)
    with tf.variable_scope("train", regularizer=tf.keras.regularizers.L2(0.5), initializer=tf.ones_initializer()):
        tf.train.MomentumOptimizer(0.1, 0.9).apply_gradients(gradients_of(variables))
    return graph_facts(tf)


@scenario
def only_variables_with_gradients_get_slots(tf):
    bias, kernel = two_variables(tf)
    tf.train.AdamOptimizer().apply_gradients([(None, bias), *gradients_of([kernel])])
    return graph_facts(tf)


@scenario
def float64_slots(tf, run):
    variable = tf.get_variable("bias", [2], dtype=tf.float64)
    optimizer = tf.train.AdamOptimizer()
    optimizer.apply_gradients([(np.zeros(2), variable)])
    return [[made.name, np.dtype(run(made).dtype).name] for made in optimizer.variables()]


@scenario
def start_of_slots(tf, run):
    found = {}
    for name, make in OPTIMIZERS.items():
        with tf.variable_scope(name):
            optimizer, variable = make(tf.train), tf.get_variable("bias", [2])
            optimizer._create_slots([variable])
            found[name] = {slot: run(optimizer.get_slot(variable, slot)) for slot in optimizer.get_slot_names()}
    return found


@scenario
def no_variables(tf):
    tf.train.GradientDescentOptimizer(0.1).apply_gradients([])


@scenario
def no_gradients(tf):
    tf.train.GradientDescentOptimizer(0.1).apply_gradients([(None, variable) for variable in two_variables(tf)])


@scenario
def gradient_of_another_shape(tf):
    tf.train.GradientDescentOptimizer(0.1).apply_gradients([(np.zeros(3, np.float32), two_variables(tf)[0])])


@scenario
def empty_names(tf):
    return [error_of(tf.train.AdamOptimizer, name=name) for name in ("", None)]


@scenario
def numbers_out_of_range(tf):
    train = tf.train
    return [
        error_of(train.AdagradOptimizer, 0.1, initial_accumulator_value=0.0),
        error_of(train.FtrlOptimizer, 0.1, initial_accumulator_value=-1.0),
        error_of(train.FtrlOptimizer, 0.1, learning_rate_power=0.5),
        error_of(train.FtrlOptimizer, 0.1, l1_regularization_strength=-1.0),
        error_of(train.FtrlOptimizer, 0.1, l2_regularization_strength=-1.0),
        error_of(train.FtrlOptimizer, 0.1, l2_shrinkage_regularization_strength=-1.0),
    ]


@scenario
def nothing_made_yet(tf):
    optimizer, (bias, _) = tf.train.AdamOptimizer(), two_variables(tf)
    return [optimizer.get_slot_names(), optimizer.variables(), optimizer.get_slot(bias, "m")]
