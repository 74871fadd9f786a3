"""Output shapes, without computing: both layouts, and compute_output_shape."""

from conformance.facts import dims, graph_facts, named_shapes
from conformance.harness import Scenarios

scenario = Scenarios()


def output_shape(*input_shape, **arguments):
    def program(tf, x):
        y = tf.layers.separable_conv1d(x(*input_shape), **{"filters": 4, "kernel_size": 3, **arguments})
        return {"y": dims(y.shape), "variables": named_shapes(tf.global_variables())}

    return program


def computed_shape(*input_shape, **arguments):
    def program(tf):
        layer = tf.layers.SeparableConv1D(**{"filters": 4, "kernel_size": 3, **arguments})
        return [dims(layer.compute_output_shape(input_shape)), layer.built, graph_facts(tf)]

    return program


scenario["valid"] = output_shape(5, 9, 4, filters=32)
scenario["channels_first"] = output_shape(5, 4, 9, filters=32, data_format="channels_first")
scenario["channels_first_capitals"] = output_shape(5, 4, 9, data_format="Channels_First")
scenario["channels_first_same_strided"] = output_shape(
    5, 4, 10, data_format="channels_first", padding="same", strides=2
)
scenario["channels_first_causal"] = output_shape(5, 4, 10, data_format="channels_first", padding="causal")
scenario["channels_first_multiplier"] = output_shape(5, 4, 10, data_format="channels_first", depth_multiplier=3)
scenario["multiplier"] = output_shape(5, 9, 4, depth_multiplier=2, use_bias=False)
scenario["kernel_fills_input"] = output_shape(5, 9, 32, kernel_size=9, filters=64)
scenario["positional_arguments"] = lambda tf, x: dims(
    tf.layers.separable_conv1d(x(2, 12, 3), 4, 3, 2, "same", "channels_last", 1, 2).shape
)
scenario["computed_valid"] = computed_shape(2, 9, 5)
scenario["computed_with_unknown_sizes"] = computed_shape(None, None, 5, padding="same", strides=2)
scenario["computed_same_strided"] = computed_shape(2, 9, 5, padding="same", strides=2)
scenario["computed_causal_dilated"] = computed_shape(2, 9, 5, padding="causal", dilation_rate=3)
scenario["computed_channels_first"] = computed_shape(2, 5, 9, data_format="channels_first", strides=3)
scenario["computed_of_zero_steps"] = computed_shape(2, 2, 5)
scenario["computed_of_negative_steps"] = computed_shape(2, 3, 5, kernel_size=7)


@scenario
def build_with_shape(tf):
    layer = tf.layers.SeparableConv1D(4, 3, depth_multiplier=2)
    layer.build((None, 9, 5))
    return [layer.built, named_shapes(layer.variables)]


@scenario
def build_channels_first(tf):
    layer = tf.layers.SeparableConv1D(4, 3, data_format="channels_first")
    layer.build((None, 5, None))
    return named_shapes(layer.variables)


@scenario
def build_without_channels(tf):
    tf.layers.SeparableConv1D(4, 3).build((None, 9, None))
