"""The layer's arguments: what each accepts, each message, and which error wins."""

import numpy as np
import pytest

import nb_sepconv as tf

X = np.random.default_rng(11).standard_normal((2, 9, 4)).astype("float32")


def layer(**keywords):
    return tf.layers.SeparableConv1D(**{"filters": 4, "kernel_size": 3, **keywords})


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        *[("filters", 4.9, 4), ("filters", np.int64(5), 5), ("filters", None, None)],
        *[("kernel_size", np.int32(3), (3,)), ("kernel_size", [3], (3,)), ("kernel_size", np.array([3]), (3,))],
        *[("kernel_size", (np.uint8(3),), (3,)), ("strides", np.int64(2), (2,)), ("dilation_rate", (2,), (2,))],
        *[("depth_multiplier", np.int16(2), 2), ("padding", "SAME", "same"), ("padding", "Causal", "causal")],
        *[("data_format", None, "channels_last"), ("data_format", "Channels_First", "channels_first")],
        *[("use_bias", 0, 0), ("trainable", 0, 0), ("groups", 2, 2), ("groups", None, 1)],
    ],
)
def test_accepted(name, given, kept):
    found = getattr(layer(**{name: given}), name)
    assert found == kept
    assert type(found) is type(kept)


ONE_INTEGER = r"The `{}` argument must be a tuple of 1 integers. Received: "
CHOICES = {
    "padding": r'The `padding` argument must be one of "valid", "same", "causal". Received: ',
    "data_format": r'The `data_format` argument must be one of "channels_first", "channels_last". Received: ',
}


@pytest.mark.parametrize("name", ["kernel_size", "strides", "dilation_rate"])
@pytest.mark.parametrize("given", [None, 3.0, (1, 2), (), "33", (None,)])
def test_not_one_integer(name, given):
    with pytest.raises(ValueError, match=ONE_INTEGER.format(name)):
        layer(**{name: given})


@pytest.mark.parametrize("name", ["kernel_size", "strides", "dilation_rate"])
@pytest.mark.parametrize(("given", "kind"), [("3", "str"), ((3.7,), "float"), ((True,), "bool"), ([[3]], "list")])
def test_one_of_another_type(name, given, kind):
    with pytest.raises(TypeError, match=ONE_INTEGER.format(name) + f".* with an element of type {kind}"):
        layer(**{name: given})


@pytest.mark.parametrize(
    ("name", "given", "requirement"),
    [
        *[("kernel_size", 0, "> 0"), ("kernel_size", (-1,), "> 0"), ("dilation_rate", 0, "> 0")],
        *[("dilation_rate", -2, "> 0"), ("strides", -1, ">= 0")],
    ],
)
def test_integers_out_of_range(name, given, requirement):
    number = given if isinstance(given, int) else given[0]
    words = rf".* including \{{{number}\}} that does not satisfy the requirement `{requirement}`"
    with pytest.raises(ValueError, match=ONE_INTEGER.format(name) + words):
        layer(**{name: given})


def test_stride_of_zero():
    with pytest.raises(ValueError, match=r"`strides` cannot contain 0\(s\). Received: \(0,\)"):
        layer(strides=0)


def test_stride_with_dilation():
    with pytest.raises(ValueError, match=r"`strides > 1` not supported .* strides=\(2,\) and dilation_rate=\(3,\)"):
        layer(strides=2, dilation_rate=3)


@pytest.mark.parametrize("name", ["filters", "depth_multiplier"])
@pytest.mark.parametrize("given", [0, -3])
def test_counts_out_of_range(name, given):
    words = f"Invalid value for argument `{name}`. Expected a strictly positive value. Received {name}={given}"
    with pytest.raises(ValueError, match=words):
        layer(**{name: given})


@pytest.mark.parametrize("name", ["filters", "depth_multiplier", "groups"])
@pytest.mark.parametrize(("given", "kind"), [("4", "str"), ((4,), "tuple"), (np.array([4]), "ndarray")])
def test_counts_of_another_type(name, given, kind):
    with pytest.raises(TypeError, match=f"The `{name}` argument must be an integer. Received: .* of type {kind}"):
        layer(**{name: given})


@pytest.mark.parametrize("given", [np.inf, np.nan])
def test_filters_must_be_finite(given):
    with pytest.raises(ValueError, match=f"The `filters` argument must be an integer. Received: {given}"):
        layer(filters=given)


@pytest.mark.parametrize("given", [None, 1.5, 2.0])
def test_depth_multiplier_is_not_cut(given):
    with pytest.raises(TypeError, match=f"The `depth_multiplier` argument must be an integer. Received: {given}"):
        layer(depth_multiplier=given)


