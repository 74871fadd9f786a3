"""What the layer computes: padding, stride, dilation, multiplier, layout, dtype."""

import numpy as np

from conformance.facts import with_weights
from conformance.harness import Scenarios

scenario = Scenarios()


def output(length, channels, *, batch=2, seed=0, dtype=np.float32, **arguments):
    def program(tf, run, x):
        inputs = x(batch, length, channels, seed=seed, dtype=dtype)
        return run(tf.layers.separable_conv1d(inputs, **with_weights(tf, channels, **arguments)))

    return program


scenario["valid"] = output(11, 4, filters=5)
scenario["same_odd_kernel"] = output(11, 4, kernel_size=5, padding="same")
scenario["same_even_kernel"] = output(11, 4, kernel_size=4, padding="SAME")
scenario["same_even_length_even_stride"] = output(10, 4, padding="same", strides=2)
scenario["same_odd_length_even_stride"] = output(9, 4, padding="same", strides=2)
scenario["same_stride_longer_than_kernel"] = output(11, 3, kernel_size=2, padding="same", strides=3)
scenario["same_kernel_one_strided"] = output(10, 3, kernel_size=1, padding="same", strides=3)
scenario["same_multiplier_strided"] = output(11, 3, kernel_size=4, depth_multiplier=2, padding="Same", strides=3)
scenario["same_kernel_longer_than_input"] = output(4, 3, kernel_size=9, filters=2, padding="same")
scenario["same_one_step"] = output(1, 3, kernel_size=3, padding="same")
scenario["same_one_step_even_kernel_strided"] = output(1, 3, kernel_size=4, padding="same", strides=2)
scenario["same_dilated_odd"] = output(9, 3, dilation_rate=2, padding="same")
scenario["same_dilated_even_kernel"] = output(10, 3, kernel_size=4, depth_multiplier=2, dilation_rate=3, padding="same")
scenario["same_dilated_beyond_input"] = output(5, 2, kernel_size=3, dilation_rate=7, padding="same")
scenario["valid_strided"] = output(13, 3, kernel_size=4, depth_multiplier=2, strides=2)
scenario["valid_stride_leaves_rest"] = output(12, 3, kernel_size=3, strides=4)
scenario["valid_stride_beyond_input"] = output(5, 3, kernel_size=3, strides=9)
scenario["valid_dilated"] = output(13, 3, dilation_rate=2)
scenario["valid_dilated_to_one_step"] = output(7, 3, dilation_rate=3)
scenario["valid_whole_input"] = output(6, 3, kernel_size=6)
scenario["causal"] = output(9, 3, kernel_size=4, padding="causal")
scenario["causal_capitals"] = output(6, 3, padding="CAUSAL")
scenario["causal_dilated"] = output(9, 3, depth_multiplier=2, padding="causal", dilation_rate=2)
scenario["causal_strided"] = output(9, 3, padding="causal", strides=2)
scenario["causal_kernel_one"] = output(5, 3, kernel_size=1, padding="causal")
scenario["causal_kernel_longer_than_input"] = output(3, 2, kernel_size=7, padding="causal")
scenario["multiplier_three"] = output(7, 5, kernel_size=2, depth_multiplier=3)
scenario["multiplier_without_mixing"] = output(6, 2, kernel_size=1, depth_multiplier=4, filters=8)
scenario["one_channel_one_filter"] = output(9, 1, filters=1)
scenario["more_channels_than_a_vector"] = output(5, 19, filters=3)
scenario["more_filters_than_a_vector"] = output(4, 2, filters=37, batch=1)
scenario["without_bias"] = output(9, 4, use_bias=False)
scenario["falsy_use_bias"] = output(9, 4, use_bias=0)
scenario["batch_of_one"] = output(9, 4, batch=1)
scenario["kernel_in_list"] = output(9, 4, kernel_size=3, strides=[2])
scenario["tuples_of_one"] = output(12, 4, kernel_size=3, strides=(1,), dilation_rate=(3,))
scenario["float64_valid"] = output(8, 3, dtype=np.float64)
scenario["float64_same_dilated"] = output(8, 3, dtype=np.float64, padding="same", dilation_rate=2)
scenario["float64_causal_multiplier"] = output(6, 2, dtype=np.float64, padding="causal", depth_multiplier=2)
scenario["float16_valid"] = output(7, 3, dtype=np.float16)
scenario["float16_same_strided"] = output(7, 3, dtype=np.float16, padding="same", strides=2)


def channels_first_output(length, channels, **arguments):
    def program(tf, run, x):
        weights = with_weights(tf, channels, data_format="channels_first", **arguments)
        return run(tf.layers.separable_conv1d(x(2, channels, length), **weights))

    return program


