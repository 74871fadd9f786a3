"""The rules of TF1's words one by one: types, errors, and where they differ from NumPy's."""

import copy
import pickle

import ml_dtypes
import numpy as np
import pytest

import nb_sepconv as tf

X = np.random.default_rng(4).standard_normal((2, 3, 4)).astype(np.float32)
WIDE = X.astype(np.float64)


# ---- types ----


@pytest.mark.parametrize("make", [np.array, tf.convert_to_tensor])
@pytest.mark.parametrize("word", ["add", "subtract", "multiply", "divide", "maximum", "pow", "less", "equal"])
def test_two_types_are_an_error_that_names_both(word, make):
    with pytest.raises(TypeError, match=r"`y` must have the type float32 of `x`. Received: float64"):
        getattr(tf, word)(make(X), make(WIDE))
    with pytest.raises(TypeError, match=r"`y` must have the type int64 of `x`. Received: float32"):
        getattr(tf, word)(make([[1, 2, 3, 4]]) if make is np.array else tf.constant([1], tf.int64), make(X))


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda a, b: tf.concat([a, b], 0), r"`values\[1\]` must have the type float32 of `values\[0\]`"),
        (lambda a, b: tf.stack([a, b]), r"`values\[1\]` must have the type float32 of `values\[0\]`"),
        (lambda a, b: tf.add_n([a, b]), r"`inputs\[1\]` must have the type float32 of `inputs\[0\]`"),
        (lambda a, b: tf.matmul(a, b, transpose_b=True), "`b` must have the type float32 of `a`"),
        (lambda a, b: tf.where(a > 0, a, b), "`y` must have the type float32 of `x`"),
        (lambda a, b: tf.nn.bias_add(a, b[0, 0]), "`bias` must have the type float32 of `value`"),
        (lambda a, b: a + b, "`y` must have the type float32 of `x`"),
        (lambda a, b: a @ tf.matrix_transpose(b), "`y` must have the type float32 of `x`"),
    ],
)
def test_nothing_is_promoted(call, names):
    with pytest.raises(TypeError, match=rf"{names}\. Received: float64"):
        call(tf.constant(X), tf.constant(WIDE))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64, np.int32, np.int64])
def test_numbers_take_the_type_of_the_array(dtype):
    x = tf.constant(np.arange(4), dtype)
    for result in (x + 2, 2 * x, tf.add(x, 1), tf.maximum(0, x), 1 - x, tf.pow(x, 2), x + np.int64(1)):
        assert result.dtype == dtype


def test_numpys_numbers_and_constants_take_the_type_of_a_tensor():
    """``x / np.sqrt(64)`` stays float32, as in TensorFlow; NumPy alone would make it float64."""
    x = tf.constant(X)
    for result in (x / np.sqrt(64), np.float64(2) * x, x + np.ones(4), np.ones(4) - x, tf.concat([x, WIDE], 0)):
        assert result.dtype == np.float32
        assert type(result) is tf.Tensor


def test_a_number_keeps_its_digits_beside_float64():
    assert tf.multiply(np.float64([1]), 0.1).tolist() == [0.1]
    assert (tf.constant(WIDE) * 0 + 0.1).max() == 0.1


def test_a_float_beside_integers():
    with pytest.raises(TypeError, match=r"`y` must have the type int32 of `x`. Received: float32"):
        _ = tf.constant([1, 2]) + 1.5