def test_groups_divide_the_filters():
    with pytest.raises(ValueError, match=r"evenly divisible by the number of groups. Received: groups=3, filters=4"):
        layer(groups=3)


@pytest.mark.parametrize("name", ["padding", "data_format"])
@pytest.mark.parametrize("given", ["full", "", 2, ["same"], (1, 1), b"same"])
def test_choices(name, given):
    with pytest.raises(ValueError, match=CHOICES[name]):
        layer(**{name: given})


def test_no_padding():
    with pytest.raises(ValueError, match=CHOICES["padding"] + "None"):
        layer(padding=None)


@pytest.mark.parametrize(
    ("name", "given", "error"),
    [
        *[("activation", "no_such", ValueError), ("activation", 3, TypeError)],
        *[("depthwise_initializer", "no_such", ValueError), ("bias_initializer", 3, ValueError)],
        *[("pointwise_initializer", np.ones((1, 4, 4)), ValueError), ("bias_regularizer", 3, ValueError)],
        *[("activity_regularizer", "no_such", ValueError), ("depthwise_constraint", "no_such", ValueError)],
    ],
)
def test_values_that_stand_for_nothing(name, given, error):
    with pytest.raises(error, match=name.rpartition("_")[2]):
        layer(**{name: given})


def test_unknown_keyword():
    with pytest.raises(TypeError, match=r"argument not understood: `foo` must be one of autocast, .*Received: 1"):
        layer(foo=1)


@pytest.mark.parametrize("name", ["kernel_initializer", "kernel_regularizer", "kernel_constraint", "conv_op"])
def test_keywords_without_use_warn(name):
    with pytest.warns(UserWarning, match=f"`{name}` is ignored by SeparableConv1D"):
        layer(**{name: None})


def test_wrong_dtype():
    with pytest.raises(TypeError, match=r"`dtype` must be a NumPy dtype or its name. Received: 'foo'"):
        layer(dtype="foo")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *[({"activation": "no_such"}, {"depthwise_initializer": 3}), ({"bias_initializer": 3}, {"foo": 1})],
        *[({"activity_regularizer": 3}, {"depthwise_constraint": 3}), ({"bias_constraint": 3}, {"foo": 1})],
        *[({"foo": 1}, {"filters": 0}), ({"filters": 0}, {"kernel_size": 0}), ({"kernel_size": 0}, {"strides": -1})],
        *[({"strides": -1}, {"padding": "full"}), ({"padding": "full"}, {"data_format": "full"})],
        *[({"data_format": "full"}, {"dilation_rate": 0}), ({"dilation_rate": 0}, {"strides": 0})],
        *[({"strides": 0}, {"depth_multiplier": 0})],
    ],
)
def test_which_error_wins(first, second):
    with pytest.raises((TypeError, ValueError)) as alone:
        layer(**first)
    with pytest.raises((TypeError, ValueError)) as both:
        layer(**first, **second)
    assert str(both.value) == str(alone.value)


@pytest.mark.parametrize(
    ("inputs", "error", "message"),
    [
        (
            np.ones((9, 4), "f"),
            ValueError,
            r'"separable_conv1d_1" .*min_ndim=3, found ndim=2. .*\(9, 4\)',
        ),
        (np.ones((1, 2, 9, 4), "f"), ValueError, r"expected ndim=3, found ndim=4. .*\(1, 2, 9, 4\)"),
        (np.ones((1, 9, 4), "int32"), TypeError, r"must have one of the types float16, bfloat16, .* type int32"),
        (np.ones((1, 9, 4), bool), TypeError, r"must have one of the types .* type bool"),
        (np.ones((1, 9, 4), complex), TypeError, r"must have one of the types .* type complex128"),
        (np.full((1, 9, 4), None), TypeError, r"must have one of the types .* type object"),
        (3.0, ValueError, r"min_ndim=3, found ndim=0"),
        ([[[1.0, 2.0]] * 5], ValueError, r"expects 1 input\(s\), an array of numbers. Received: .* of type list"),
        ([[1.0], [1.0, 2.0]], ValueError, r"expects 1 input\(s\), an array of numbers"),
        (None, ValueError, r"expects 1 input\(s\), .* of type NoneType"),
        ("text", ValueError, r"expects 1 input\(s\), .* of type str"),
    ],
)
def test_inputs_that_are_refused(inputs, error, message):
    made = layer()
    with pytest.raises(error, match=message):
        made(inputs)
    assert tf.global_variables() == []
    assert (made.built, made.dtype, made.weights) == (False, None, [])
