"""make_template: sharing, unique names, scopes, refusals."""

from conformance.facts import error_of, graph_facts, names
from conformance.harness import Scenarios

scenario = Scenarios()


def scaled(tf):
    def program(inputs, factor=1.0):
        return tf.get_variable("v", [1], initializer=tf.ones_initializer()) * inputs * factor

    return program


def convolving(tf):
    return lambda inputs: tf.layers.separable_conv1d(inputs, 4, 3)


@scenario
def shares_between_calls(tf):
    template = tf.make_template("t", scaled(tf))
    template(1.0)
    template(2.0)
    return graph_facts(tf)


@scenario
def two_of_one_name(tf):
    first, second = tf.make_template("t", scaled(tf)), tf.make_template("t", scaled(tf))
    second(1.0)
    first(1.0)
    return [first.name, second.name, graph_facts(tf)]


@scenario
def scope_of_the_first_call(tf):
    template = tf.make_template("t", scaled(tf))
    with tf.variable_scope("a"):
        template(1.0)
    with tf.variable_scope("b"):
        template(1.0)
    return [template.name, template.variable_scope.name, graph_facts(tf)]


@scenario
def scope_created_now(tf):
    with tf.variable_scope("a"):
        template = tf.make_template("t", scaled(tf), create_scope_now_=True)
    with tf.variable_scope("b"):
        template(1.0)
    return [template.name, template.variable_scope.name, graph_facts(tf)]


@scenario
def unnamed_layers_are_shared(tf, x):
    template = tf.make_template("t", convolving(tf))
    template(x(1, 6, 3))
    template(x(2, 5, 3))
    return graph_facts(tf)


@scenario
def numbers_are_shared(tf, run, x):
    template = tf.make_template("t", convolving(tf))
    inputs = x(1, 6, 3)
    difference = template(inputs) - template(inputs)
    return run(difference)


@scenario
def fixed_keywords(tf, run):
    template = tf.make_template("t", scaled(tf), factor=3.0)
    return run([template(2.0), template(2.0, factor=5.0)])


@scenario
def unique_name(tf):
    template = tf.make_template("t", scaled(tf), unique_name_="exactly")
    template(1.0)
    return [template.name, graph_facts(tf)]


@scenario
def unique_name_taken_raises(tf):
    for _ in range(2):
        tf.make_template("t", scaled(tf), unique_name_="exactly")(1.0)


@scenario
def nested(tf):
    def outer(inputs):
        inner = tf.make_template("inner", scaled(tf))
        return inner(inputs) + inner(inputs)

    template = tf.make_template("outer", outer)
    template(1.0)
    template(1.0)
    return graph_facts(tf)


@scenario
def two_nested_of_one_name(tf):
    def outer(inputs):
        return tf.make_template("inner", scaled(tf))(inputs) + tf.make_template("inner", scaled(tf))(inputs)

    template = tf.make_template("outer", outer)
    template(1.0)
    template(1.0)
    return graph_facts(tf)


@scenario
def new_variable_in_later_call_raises(tf):
    calls = []

    def growing(inputs):
        calls.append(1)
        return tf.get_variable(f"v{len(calls)}", [1]) * inputs

    template = tf.make_template("t", growing)
    template(1.0)
    template(1.0)


@scenario
def new_frozen_variable_in_later_call(tf):
    calls = []

    def growing(inputs):
        calls.append(1)
        return tf.get_variable(f"v{len(calls)}", [1], trainable=False) * inputs

    template = tf.make_template("t", growing)
    template(1.0)
    return error_of(template, 1.0)


@scenario
def without_variables(tf):
    template = tf.make_template("t", lambda inputs: inputs)
    return [template(1.0), template(2.0), tf.global_variables()]


@scenario
def variables_of_template(tf):
    def program(inputs):
        tf.get_variable("frozen", [1], trainable=False)
        return tf.get_variable("v", [1]) * inputs

    template = tf.make_template("t", program)
    template(1.0)
    return [names(template.variables), names(template.global_variables), names(template.trainable_variables)]


@scenario
def custom_getter(tf):
    asked = []

    def getter(getter, name, *arguments, **keywords):
        asked.append(name)
        return getter(name, *arguments, **keywords)

    template = tf.make_template("t", scaled(tf), custom_getter_=getter)
    template(1.0)
    template(1.0)
    return asked


@scenario
def existing_scope_name(tf):
    with tf.variable_scope("t"):
        tf.get_variable("v", [1])
    template = tf.make_template("t", scaled(tf))
    template(1.0)
    return [template.variable_scope.name, names(tf.global_variables())]


@scenario
def inside_reusing_scope(tf):
    with tf.variable_scope("s"):
        tf.make_template("t", scaled(tf))(1.0)
    with tf.variable_scope("s", reuse=True):
        tf.make_template("t", scaled(tf))(1.0)
    return graph_facts(tf)


@scenario
def failing_function_is_tried_again(tf):
    calls = []

    def program(inputs):
        calls.append(1)
        if len(calls) == 1:
            raise KeyError("first call")
        return tf.get_variable("v", [1]) * inputs

    template = tf.make_template("t", program)
    error = error_of(template, 1.0)
    template(1.0)
    return [error, graph_facts(tf)]


@scenario
def scope_is_back_after_call(tf):
    template = tf.make_template("t", lambda inputs: tf.get_variable_scope().name)
    with tf.variable_scope("a"):
        return [template(1.0), template(1.0), tf.get_variable_scope().name]


@scenario
def of_an_empty_name(tf):
    with tf.variable_scope("a"):
        template = tf.make_template("", lambda: [tf.get_variable("v", [1]), tf.Variable(1.0, name="w")])
        return [names(template()), template.name, template.variable_scope_name]


@scenario
def of_an_empty_unique_name(tf):
    with tf.variable_scope("a"):
        template = tf.make_template("t", lambda: [tf.Variable(1.0, name="w")], unique_name_="")
        return [names(template()), template.name, template.variable_scope_name]
