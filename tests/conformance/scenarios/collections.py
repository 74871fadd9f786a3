"""Collections and their filters."""

from conformance.facts import names
from conformance.harness import Scenarios

scenario = Scenarios()
KEYS = [
    "ACTIVATIONS",
    "BIASES",
    "EVAL_STEP",
    "GLOBAL_STEP",
    "GLOBAL_VARIABLES",
    "LOCAL_VARIABLES",
    "LOSSES",
    "MODEL_VARIABLES",
    "MOVING_AVERAGE_VARIABLES",
    "REGULARIZATION_LOSSES",
    "SUMMARIES",
    "TRAINABLE_VARIABLES",
    "UPDATE_OPS",
    "WEIGHTS",
]


class Named:
    def __init__(self, name):
        self.name = name


@scenario
def keys(tf):
    return [getattr(tf.GraphKeys, key) for key in KEYS]


@scenario
def missing_is_empty(tf):
    return [tf.get_collection("nothing"), tf.get_collection("nothing", scope="a")]


@scenario
def in_order_with_repeats(tf):
    for item in (3, "b", 3):
        tf.add_to_collection("mine", item)
    return tf.get_collection("mine")


@scenario
def get_collection_is_a_copy(tf):
    tf.add_to_collection("mine", 1)
    tf.get_collection("mine").append(2)
    return tf.get_collection("mine")


@scenario
def get_collection_ref_is_the_list(tf):
    tf.get_collection_ref("mine").append(2)
    tf.add_to_collection("mine", 3)
    return [tf.get_collection("mine"), tf.get_collection_ref("mine") is tf.get_collection_ref("mine")]


@scenario
def scope_filter_is_a_regex_prefix(tf):
    for name in ("a/x", "ab/x", "b/a"):
        tf.add_to_collection("mine", Named(name))
    tf.add_to_collection("mine", "a/without a name attribute")
    wanted = ("a", "a/", "b", ".*a", "x", "", "(a|b)/")
    return [[getattr(item, "name", item) for item in tf.get_collection("mine", scope=scope)] for scope in wanted]


@scenario
def of_another_graph(tf):
    tf.add_to_collection("mine", 1)
    with tf.Graph().as_default() as graph:
        inner = [tf.get_collection("mine"), tf.get_default_graph() is graph]
    return [inner, tf.get_collection("mine")]


@scenario
def graph_methods(tf):
    graph = tf.get_default_graph()
    graph.add_to_collection("mine", 1)
    graph.add_to_collections(["mine", "other"], 2)
    return [graph.get_collection("mine"), graph.get_collection_ref("other"), sorted(graph.get_all_collection_keys())]


@scenario
def graph_clear_collection(tf):
    tf.add_to_collection("mine", 1)
    tf.get_default_graph().clear_collection("mine")
    return tf.get_collection("mine")


@scenario
def layers_fill_these_and_no_others(tf, x):
    tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, bias_regularizer=tf.reduce_sum, trainable=True)
    return sorted(key for key in KEYS if tf.get_collection(getattr(tf.GraphKeys, key)))


@scenario
def frozen_layers_fill_these(tf, x):
    tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, trainable=False)
    return sorted(key for key in KEYS if tf.get_collection(getattr(tf.GraphKeys, key)))


@scenario
def variables_by_scope(tf, x):
    for name in ("enc", "enc_2", "dec"):
        with tf.variable_scope(name):
            tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, use_bias=False)
    wanted = ("enc", "enc/", "dec", "enc_2/.*pointwise", "pointwise", ".*pointwise")
    return [names(tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope=scope)) for scope in wanted]


@scenario
def added_variables_are_listed(tf):
    v = tf.get_variable("v", [1], trainable=False)
    tf.add_to_collection(tf.GraphKeys.TRAINABLE_VARIABLES, v)
    return names(tf.trainable_variables())


@scenario
def regularization_losses_by_scope(tf, x):
    for name in ("enc", "dec"):
        with tf.variable_scope(name):
            tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, bias_regularizer=tf.reduce_sum)
    wanted = (None, "enc", "dec", "bias")
    return [len(tf.losses.get_regularization_losses(scope)) for scope in wanted]


@scenario
def regularization_loss_is_the_sum(tf, run, x):
    ones = tf.ones_initializer()
    for name in ("a", "b"):
        tf.layers.separable_conv1d(
            x(1, 6, 3), 4, 3, name=name, bias_initializer=ones, bias_regularizer=lambda v: 0.5 * tf.reduce_sum(v)
        )
    return run([tf.losses.get_regularization_loss(), tf.losses.get_regularization_loss("a")])


@scenario
def regularization_loss_of_nothing(tf, run):
    return run(tf.losses.get_regularization_loss())


@scenario
def new_graph_has_no_variables(tf):
    return tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
