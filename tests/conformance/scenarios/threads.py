"""Scopes and stores across threads: a store per graph, scopes per thread."""

from conformance.facts import error_of, graph_facts, in_thread, names
from conformance.harness import Scenarios

scenario = Scenarios()


def convolve(tf, x, **arguments):
    tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, **arguments)
    return names(tf.global_variables())


@scenario
def default_names_start_anew(tf, x):
    convolve(tf, x)
    return in_thread(tf, lambda: convolve(tf, x))


@scenario
def default_names_with_reuse_share(tf, x):
    convolve(tf, x)
    shared = in_thread(tf, lambda: convolve(tf, x, reuse=True))
    return [shared, graph_facts(tf)]


@scenario
def variables_are_seen_by_all(tf, x):
    made = in_thread(tf, lambda: convolve(tf, x, name="a"))
    return [made, error_of(convolve, tf, x, name="a"), convolve(tf, x, name="a", reuse=True)]


@scenario
def current_scope_is_not_inherited(tf):
    with tf.variable_scope("a"):
        return [in_thread(tf, lambda: tf.get_variable_scope().name), tf.get_variable_scope().name]


@scenario
def scope_object_crosses(tf):
    with tf.variable_scope("a") as scope:

        def enter():
            with tf.variable_scope(scope):
                return tf.get_variable("v", [1]).name

        return in_thread(tf, enter)


@scenario
def reuse_of_the_root_stays_in_its_thread(tf):
    tf.get_variable_scope().reuse_variables()
    return [in_thread(tf, lambda: tf.get_variable_scope().reuse), tf.get_variable_scope().reuse]


@scenario
def counts_are_per_thread(tf):
    def opened():
        with tf.variable_scope(None, default_name="d") as scope:
            return scope.name

    return [opened(), opened(), in_thread(tf, opened), opened()]


@scenario
def graph_is_not_inherited(tf):
    import threading

    graph, found = tf.get_default_graph(), []
    thread = threading.Thread(target=lambda: found.append(tf.get_default_graph() is graph))
    thread.start()
    thread.join()
    return found


@scenario
def layer_names_count_across_threads(tf):
    first = tf.layers.SeparableConv1D(4, 3).name
    return [first, in_thread(tf, lambda: tf.layers.SeparableConv1D(4, 3).name), tf.layers.SeparableConv1D(4, 3).name]


@scenario
def collections_are_shared(tf):
    in_thread(tf, lambda: tf.add_to_collection("mine", 1))
    return tf.get_collection("mine")
