"""Custom getters: what they are asked, what they may change."""

from conformance.facts import dims, dtype_name, graph_facts, layer_facts, names, with_weights
from conformance.harness import Scenarios

scenario = Scenarios()


def convolve(tf, x, **arguments):
    return tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, **arguments)


def recorder(asked, mark):
    def getter(getter, name, *arguments, **keywords):
        asked.append([mark, name])
        return getter(name, *arguments, **keywords)

    return getter


@scenario
def asked_once_per_variable(tf, x):
    asked = []
    with tf.variable_scope("s", custom_getter=recorder(asked, "g")):
        convolve(tf, x)
    return asked


@scenario
def asked_again_on_reuse(tf, x):
    asked = []
    for reuse in (None, True):
        with tf.variable_scope("s", custom_getter=recorder(asked, "g"), reuse=reuse):
            convolve(tf, x, name="a")
    return [asked, graph_facts(tf)]


@scenario
def not_asked_when_a_built_layer_is_called(tf, x):
    asked = []
    layer = tf.layers.SeparableConv1D(4, 3)
    with tf.variable_scope("s", custom_getter=recorder(asked, "g")):
        layer(x(1, 6, 3))
        layer(x(1, 6, 3))
    return asked


@scenario
def keywords(tf, x):
    seen = {}

    def getter(getter, name, *arguments, **keywords):
        seen[name] = [len(arguments), sorted(keywords)]
        return getter(name, *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        convolve(tf, x, name="a")
        tf.get_variable("v", [1])
    return seen


@scenario
def values_of_keywords(tf, x):
    seen = []

    def getter(getter, name, *arguments, **keywords):
        reuse = "auto" if keywords["reuse"] is tf.AUTO_REUSE else keywords["reuse"]
        seen.append([name, dims(keywords["shape"]), keywords["trainable"], reuse])
        return getter(name, *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        convolve(tf, x, name="a")
    with tf.variable_scope("s", custom_getter=getter, reuse=True):
        convolve(tf, x, name="a")
    with tf.variable_scope("t", custom_getter=getter, reuse=tf.AUTO_REUSE):
        tf.layers.SeparableConv1D(4, 3, trainable=False)(x(1, 6, 3))
    return seen


@scenario
def nested_outer_is_asked_last(tf):
    asked = []
    with (
        tf.variable_scope("a", custom_getter=recorder(asked, "outer")),
        tf.variable_scope("b", custom_getter=recorder(asked, "inner")),
    ):
        tf.get_variable("v", [1])
    return asked


@scenario
def three_deep_with_own_getter(tf):
    asked = []
    with (
        tf.variable_scope("a", custom_getter=recorder(asked, "outer")),
        tf.variable_scope("b"),
        tf.variable_scope("c", custom_getter=recorder(asked, "inner")),
    ):
        tf.get_variable("v", [1], custom_getter=recorder(asked, "own"))
    return asked


@scenario
def getter_of_get_variable(tf):
    asked = []
    v = tf.get_variable("v", [1], custom_getter=recorder(asked, "own"))
    return [asked, v.name]


@scenario
def inherited_through_objects(tf):
    asked = []
    with tf.variable_scope("a", custom_getter=recorder(asked, "a")) as a:
        pass
    with tf.variable_scope("b", custom_getter=recorder(asked, "b")):
        with tf.variable_scope(a):
            tf.get_variable("v", [1])
        with tf.variable_scope(a, custom_getter=recorder(asked, "again")):
            tf.get_variable("w", [1])
    return asked


@scenario
def renaming(tf, x):
    def getter(getter, name, *arguments, **keywords):
        return getter(f"other/{name}", *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        convolve(tf, x, name="a")
    return graph_facts(tf)


@scenario
def sharing_across_scopes(tf, x):
    def getter(getter, name, *arguments, **keywords):
        keywords["reuse"] = tf.AUTO_REUSE
        return getter(name.replace("right", "left"), *arguments, **keywords)

    with tf.variable_scope("towers", custom_getter=getter):
        convolve(tf, x, name="left")
        convolve(tf, x, name="right")
    return graph_facts(tf)


@scenario
def frozen_by_getter(tf, x):
    def getter(getter, name, *arguments, **keywords):
        keywords["trainable"] = False
        return getter(name, *arguments, **keywords)

    layer = tf.layers.SeparableConv1D(4, 3)
    with tf.variable_scope("s", custom_getter=getter):
        layer(x(1, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def partly_frozen_by_getter(tf, x):
    def getter(getter, name, *arguments, **keywords):
        keywords["trainable"] = not name.endswith("depthwise_kernel")
        return getter(name, *arguments, **keywords)

    layer = tf.layers.SeparableConv1D(4, 3)
    with tf.variable_scope("s", custom_getter=getter):
        layer(x(1, 6, 3))
    return [layer_facts(layer), graph_facts(tf)]


@scenario
def other_initializer(tf, run, x):
    def getter(getter, name, *arguments, **keywords):
        keywords["initializer"] = tf.constant_initializer(0.5)
        return getter(name, *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        return run(convolve(tf, x))


@scenario
def other_dtype(tf):
    def getter(getter, name, *arguments, **keywords):
        keywords["dtype"] = tf.float64
        return getter(name, *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        return dtype_name(tf.get_variable("v", [1]))


@scenario
def scaled_kernels(tf, run, x):
    def getter(getter, name, *arguments, **keywords):
        variable = getter(name, *arguments, **keywords)
        return variable * 2.0 if name.endswith("kernel") else variable

    with tf.variable_scope("s", custom_getter=getter):
        y = tf.layers.separable_conv1d(x(1, 6, 3), **with_weights(tf, 3))
    return [run(y), graph_facts(tf)]


@scenario
def kernel_made_of_two_variables(tf, run, x):
    def getter(getter, name, *arguments, **keywords):
        if not name.endswith("pointwise_kernel"):
            return getter(name, *arguments, **keywords)
        return getter(f"{name}/left", *arguments, **keywords) - getter(f"{name}/right", *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        y = tf.layers.separable_conv1d(x(1, 6, 3), **with_weights(tf, 3))
    return [run(y), graph_facts(tf)]


@scenario
def new_variable_beside_each(tf):
    def getter(getter, name, *arguments, **keywords):
        getter(f"{name}_average", *arguments, **{**keywords, "trainable": False})
        return getter(name, *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        tf.get_variable("v", [2])
    return graph_facts(tf)


@scenario
def name_is_full(tf):
    asked = []
    with tf.variable_scope("a"), tf.variable_scope("b", custom_getter=recorder(asked, "g")):
        tf.get_variable("c/v", [1])
    return asked


@scenario
def no_callable_raises(tf):
    with tf.variable_scope("s", custom_getter=3):
        tf.get_variable("v", [1])


@scenario
def no_callable_for_get_variable_raises(tf):
    tf.get_variable("v", [1], custom_getter="getter")


@scenario
def error_of_getter_passes(tf, x):
    def getter(getter, name, *arguments, **keywords):
        raise KeyError(name)

    with tf.variable_scope("s", custom_getter=getter):
        convolve(tf, x)


@scenario
def existing_variable_through_getter_raises(tf):
    asked = []
    with tf.variable_scope("s"):
        tf.get_variable("v", [1])
    with tf.variable_scope("s", custom_getter=recorder(asked, "g")):
        tf.get_variable("v", [1])


@scenario
def getter_opens_a_scope(tf):
    def getter(getter, name, *arguments, **keywords):
        with tf.variable_scope("inside"):
            keywords["shape"] = [2]
            return getter(name, *arguments, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        v = tf.get_variable("v", [1])
    return [v.name, dims(v.shape), names(tf.global_variables())]
