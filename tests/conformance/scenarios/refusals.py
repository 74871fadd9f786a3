"""Bad arguments: which error, which argument it names, and which error wins."""

import numpy as np

from conformance.facts import error_of, graph_facts, names
from conformance.harness import Scenarios

scenario = Scenarios()


def refused(**arguments):
    def program(tf, x):
        tf.layers.separable_conv1d(x(1, 9, 4), **{"filters": 4, "kernel_size": 3, **arguments})

    return program


def refused_by_class(**arguments):
    def program(tf):
        tf.layers.SeparableConv1D(**{"filters": 4, "kernel_size": 3, **arguments})

    return program


BAD_ARGUMENTS = {
    "data_format_unknown": {"data_format": "invalid"},
    "data_format_of_2d": {"data_format": "NHWC"},
    "data_format_number": {"data_format": 1},
    "strides_of_two": {"strides": (1, 2)},
    "strides_of_none": {"strides": None},
    "strides_empty": {"strides": ()},
    "strides_zero": {"strides": 0},
    "strides_zero_in_tuple": {"strides": (0,)},
    "strides_negative": {"strides": -1},
    "strides_float": {"strides": 1.5},
    "kernel_of_two": {"kernel_size": (1, 2)},
    "kernel_none": {"kernel_size": None},
    "kernel_zero": {"kernel_size": 0},
    "kernel_negative": {"kernel_size": -3},
    "kernel_false": {"kernel_size": False},
    "kernel_float": {"kernel_size": 3.0},
    "dilation_zero": {"dilation_rate": 0},
    "dilation_negative": {"dilation_rate": (-2,)},
    "dilation_of_two": {"dilation_rate": (2, 2)},
    "dilation_none": {"dilation_rate": None},
    "filters_zero": {"filters": 0},
    "filters_negative": {"filters": -4},
    "filters_below_one": {"filters": 0.5},
    "filters_none": {"filters": None},
    "stride_with_dilation": {"strides": 2, "dilation_rate": 2},
    "padding_unknown": {"padding": "full"},
    "padding_number": {"padding": 2},
    "padding_none": {"padding": None},
    "activation_unknown": {"activation": "no_such_activation"},
    "activation_number": {"activation": 3},
    "depthwise_initializer_unknown": {"depthwise_initializer": "no_such_initializer"},
    "pointwise_initializer_array": {"pointwise_initializer": np.zeros((1, 4, 4), np.float32)},
    "bias_initializer_number": {"bias_initializer": 5},
    "depthwise_regularizer_unknown": {"depthwise_regularizer": "no_such_regularizer"},
    "bias_regularizer_number": {"bias_regularizer": 0.1},
    "activity_regularizer_unknown": {"activity_regularizer": "no_such_regularizer"},
    "pointwise_constraint_unknown": {"pointwise_constraint": "no_such_constraint"},
    "bias_constraint_number": {"bias_constraint": 1},
    "reuse_word": {"name": "a", "reuse": "yes"},
    "reuse_number": {"name": "a", "reuse": 2},
    "name_with_space": {"name": "my layer"},
    "name_with_leading_slash": {"name": "/a"},
    "name_number": {"name": 5},
    "multiplier_zero": {"depth_multiplier": 0},
    "multiplier_negative": {"depth_multiplier": -1},
    "activation_before_filters": {"activation": "no_such_activation", "filters": 0},
    "initializer_before_kernel": {"depthwise_initializer": "no_such_initializer", "kernel_size": 0},
    "activation_before_initializer": {"activation": "no_such_one", "bias_initializer": "no_such_initializer"},
    "pointwise_before_bias_initializer": {"pointwise_initializer": "nothing", "bias_initializer": "nowhere"},
    "initializer_before_regularizer": {"bias_initializer": "no_such_init", "depthwise_regularizer": 0.1},
    "regularizer_before_constraint": {"activity_regularizer": 0.1, "depthwise_constraint": "no_such_con"},
    "constraint_before_filters": {"bias_constraint": "no_such_con", "filters": -1},
    "filters_before_kernel": {"filters": 0, "kernel_size": 0},
    "kernel_before_strides": {"kernel_size": 0, "strides": (1, 2)},
    "strides_before_padding": {"strides": (1, 2), "padding": "full"},
    "padding_before_data_format": {"padding": "full", "data_format": "invalid"},
    "data_format_before_dilation": {"data_format": "invalid", "dilation_rate": 0},
    "dilation_before_zero_strides": {"dilation_rate": 0, "strides": 0},
    "zero_strides_before_causal": {"strides": 0, "padding": "causal", "data_format": "channels_first"},
}
REFUSED_BY_CALL = {name for name in BAD_ARGUMENTS if name.startswith(("name_", "reuse_", "multiplier_"))}
KNOWN_TO_CALL_ONLY = REFUSED_BY_CALL | {"filters_none", "depthwise_regularizer_unknown", "activity_regularizer_unknown"}
scenario.update({name: refused(**arguments) for name, arguments in BAD_ARGUMENTS.items()})
scenario.update(
    {
        f"class_{name}": refused_by_class(**arguments)
        for name, arguments in BAD_ARGUMENTS.items()
        if name not in KNOWN_TO_CALL_ONLY
    }
)


