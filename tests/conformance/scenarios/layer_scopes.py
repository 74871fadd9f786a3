"""Layers inside variable scopes: nesting, reuse, re-entering, name scopes."""

from conformance.facts import error_of, graph_facts, layer_facts, names
from conformance.harness import Scenarios

scenario = Scenarios()


def convolve(tf, x, **arguments):
    return tf.layers.separable_conv1d(x(1, 9, 4), 4, 3, **arguments)


@scenario
def named_then_reused(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a", reuse=True)
    return graph_facts(tf)


@scenario
def reuse_before_creation(tf, x):
    convolve(tf, x, name="a", reuse=True)


@scenario
def unnamed_reuse_before_creation(tf, x):
    convolve(tf, x, reuse=True)


@scenario
def unnamed_reuse_takes_the_first(tf, x):
    convolve(tf, x)
    convolve(tf, x)
    convolve(tf, x, reuse=True)
    return graph_facts(tf)


@scenario
def auto_reuse_creates_then_shares(tf, x):
    for _ in range(3):
        convolve(tf, x, name="a", reuse=tf.AUTO_REUSE)
    return graph_facts(tf)


@scenario
def unnamed_auto_reuse_shares(tf, x):
    for _ in range(2):
        convolve(tf, x, reuse=tf.AUTO_REUSE)
    return graph_facts(tf)


@scenario
def reuse_false_is_none(tf, x):
    with tf.variable_scope("s"):
        convolve(tf, x, name="a")
    with tf.variable_scope("s", reuse=True):
        convolve(tf, x, name="a", reuse=False)
    return graph_facts(tf)


@scenario
def reuse_does_not_count_for_the_next_default(tf, x):
    convolve(tf, x)
    convolve(tf, x, reuse=True)
    convolve(tf, x)
    return graph_facts(tf)


@scenario
def scope_reuse(tf, x):
    with tf.variable_scope("s"):
        convolve(tf, x, name="a")
    with tf.variable_scope("s", reuse=True):
        convolve(tf, x, name="a")
    return graph_facts(tf)


@scenario
def scope_auto_reuse_around_a_model(tf, x):
    for _ in range(2):
        with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
            convolve(tf, x)
            convolve(tf, x, name="b")
            convolve(tf, x)
    return graph_facts(tf)


@scenario
def root_scope_auto_reuse(tf, x):
    with tf.variable_scope("", reuse=tf.AUTO_REUSE):
        convolve(tf, x, name="a")
        convolve(tf, x, name="a")
    return graph_facts(tf)


@scenario
def reentered_scope_restarts_default_names(tf, x):
    for reuse in (None, True):
        with tf.variable_scope("s", reuse=reuse):
            convolve(tf, x)
            convolve(tf, x)
    return graph_facts(tf)


@scenario
def reentered_without_reuse_raises(tf, x):
    for _ in range(2):
        with tf.variable_scope("s"):
            convolve(tf, x)


@scenario
def reentered_by_object_restarts_default_names(tf, x):
    with tf.variable_scope("s") as scope:
        convolve(tf, x)
    with tf.variable_scope(scope, reuse=True):
        convolve(tf, x)
    return graph_facts(tf)


@scenario
def reentered_by_object_without_reuse(tf, x):
    with tf.variable_scope("s") as scope:
        convolve(tf, x)
    with tf.variable_scope(scope):
        convolve(tf, x)
    return graph_facts(tf)


@scenario
def reentered_by_object_from_inside(tf, x):
    with tf.variable_scope("s") as scope:
        convolve(tf, x)
        with tf.variable_scope(scope):
            convolve(tf, x)
        convolve(tf, x)
    return graph_facts(tf)


@scenario
def object_from_another_scope_jumps(tf, x):
    with tf.variable_scope("a") as a:
        convolve(tf, x)
    with tf.variable_scope("b"):
        convolve(tf, x)
        with tf.variable_scope(a, reuse=True):
            convolve(tf, x)
            with tf.variable_scope("c", reuse=tf.AUTO_REUSE):
                error = error_of(convolve, tf, x)
        convolve(tf, x)
    return [error, graph_facts(tf)]


@scenario
def reuse_variables_on_the_current_scope(tf, x):
    with tf.variable_scope("s"):
        convolve(tf, x, name="a")
        tf.get_variable_scope().reuse_variables()
        convolve(tf, x, name="a")
    return graph_facts(tf)


@scenario
def reuse_variables_on_the_root(tf, x):
    convolve(tf, x, name="a")
    tf.get_variable_scope().reuse_variables()
    convolve(tf, x, name="a")
    error = error_of(convolve, tf, x, name="b")
    return [error, graph_facts(tf)]


@scenario
def reuse_is_inherited_and_not_undone(tf, x):
    with tf.variable_scope("s"), tf.variable_scope("t"):
        convolve(tf, x, name="a")
    with tf.variable_scope("s", reuse=True), tf.variable_scope("t", reuse=False):
        convolve(tf, x, name="a")
        error = error_of(convolve, tf, x, name="new")
    return [error, graph_facts(tf)]


@scenario
def auto_reuse_inside_reuse(tf, x):
    with tf.variable_scope("s", reuse=True):
        convolve(tf, x, name="a", reuse=tf.AUTO_REUSE)
    return graph_facts(tf)


@scenario
def reuse_inside_auto_reuse(tf, x):
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        convolve(tf, x, name="a", reuse=True)


@scenario
def nested_scopes(tf, x):
    with tf.variable_scope("outer"):
        with tf.variable_scope("inner"):
            convolve(tf, x)
        convolve(tf, x, name="b/c")
    return graph_facts(tf)


@scenario
def scope_name_with_slashes(tf, x):
    with tf.variable_scope("a/b"):
        convolve(tf, x)
    with tf.variable_scope("a"), tf.variable_scope("b", reuse=True):
        convolve(tf, x)
    return graph_facts(tf)


@scenario
def leaving_outer_scope_resets_inner_counts(tf, x):
    with tf.variable_scope("a"):
        for _ in range(2):
            with tf.variable_scope("b", reuse=tf.AUTO_REUSE):
                convolve(tf, x)
                convolve(tf, x)
    return names(tf.global_variables())


@scenario
def default_named_scope_around_layers(tf, x):
    for _ in range(2):
        with tf.variable_scope(None, default_name="block"):
            convolve(tf, x)
            convolve(tf, x)
    return graph_facts(tf)


@scenario
def name_scope_does_not_name_variables(tf, x):
    with tf.name_scope("ops"):
        convolve(tf, x)
        convolve(tf, x, name="a")
    convolve(tf, x)
    return graph_facts(tf)


@scenario
def name_scope_inside_variable_scope(tf, x):
    with tf.variable_scope("s"), tf.name_scope("ops"), tf.variable_scope("t"):
        convolve(tf, x)
    return graph_facts(tf)


@scenario
def scope_is_taken_at_the_first_call(tf, x):
    with tf.variable_scope("made"):
        layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    with tf.variable_scope("called"):
        layer(x(1, 9, 4))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def function_scope_is_relative_to_the_current(tf, x):
    with tf.variable_scope("a"):
        convolve(tf, x, name="x")
        with tf.variable_scope("b"):
            convolve(tf, x, name="x")
    return graph_facts(tf)


@scenario
def error_inside_a_scope_leaves_it(tf, x):
    def broken():
        with tf.variable_scope("a"), tf.variable_scope("b"):
            raise KeyError("inside")

    error = error_of(broken)
    convolve(tf, x)
    return [error, tf.get_variable_scope().name, names(tf.global_variables())]


@scenario
def error_of_a_layer_leaves_its_scope(tf, x):
    with tf.variable_scope("s"):
        error = error_of(convolve, tf, x, name="a", reuse=True)
        inside = tf.get_variable_scope().name
        convolve(tf, x, name="a")
    return [error, inside, graph_facts(tf)]


@scenario
def unnamed_after_a_refused_call(tf, x):
    error = error_of(tf.layers.separable_conv1d, x(9, 4), 4, 3)
    convolve(tf, x)
    return [error, names(tf.global_variables())]
