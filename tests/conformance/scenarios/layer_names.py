"""Names of layers, scopes and variables: the function, the class, default names."""

from conformance.facts import error_of, graph_facts, layer_facts, named_shapes, names
from conformance.harness import Scenarios

scenario = Scenarios()


def convolve(tf, x, **arguments):
    return tf.layers.separable_conv1d(x(1, 9, 4), 4, 3, **arguments)


def built(tf, x, **arguments):
    layer = tf.layers.SeparableConv1D(4, 3, **arguments)
    layer(x(1, 9, 4))
    return layer


@scenario
def three_variables(tf, x):
    convolve(tf, x)
    return named_shapes(tf.global_variables())


@scenario
def two_without_bias(tf, x):
    convolve(tf, x, use_bias=False, depth_multiplier=2)
    return named_shapes(tf.global_variables())


@scenario
def operation_names(tf, x):
    convolve(tf, x, name="a/b")
    return [variable.op.name for variable in tf.global_variables()]


@scenario
def unnamed_twice(tf, x):
    convolve(tf, x)
    convolve(tf, x)
    return graph_facts(tf)


@scenario
def named_twice_raises(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a")


@scenario
def named_twice_keeps_the_first(tf, x):
    convolve(tf, x, name="a")
    error = error_of(convolve, tf, x, name="a")
    return [error, graph_facts(tf)]


@scenario
def empty_name_is_automatic(tf, x):
    convolve(tf, x, name="")
    return graph_facts(tf)


@scenario
def name_with_slash(tf, x):
    convolve(tf, x, name="a/b")
    convolve(tf, x, name="a/c")
    return graph_facts(tf)


@scenario
def name_below_an_earlier_layer(tf, x):
    convolve(tf, x, name="a")
    convolve(tf, x, name="a/b")
    return graph_facts(tf)


@scenario
def name_like_the_next_default(tf, x):
    convolve(tf, x)
    convolve(tf, x, name="separable_conv1d_1")
    convolve(tf, x)
    return graph_facts(tf)


@scenario
def name_like_the_first_default(tf, x):
    convolve(tf, x, name="separable_conv1d")
    convolve(tf, x)
    return graph_facts(tf)


@scenario
def users_scope_takes_the_default_name(tf, x):
    with tf.variable_scope("separable_conv1d"):
        tf.get_variable("v", [1])
    convolve(tf, x)
    return graph_facts(tf)


@scenario
def names_with_dots_and_dashes(tf, x):
    convolve(tf, x, name="A.b-c_1>d")
    return names(tf.global_variables())


@scenario
def class_names(tf, x):
    layers = [built(tf, x, name=name) for name in (None, "sep", "sep", "sep")]
    return [[layer_facts(layer) for layer in layers], graph_facts(tf)]


@scenario
def unnamed_classes_count_from_one(tf):
    return [tf.layers.SeparableConv1D(4, 3).name for _ in range(3)]


@scenario
def names_are_counted_at_creation_and_scopes_at_use(tf, x):
    first, second = tf.layers.SeparableConv1D(4, 3), tf.layers.SeparableConv1D(4, 3)
    second(x(1, 9, 4))
    first(x(1, 9, 4))
    return [layer_facts(first), layer_facts(second)]


@scenario
def explicit_names_do_not_count(tf):
    given = tf.layers.SeparableConv1D(4, 3, name="separable_conv1d_1")
    return [given.name, tf.layers.SeparableConv1D(4, 3).name, tf.layers.SeparableConv1D(4, 3).name]


@scenario
def functions_count_layer_names_too(tf, x):
    convolve(tf, x)
    convolve(tf, x, name="a")
    return tf.layers.SeparableConv1D(4, 3).name


@scenario
def layer_names_count_per_graph(tf):
    tf.layers.SeparableConv1D(4, 3)
    with tf.Graph().as_default():
        inner = tf.layers.SeparableConv1D(4, 3).name
    return [inner, tf.layers.SeparableConv1D(4, 3).name]


@scenario
def class_and_function_share_scope_counts(tf, x):
    built(tf, x)
    convolve(tf, x)
    layer = built(tf, x)
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def class_after_function_of_the_same_name(tf, x):
    convolve(tf, x, name="sep")
    return [layer_facts(built(tf, x, name="sep")), graph_facts(tf)]


@scenario
def function_after_class_of_the_same_name(tf, x):
    built(tf, x, name="sep")
    convolve(tf, x, name="sep")


@scenario
def subclass_is_named_after_itself(tf, x):
    class EEGBlock2D(tf.layers.SeparableConv1D):
        pass

    layer = EEGBlock2D(4, 3)
    layer(x(1, 9, 4))
    return [layer_facts(layer), EEGBlock2D(4, 3).name]


@scenario
def subclass_may_extend_call(tf, run, x):
    class Doubled(tf.layers.SeparableConv1D):
        def call(self, inputs):
            return super().call(inputs) * 2.0

    arguments = {"depthwise_initializer": tf.ones_initializer(), "pointwise_initializer": tf.ones_initializer()}
    plain, doubled = tf.layers.SeparableConv1D(2, 3, **arguments), Doubled(2, 3, **arguments)
    return [*run([plain(x(1, 5, 3)), doubled(x(1, 5, 3))]), doubled.scope_name]


@scenario
def subclass_may_add_weights(tf, x):
    class Scaled(tf.layers.SeparableConv1D):
        def build(self, input_shape):
            super().build(input_shape)
            self.gain = self.add_weight(name="gain", shape=[4], initializer=tf.ones_initializer())

    layer = Scaled(4, 3, name="scaled")
    layer(x(1, 9, 4))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def same_object_twice_shares(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    with tf.variable_scope("one"):
        layer(x(1, 9, 4))
    with tf.variable_scope("two"):
        layer(x(2, 7, 4))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def apply_is_call(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer.apply(x(1, 9, 4))
    layer(x(1, 9, 4))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def call_scope_by_string(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(1, 9, 4), scope="given")
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def call_scope_by_object(tf, x):
    with tf.variable_scope("outer") as scope:
        tf.get_variable("v", [1])
    layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    layer(x(1, 9, 4), scope=scope)
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def call_scope_only_counts_once(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(1, 9, 4), scope="given")
    layer(x(1, 9, 4), scope="other")
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def call_scope_is_not_made_unique(tf, x):
    tf.layers.SeparableConv1D(4, 3)(x(1, 9, 4), scope="given")
    tf.layers.SeparableConv1D(4, 3)(x(1, 9, 4), scope="given")


@scenario
def built_by_hand(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, name="sep")
    with tf.variable_scope("s"):
        layer.build((None, 9, 4))
    layer(x(1, 9, 4))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def scope_object_as_name_of_function(tf, x):
    with tf.variable_scope("test1") as scope:
        pass
    convolve(tf, x, name=scope)
    return graph_facts(tf)


@scenario
def scope_object_as_name_inside_another_scope(tf, x):
    with tf.variable_scope("test1") as scope:
        pass
    with tf.variable_scope("elsewhere"):
        convolve(tf, x, name=scope)
    return graph_facts(tf)


@scenario
def scope_object_as_name_of_class(tf, x):
    with tf.variable_scope("test1") as scope:
        pass
    layer = built(tf, x, name=scope)
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def reused_scope_object_as_name(tf, x):
    with tf.variable_scope("test1") as scope:
        pass
    convolve(tf, x, name=scope)
    convolve(tf, x, name=scope, reuse=True)
    return graph_facts(tf)


@scenario
def private_scope_of_class(tf, x):
    first, second = built(tf, x, _scope="given"), built(tf, x, _scope="given", _reuse=True)
    return [layer_facts(first), layer_facts(second), graph_facts(tf)]


@scenario
def two_graphs_are_apart(tf, x):
    convolve(tf, x, name="a")
    with tf.Graph().as_default():
        convolve(tf, x, name="a")
        inner = graph_facts(tf)
    return [inner, graph_facts(tf)]


@scenario
def default_names_start_anew_in_each_graph(tf, x):
    convolve(tf, x)
    with tf.Graph().as_default(), tf.variable_scope("s"):
        convolve(tf, x)
        inner = graph_facts(tf)
    convolve(tf, x)
    return [inner, graph_facts(tf)]


@scenario
def default_names_in_numbered_scopes(tf, x):
    for index in range(3):
        with tf.variable_scope(f"block_{index}"):
            convolve(tf, x)
            convolve(tf, x, name="b")
    return names(tf.global_variables())