@scenario
def unknown_keyword_of_class(tf):
    tf.layers.SeparableConv1D(4, 3, foo=1)


@scenario
def unknown_keyword_of_function(tf, x):
    tf.layers.separable_conv1d(x(1, 9, 4), 4, 3, foo=1)


@scenario
def function_has_no_dtype(tf, x):
    tf.layers.separable_conv1d(x(1, 9, 4), 4, 3, dtype=np.float32)


@scenario
def missing_kernel_size(tf):
    tf.layers.SeparableConv1D(4)


@scenario
def missing_inputs(tf):
    tf.layers.separable_conv1d(filters=4, kernel_size=3)


@scenario
def too_short_for_valid(tf, run, x):
    return run(tf.layers.separable_conv1d(x(1, 4, 3), 4, 7))


@scenario
def one_step_too_short_for_valid(tf, run, x):
    return run(tf.layers.separable_conv1d(x(1, 6, 3), 4, 7))


@scenario
def too_short_for_dilated_valid(tf, run, x):
    return run(tf.layers.separable_conv1d(x(1, 6, 3), 4, 3, dilation_rate=3))


@scenario
def too_short_for_strided_valid(tf, run, x):
    return run(tf.layers.separable_conv1d(x(1, 6, 3), 4, 7, strides=3))


@scenario
def rank_two(tf, x):
    tf.layers.separable_conv1d(x(5, 4), 4, 3)


@scenario
def rank_one_with_name(tf, x):
    tf.layers.separable_conv1d(x(5), 4, 3, name="a")


@scenario
def rank_four(tf, x):
    tf.layers.separable_conv1d(x(2, 3, 5, 4), 4, 3)


@scenario
def scalar_input(tf):
    tf.layers.separable_conv1d(np.float32(3), 4, 3)


@scenario
def other_channels_in_later_call(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(1, 9, 4))
    layer(x(1, 9, 5))


@scenario
def other_channels_in_later_call_channels_first(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3, data_format="channels_first")
    layer(x(1, 4, 9))
    layer(x(1, 5, 9))


@scenario
def rank_four_in_later_call(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer(x(1, 9, 4))
    layer(x(1, 9, 4, 4))


@scenario
def other_channels_after_build(tf, x):
    layer = tf.layers.SeparableConv1D(4, 3)
    layer.build((None, 9, 4))
    layer(x(1, 9, 6))


@scenario
def integers_are_no_signal(tf, x):
    tf.layers.separable_conv1d(np.arange(36).reshape(1, 9, 4), 4, 3)


@scenario
def booleans_are_no_signal(tf, x):
    tf.layers.separable_conv1d(x(1, 9, 4) > 0, 4, 3)


@scenario
def refused_arguments_leave_no_variables(tf, x):
    for arguments in ({"filters": 0}, {"padding": "full"}, {"activation": "no_such"}):
        error_of(tf.layers.separable_conv1d, x(1, 9, 4), **{"filters": 4, "kernel_size": 3, **arguments})
    tf.layers.separable_conv1d(x(1, 9, 4), 4, 3)
    return graph_facts(tf)


@scenario
def wrong_rank_leaves_no_variables(tf, x):
    error = error_of(tf.layers.separable_conv1d, x(9, 4), 4, 3)
    return [error, names(tf.global_variables())]


@scenario
def refused_names_open_nothing(tf, x):
    error = error_of(tf.layers.separable_conv1d, x(1, 9, 4), 4, 3, name="my layer")
    tf.layers.separable_conv1d(x(1, 9, 4), 4, 3)
    return [error, tf.get_variable_scope().name, names(tf.global_variables())]


@scenario
def scope_name_before_use(tf):
    return tf.layers.SeparableConv1D(4, 3).scope_name


@scenario
def scope_name_before_use_of_named(tf):
    return tf.layers.SeparableConv1D(4, 3, name="sep").scope_name