scenario["channels_first_valid"] = channels_first_output(9, 3)
scenario["channels_first_same_strided"] = channels_first_output(10, 3, kernel_size=4, padding="same", strides=2)
scenario["channels_first_same_dilated"] = channels_first_output(9, 3, padding="same", dilation_rate=2)
scenario["channels_first_causal"] = channels_first_output(8, 3, padding="causal")
scenario["channels_first_causal_dilated"] = channels_first_output(8, 3, padding="causal", dilation_rate=2)
scenario["channels_first_multiplier"] = channels_first_output(7, 3, depth_multiplier=2)
scenario["channels_first_without_bias"] = channels_first_output(7, 3, use_bias=False, activation="relu")
scenario["channels_first_softmax_is_over_time"] = channels_first_output(7, 3, activation="softmax")


def outputs_of_all_kernels(padding, stride, dilation):
    def program(tf, run, x):
        return [
            run(tf.layers.separable_conv1d(x(1, 10, 2), **with_weights(tf, 2, filters=2, **geometry, **kernel)))
            for kernel in ({"kernel_size": size, "depth_multiplier": m} for size in (1, 2, 3, 4) for m in (1, 2))
        ]

    geometry = {"padding": padding, "strides": stride, "dilation_rate": dilation}
    return program


scenario.update(
    {
        f"{padding}_stride_{stride}_dilation_{dilation}": outputs_of_all_kernels(padding, stride, dilation)
        for padding in ("valid", "same", "causal")
        for stride, dilation in ((1, 1), (2, 1), (3, 1), (1, 2), (1, 3))
    }
)


@scenario
def filters_as_float(tf, run, x):
    depthwise, pointwise = np.linspace(-1, 1, 9, dtype=np.float32), np.linspace(2, -1, 12, dtype=np.float32)
    layer = tf.layers.SeparableConv1D(
        4.0,
        3,
        depthwise_initializer=tf.constant_initializer(depthwise),
        pointwise_initializer=tf.constant_initializer(pointwise),
    )
    return {"y": run(layer(x(1, 6, 3))), "filters": layer.filters}


@scenario
def filters_truncated(tf, x):
    layer = tf.layers.SeparableConv1D(4.9, 3)
    layer(x(1, 6, 3))
    return [layer.filters, [int(d) for d in layer.bias.shape]]


@scenario
def two_layers_in_a_row(tf, run, x):
    y = tf.layers.separable_conv1d(x(2, 9, 3), **with_weights(tf, 3, filters=5, activation=tf.nn.relu))
    return run(tf.layers.separable_conv1d(y, **with_weights(tf, 5, filters=2, padding="same")))


@scenario
def residual_block(tf, run, x):
    inputs = x(2, 8, 4)
    y = tf.layers.separable_conv1d(inputs, **with_weights(tf, 4, padding="same", activation=tf.nn.tanh))
    return run(y + inputs)


@scenario
def same_layer_on_another_length(tf, run, x):
    layer = tf.layers.SeparableConv1D(**with_weights(tf, 3, padding="same", strides=2))
    return run([layer(x(1, 6, 3)), layer(x(2, 7, 3)), layer(x(1, 1, 3))])


@scenario
def reused_weights_with_other_geometry(tf, run, x):
    first = tf.layers.separable_conv1d(x(1, 9, 3), name="a", **with_weights(tf, 3))
    other = {**with_weights(tf, 3, strides=2, padding="causal"), "depthwise_initializer": tf.zeros_initializer()}
    second = tf.layers.separable_conv1d(x(1, 9, 3), name="a", reuse=True, **other)
    return run([first, second])


@scenario
def nan_and_inf_spread_as_far_as_the_kernel(tf, run, x):
    inputs = x(1, 9, 2)
    inputs[0, 2, 0], inputs[0, 7, 1] = np.nan, np.inf
    return run(tf.layers.separable_conv1d(inputs, **with_weights(tf, 2, padding="same")))


@scenario
def nan_survives_relu(tf, run, x):
    inputs = x(1, 6, 2)
    inputs[0, 3, 0] = np.nan
    return np.isnan(run(tf.layers.separable_conv1d(inputs, **with_weights(tf, 2, activation=tf.nn.relu)))).tolist()


@scenario
def transposed_view_of_input(tf, run, x):
    return run(tf.layers.separable_conv1d(x(2, 3, 9).transpose(0, 2, 1), **with_weights(tf, 3)))


@scenario
def reversed_input(tf, run, x):
    return run(tf.layers.separable_conv1d(x(2, 9, 3)[:, ::-1], **with_weights(tf, 3)))
