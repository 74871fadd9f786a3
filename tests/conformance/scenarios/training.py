"""The global step, the arguments of learning rates, and clipping."""

import numpy as np

from conformance.facts import dims, dtype_name, error_of, graph_facts
from conformance.harness import Scenarios

scenario = Scenarios()


def step_facts(tf, step):
    return None if step is None else [step.name, dims(step.shape), dtype_name(step), step is tf.train.get_global_step()]


@scenario
def global_step_created(tf, run):
    step = tf.train.create_global_step()
    found = [step_facts(tf, step), len(tf.get_collection(tf.GraphKeys.GLOBAL_STEP)), graph_facts(tf)]
    return [*found, run(step), tf.train.get_or_create_global_step() is step]


@scenario
def global_step_created_twice(tf):
    tf.train.create_global_step()
    tf.train.create_global_step()


@scenario
def no_global_step(tf):
    return tf.train.get_global_step()


@scenario
def global_step_inside_scopes(tf):
    with tf.variable_scope("a"), tf.name_scope("b"):
        step = tf.train.get_or_create_global_step()
    return [step_facts(tf, step), graph_facts(tf)]


@scenario
def global_step_of_another_graph(tf):
    graph = tf.Graph()
    step = tf.train.get_or_create_global_step(graph)
    return [step.graph is graph, tf.train.get_global_step(), tf.train.get_global_step(graph) is step]


@scenario
def global_step_by_name(tf):
    step = tf.Variable(3, name="global_step", trainable=False)
    return error_of(tf.train.create_global_step), dtype_name(step)


@scenario
def global_steps_in_the_collection(tf):
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.Variable(0, name="one"))
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.Variable(0, name="two"))
    return tf.train.get_global_step()


@scenario
def global_step_of_a_float(tf):
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.Variable(0.0))
    tf.train.get_global_step()


@scenario
def global_step_with_axes(tf):
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.Variable([0, 1]))
    tf.train.get_global_step()


@scenario
def global_step_that_is_no_variable(tf):
    tf.train.assert_global_step(3)


@scenario
def piecewise_with_other_types(tf):
    step = tf.train.get_or_create_global_step()
    return [
        error_of(tf.train.piecewise_constant, step, [1.0, 2.0], [0.1, 0.2, 0.3]),
        error_of(tf.train.piecewise_constant, step, [1, 2], [0.1, 0.2]),
        error_of(tf.train.piecewise_constant, step, [1], [0.1, 2]),
        error_of(tf.train.piecewise_constant, step, [1], [0.1, 0.2]),
    ]


@scenario
def global_norms(tf, run, x):
    arrays = [x(3, 4), None, x(2), 100 * x(1, 2, 3)]
    return [run(tf.global_norm(arrays)), run(tf.global_norm([x(5, dtype=np.float64)])), error_of(tf.global_norm, 3)]


@scenario
def clipped_by_global_norm(tf, run, x):
    found = []
    for limit in (0.5, 3.0, 1e6):
        clipped, norm = tf.clip_by_global_norm([x(3, 4), None, x(2)], limit)
        found.append([run(clipped[0]), clipped[1], run(clipped[2]), run(norm)])
    return found


@scenario
def clipped_by_a_known_norm(tf, run, x):
    clipped, norm = tf.clip_by_global_norm([x(3)], 2.0, use_norm=np.float32(8))
    return [run(clipped[0]), float(norm)]


@scenario
def clipped_by_a_norm_that_is_not_finite(tf, run):
    clipped, norm = tf.clip_by_global_norm([np.float32([1, np.inf]), np.float32([2])], 1.0)
    return [np.isnan(run(clipped[0])).tolist(), np.isnan(run(clipped[1])).tolist(), bool(np.isinf(run(norm)))]


@scenario
def clipped_by_norm(tf, run, x):
    whole = [run(tf.clip_by_norm(x(3, 4), limit)) for limit in (0.5, 100.0, 0.0, -1.0)]
    return [whole, run(tf.clip_by_norm(x(3, 4), 0.5, axes=[1])), run(tf.clip_by_norm(np.zeros(2, np.float32), 0.5))]


@scenario
def clipped_by_value(tf, run, x):
    limits = np.float32([-0.1, -0.2, -0.3]), np.float32([0.1, 0.2, 0.3])
    return [run(tf.clip_by_value(x(4, 3), -0.5, 0.25)), run(tf.clip_by_value(x(4, 3), *limits))]