@pytest.mark.parametrize(("dtype", "quotient"), [(np.int8, np.float32), (np.int16, np.float32), (np.int32, np.float64)])
def test_division_of_integers(dtype, quotient):
    x = tf.constant([-7, 7], dtype)
    assert (x / tf.constant([2, 2], dtype)).dtype == quotient
    assert tf.divide(x, 2).tolist() == [-3.5, 3.5]
    assert tf.div(x, 2).tolist() == (x // 2).tolist() == tf.floordiv(x, 2).tolist() == [-4, 3]
    assert tf.truncatediv(x, 2).tolist() == [-3, 3]
    assert tf.floormod(x, 2).tolist() == (x % 2).tolist() == [1, 1]
    assert tf.truncatemod(x, 2).tolist() == [-1, 1]
    for word in (tf.div, tf.floordiv, tf.floormod, tf.truncatediv):
        with pytest.raises(ZeroDivisionError, match=r"`y` must not be zero where integers are divided. Received: 0"):
            word(x, 0)


def test_places_are_int64_and_counts_int32():
    assert tf.argmax(X).dtype == tf.argmin(X, 1).dtype == tf.where(X > 0).dtype == np.int64
    assert tf.argmax(X, output_type=tf.int32).dtype == tf.shape(X).dtype == tf.size(X).dtype == np.int32


# ---- tensors ----


def test_a_tensor_answers_for_its_shape():
    x = tf.constant(X)
    assert x.shape == (2, 3, 4)
    assert x.get_shape().as_list() == x.shape.as_list() == [2, 3, 4]
    assert x.get_shape()[1].value == x.shape.dims[1].value == 3
    assert x.get_shape()[1:].as_list() == [3, 4]
    assert x.get_shape().ndims == 3
    assert x[:, 0].get_shape().as_list() == [2, 4]
    assert (x + 1).sum().get_shape().as_list() == []
    x.set_shape([None, 3, 4])
    with pytest.raises(ValueError, match=r"`shape` must be compatible with \(2, 3, 4\). Received: \[None, 3, 5\]"):
        x.set_shape([None, 3, 5])


def test_adding_in_place_leaves_other_names_alone():
    x = tf.constant([1.0, 2.0])
    kept = x
    x += 1
    x *= 2
    assert x.tolist() == [4, 6]
    assert kept.tolist() == [1, 2]


def test_a_tensor_is_an_array_for_numpy_and_the_layers():
    x = tf.constant(X)
    np.testing.assert_array_equal(np.sin(x), np.sin(X))
    assert type(np.asarray(x)) is np.ndarray
    assert type(np.add.reduce(x)) is type(np.divmod(x, 2)[1]) is type(np.add(x, x, out=x.copy())) is tf.Tensor
    np.testing.assert_array_equal(np.add(x, X, where=X > 0, out=np.zeros_like(X)), np.where(X > 0, 2 * X, 0))
    assert type(x.numpy()) is type(x.eval()) is np.ndarray
    layer = tf.layers.SeparableConv1D(3, 2)
    assert type(layer(X)) is np.ndarray
    for _ in range(3):
        assert type(layer(x)) is tf.Tensor
        np.testing.assert_array_equal(layer(x), layer(X))
    assert type(tf.layers.separable_conv1d(X, 3, 2)) is tf.Tensor
    assert type(tf.ops.depthwise_conv1d(x, np.ones((2, 4, 1), np.float32))) is np.ndarray
    outputs, pullback = layer.value_and_pullback(x)
    assert type(outputs) is tf.Tensor
    assert pullback(np.ones_like(layer(X)))[0].shape == X.shape


def test_a_tensor_with_variables_and_losses():
    scale = tf.get_variable("scale", [4], initializer=tf.constant_initializer(2.0))
    np.testing.assert_array_equal(tf.constant(X) * scale, X * 2)
    np.testing.assert_array_equal(tf.multiply(scale, X), X * 2)
    np.testing.assert_array_equal(tf.stack([scale, scale])[0], np.full(4, 2, np.float32))
    tf.losses.mean_squared_error([1.0], [3.0])
    assert (tf.constant(1.0) + tf.add_n(tf.losses.get_losses())).item() == 5
    with pytest.raises(ValueError, match=r"`feed_dict` must be empty.* Received: 1 values"):
        tf.constant(1.0).eval({scale: 1})


def test_lists_of_tensors_keep_their_type():
    assert tf.constant([tf.constant(1.0, tf.float64), 2.0]).dtype == np.float64
    assert tf.reduce_sum([tf.constant(WIDE), tf.constant(WIDE)]).dtype == np.float64


def test_no_warnings_of_infinities():
    for word, x in (
        (tf.log, -1.0),
        (tf.log, 0.0),
        (tf.exp, 1e5),
        (tf.sqrt, -1.0),
        (tf.rsqrt, 0.0),
        (tf.reduce_mean, []),
    ):
        word(x)
    _ = tf.constant(1e38) * 10 - tf.constant(np.inf, tf.float32)
    assert np.isnan(tf.divide(0.0, 0.0))


# ---- words with rules of their own ----


def test_where_selects_rows():
    x, y = np.arange(6).reshape(2, 3), -np.ones((2, 3), int)
    assert tf.where([True, False], x, y).tolist() == [[0, 1, 2], [-1, -1, -1]]
    assert tf.where(x > 3, x, y).tolist() == [[-1, -1, -1], [-1, 4, 5]]
    with pytest.raises(ValueError, match=r"`condition` must have the shape \(2, 3\) of `x`, its first size.*\(3,\)"):
        tf.where([True, False, True], x, y)
    with pytest.raises(ValueError, match=r"`x` and `y` must have one shape. Received: \(2, 3\) and \(3,\)"):
        tf.where(x > 3, x, y[0])
    with pytest.raises(ValueError, match=r"`x` and `y` must both be given, or neither"):
        tf.where(x > 3, x)
    with pytest.raises(TypeError, match=r"`condition` must be an array of bools. Received: int64"):
        tf.where(x, x, y)


def test_gather_out_of_range():
    for indices in ([3], [-1]):
        for word in (tf.gather, tf.nn.embedding_lookup):
            with pytest.raises(ValueError, match=rf"`indices` must lie in \[0, 3\). Received: {indices[0]}"):
                word(np.arange(3), indices)
    with pytest.raises(TypeError, match=r"`indices` must be an array of integers. Received: float32"):
        tf.gather(np.arange(3), [1.0])


def test_splits():
    assert [part.shape for part in tf.split(X, [1, -1], axis=2)] == [(2, 3, 1), (2, 3, 3)]
    with pytest.raises(ValueError, match=r"`num_or_size_splits` must divide the size 4 of the axis. Received: 3"):
        tf.split(X, 3, axis=2)
    with pytest.raises(ValueError, match=r"`num_or_size_splits` must add up to the size 4 of the axis.*\[1, 2\]"):
        tf.split(X, [1, 2], axis=2)


def test_paddings():
    with pytest.raises(ValueError, match=r"`paddings` must have the shape \(1, 2\) and no negative"):
        tf.pad([1], [[0, 0], [0, 0]])
    with pytest.raises(ValueError, match=r"`paddings` must be at most 1 along an axis of size 2. Received: \[0, 2\]"):
        tf.pad([1, 2], [[0, 2]], "REFLECT")
    with pytest.raises(ValueError, match=r"`mode` must be one of CONSTANT, REFLECT, SYMMETRIC. Received: 'WRAP'"):
        tf.pad([1, 2], [[0, 2]], "WRAP")


def test_reductions_of_nothing():
    nothing = np.zeros((0, 2), np.float32)
    assert tf.reduce_max(nothing, 0).tolist() == [-np.inf, -np.inf]
    assert tf.reduce_min(np.zeros(0, np.int32)).item() == np.iinfo(np.int32).max
    assert tf.reduce_prod(nothing, 0).tolist() == [1, 1]
    assert tf.reduce_all(np.zeros(0, bool))
    assert not tf.reduce_any(np.zeros(0, bool))
    with pytest.raises(ValueError, match=r"`input` must have elements along the axis 0. Received: the shape \(0, 2\)"):
        tf.argmax(nothing)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: tf.reshape(X, [5, -1]), ValueError, r"`shape` must hold as many elements as.*\(2, 3, 4\).*\(5, -1\)"),
        (lambda: tf.reshape(X, [1.5]), TypeError, r"`shape` must hold integers. Received: \[1.5\]"),
        (lambda: tf.zeros([-1]), ValueError, r"`shape` must hold sizes >= 0. Received: \[-1\]"),
        (lambda: tf.transpose(X, [0, 1]), ValueError, "`perm` must name each axis"),
        (lambda: tf.transpose(X, [0, 1, 1]), ValueError, "`perm` must name each axis once"),
        (lambda: tf.squeeze(X, [0]), ValueError, "`axis` must name axes of size 1"),
        (lambda: tf.expand_dims(X), ValueError, "`axis` must be given. Received: None"),
        (lambda: tf.expand_dims(X, 5), ValueError, r"`axis` must lie in \[-4, 4\). Received: 5"),
        (lambda: tf.reduce_sum(X, 3), ValueError, r"`axis` must lie in \[-3, 3\). Received: 3"),
        (lambda: tf.reduce_sum(X, "a"), TypeError, "`axis` must be an integer. Received: 'a'"),
        (lambda: tf.tile(X, [1]), ValueError, "`multiples` must hold a number for each of 3 axes"),
        (lambda: tf.concat([], 0), ValueError, "`values` must hold an array. Received: none"),
        (lambda: tf.concat([X, X[0]], 0), ValueError, "`values` must have the same sizes beside the axis 0"),
        (lambda: tf.stack([X, X[:1]]), ValueError, "`values` must have one shape"),
        (lambda: tf.unstack(X, 3), ValueError, "`num` must be the size 2 of the axis. Received: 3"),
        (lambda: tf.slice(X, [0, 0, 0], [3, 1, 1]), ValueError, r"`begin` and `size` must lie inside the shape"),
        (lambda: tf.slice(X, [0], [1]), ValueError, "`begin` and `size` must hold a number for each of 3 axes"),
        (lambda: tf.boolean_mask(X, [True]), ValueError, "`mask` must have one axis or more"),
        (lambda: tf.one_hot([1.0], 2), TypeError, "`indices` must be an array of integers. Received: float32"),
        (lambda: tf.one_hot([1], -2), ValueError, "`depth` must not be negative. Received: -2"),
        (lambda: tf.sequence_mask([1.0]), TypeError, "`lengths` must be an array of integers"),
        (lambda: tf.constant("a"), TypeError, "`value` must hold numbers or bools. Received: 'a'"),
        (lambda: tf.constant(1.5, tf.int32), TypeError, "`value` must hold numbers of the type int32. Received: 1.5"),
        (lambda: tf.constant([1, 2], shape=[1]), ValueError, "`value` must hold 1 numbers at most"),
        (lambda: tf.convert_to_tensor(tf.constant(1), tf.int64), ValueError, "`value` must have the type int64"),
        (lambda: tf.range(0, 3, 0), ValueError, "`delta` must not be zero"),
        (lambda: tf.matmul(X, X), ValueError, "`b` must have as many rows as `a` has columns"),
        (lambda: tf.matmul([1.0], [1.0]), ValueError, "`a` and `b` must have two axes or more"),
        (lambda: tf.einsum("ij,jk->ik", X, X), ValueError, "`equation` must fit the shapes"),
        (lambda: tf.tensordot(X, X, 1), ValueError, "`axes` must name axes of the same sizes"),
        (lambda: tf.add(X, X[:, :2]), ValueError, r"`y` must broadcast with the shape \(2, 3, 4\) of `x`"),
        (lambda: tf.logical_and(X, X), TypeError, "`x` must be an array of bools. Received: float32"),
        (lambda: tf.exp([1, 2]), TypeError, "`x` must be an array of floats. Received: int32"),
        (lambda: tf.reduce_all(X), TypeError, "`input_tensor` must be an array of bools. Received: float32"),
        (lambda: tf.pow([2], [-1]), ValueError, "`y` must not be negative where integers are raised to it"),
        (lambda: tf.add_n(X), ValueError, "`inputs` must be a list of arrays"),
        (lambda: tf.nn.dropout(X), ValueError, "`rate` must be given. Received: None"),
        (lambda: tf.nn.dropout(X, 0.0), ValueError, r"`rate` must lie in \[0, 1\). Received: 1.0"),
        (lambda: tf.nn.dropout(X, rate=0.1, noise_shape=[2]), ValueError, "`noise_shape` must hold 1 or the size"),
        (lambda: tf.nn.bias_add(X, X[0, 0, :2]), ValueError, "`bias` must have the size of the axis 2"),
        (lambda: tf.nn.top_k([1], 2), ValueError, r"`k` must lie in \[0, n\]"),
        (lambda: tf.nn.softmax_cross_entropy_with_logits(logits=X), ValueError, "`labels` and `logits` must both be"),
        (lambda: tf.losses.mean_squared_error(X, X[0]), ValueError, "`labels` must have the shape"),
        (lambda: tf.losses.mean_squared_error(None, X), ValueError, "`labels` must not be None"),
        (lambda: tf.losses.mean_squared_error(X, X, [1.0]), ValueError, "`weights` must be a number, or broadcast"),
        (lambda: tf.losses.mean_squared_error(X, X, reduction="no"), ValueError, "`reduction` must be one of none"),
        (lambda: tf.losses.get_total_loss(), ValueError, "`scope` must name a loss that was collected"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call()


# ---- losses and updates ----


def test_losses_are_float32_and_collected():
    loss = tf.losses.mean_squared_error(WIDE, WIDE + 1, weights=2.0)
    assert loss.dtype == np.float32
    assert loss.item() == pytest.approx(2)
    assert float(tf.losses.get_losses()[0]) == loss.item()


def test_updates_wait_until_they_are_run():
    layer = tf.layers.BatchNormalization(momentum=0.5)
    layer(X, training=True)
    assert layer.moving_mean.numpy().tolist() == [0, 0, 0, 0]
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert layer.updates == updates
    for update in [*updates, *updates]:
        update.run()
    np.testing.assert_allclose(layer.moving_mean, X.mean((0, 1)) / 2, rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, 0.5 + X.var((0, 1)) / 2, rtol=1e-6)
    assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == layer.updates == []


def test_updates_of_a_copy_are_its_own():
    layer = tf.layers.BatchNormalization()
    layer(X, training=True)
    copied = copy.copy(layer)
    copied(X, training=True)
    assert (len(layer.updates), len(copied.updates)) == (2, 4)


def test_a_layer_with_waiting_updates_is_copied_and_pickled():
    """An update that kept its graph could be neither."""
    layer = tf.layers.BatchNormalization(momentum=0.5)
    layer(X, training=True)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        for update in twin.updates:
            update()
        np.testing.assert_allclose(twin.moving_mean, X.mean((0, 1)) / 2, rtol=1e-6)
    assert layer.moving_mean.numpy().tolist() == [0, 0, 0, 0]
    assert len(layer.updates) == 2


def test_layers_that_are_not_here_in_full():
    for name in ("renorm", "virtual_batch_size", "adjustment"):
        with pytest.raises(ValueError, match=rf"`{name}` is not supported: leave it out. Received: 2"):
            tf.layers.BatchNormalization(**{name: 2})
    with pytest.raises(TypeError, match=r"`axis` must be an integer or a list of integers. Received: 'last'"):
        tf.layers.BatchNormalization("last")


def test_layers_copy_and_return_their_arguments():
    for layer in (
        tf.layers.BatchNormalization(1, momentum=0.5),
        tf.layers.Dropout(0.25, seed=3),
        tf.layers.Flatten(data_format="channels_first"),
        tf.layers.MaxPooling1D(3, 2, "same"),
        tf.layers.AveragePooling1D(3, 2, data_format="channels_first"),
    ):
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()
        np.testing.assert_array_equal(again(X), layer(X))


def test_a_mask_by_the_graphs_seed():
    tf.set_random_seed(5)
    first, second = tf.nn.dropout(X, rate=0.5), tf.nn.dropout(X, rate=0.5)
    assert (first != second).any()
    with tf.Graph().as_default():
        tf.set_random_seed(5)
        np.testing.assert_array_equal(tf.nn.dropout(X, rate=0.5), first)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.isclose(x, np.array([0.5, 2.0])),
        lambda x: np.concatenate([x, np.array([0.5])]),
        lambda x: np.interp([0.5], x, x),
        lambda x: np.meshgrid(x, np.array([0.5])),
        lambda x: np.linalg.lstsq(np.eye(2), x, rcond=None)[0],
        lambda x: np.percentile(x, 30),
    ],
)
def test_numpys_functions_follow_numpys_rules(function):
    """Their operators refused the second type: ``np.isclose`` subtracts."""
    numbers = np.array([1, 2])
    np.testing.assert_array_equal(np.asarray(function(tf.constant(numbers))), np.asarray(function(numbers)))


def test_numpys_functions_fill_the_array_that_they_are_given():
    x = tf.constant([1.0, 2.0])
    out = tf.zeros([2])
    assert np.cumsum(x, out=out) is out
    assert out.tolist() == [1.0, 3.0]
