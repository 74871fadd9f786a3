"""Traced functions where their runs could come apart from calls: order in memory, state, keys, what is shared."""

from collections import OrderedDict, defaultdict, deque

import numpy as np
import pytest

import nb_sepconv as tf

X = np.arange(24, dtype=np.float32).reshape(2, 4, 3)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def composed(outer, inner):
    return lambda x: outer(inner(x))


def test_sums_add_in_the_order_of_the_words():
    """Views of transposed arrays were summed in another order."""
    rng = np.random.default_rng(0)
    shapes = [
        lambda x: tf.transpose(x),
        lambda x: tf.exp(tf.transpose(x, [1, 0])),
        lambda x: tf.reshape(tf.transpose(x), [-1, 3]),
        lambda x: tf.concat([tf.transpose(x), tf.transpose(x)], 0),
        lambda x: tf.expand_dims(x, 0)[0],
        lambda x: tf.nn.softmax(tf.transpose(x)),
    ]
    sums = [lambda x: tf.reduce_mean(x, axis=0), lambda x: tf.reduce_sum(x, 1), tf.nn.moments, tf.reduce_logsumexp]
    sums[2] = lambda x: tf.nn.moments(x, [0])
    for shape in shapes:
        for total in sums:
            call = composed(total, shape)
            traced = tf.function(call)
            for first in (np.zeros, np.ones):
                traced(first((33, 9), np.float32))
            for order in "CF":
                x = np.asarray(rng.standard_normal((33, 9)), np.float32, order=order)
                want, got = call(tf.Tensor.view(x, tf.Tensor)), traced(x)
                for one, other in zip(np.atleast_1d(want), np.atleast_1d(got), strict=True):
                    assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_operators_of_variables():
    variable = tf.Variable([1.0, 2.0])
    for call in (lambda x: variable // x, lambda x: x // variable, lambda x: variable % x, lambda x: variable - x):
        traced = tf.function(call)
        for x in ([1.0, 1.0], [0.1, 0.3]):
            x = tf.constant(x)
            assert np.asarray(traced(x)).tobytes() == np.asarray(call(x)).tobytes()


def test_a_call_that_a_class_overrides():
    class Twice(tf.keras.layers.Dense):
        def __call__(self, x, **keywords):
            return super().__call__(x * 2.0, **keywords) + 1.0

    class Old(tf.layers.Dense):
        def __call__(self, x, *args, **keywords):
            return super().__call__(x * 2.0, *args, **keywords) + 1.0

    for layer in (Twice(2), Old(2)):
        want = layer(tf.convert_to_tensor(X))
        program = tf.function(layer)
        for _ in range(3):
            np.testing.assert_array_equal(program(X), want)


def test_keywords_that_are_none():
    class Scaled(tf.keras.layers.Layer):
        def call(self, x, scale=2.0):
            return x if scale is None else x * scale

    layer = Scaled()
    assert tf.function(lambda x: layer(x, scale=None))(X).tolist() == X.tolist()


def test_nothing_is_repeated_in_vain():
    count = tf.Variable(0)

    def mean(x, wanted):
        found = tf.boolean_mask(x, wanted)
        size = float(found.shape[0].value)
        count.assign_add(1)
        return tf.reduce_sum(found) / size

    program = tf.function(mean)
    for i in range(1, 4):
        program(X[0, 0], np.arange(3) < i)
    assert int(count) == 3

    def late(x, wanted):
        count.assign_add(1)
        return tf.reduce_sum(x) / float(tf.boolean_mask(x, wanted).shape[0].value)

    with pytest.raises(TypeError, match="look at it before"):
        tf.function(late)(X[0, 0], np.arange(3) < 2)


def test_layers_of_constants_and_of_variables_follow_their_weights():
    dense, sequential = tf.layers.Dense(2), tf.keras.Sequential([tf.keras.layers.Dense(2)])
    stack, position = tf.Stack(tf.layers.Dense(2)), tf.Variable(np.ones((1, 3), np.float32))
    ones = np.ones((1, 3), np.float32)

    def program(x):
        found = [dense(ones), dense(tf.ones([1, 3])), sequential(ones), stack(ones), dense(position)]
        found += [tf.layers.dense(ones, 2, name="d"), tf.layers.dense(position, 2, name="d", reuse=True)]
        return [tf.reduce_sum(x) + each for each in found]

    traced = tf.function(program)
    traced(X)
    for variable in tf.global_variables():
        variable.assign(np.asarray(variable) + 1)
    for weight in sequential.weights:
        weight.assign(np.asarray(weight) + 1)
    with tf.variable_scope("", reuse=True):
        want = program(tf.convert_to_tensor(X))
    for one, other in zip(traced(X), want, strict=True):
        np.testing.assert_array_equal(one, other)


def test_masks_of_constants_are_drawn_anew():
    ones = np.ones((1, 200), np.float32)
    program = tf.function(lambda x: (x + tf.nn.dropout(ones, rate=0.5), x + tf.layers.dropout(ones, training=True)))
    x = np.zeros((1, 200), np.float32)
    for one, other in zip(program(x), program(x), strict=True):
        assert (one != other).any()


def test_a_reused_buffer():
    def program(x):
        weights, found = np.zeros(3, np.float32), []
        for i in range(3):
            weights[:] = i
            found.append(x * weights)
        return found

    traced = tf.function(program)
    for _ in range(2):
        for one, other in zip(traced(X), program(X), strict=True):
            np.testing.assert_array_equal(one, other)


def test_arrays_of_unknown_shapes_keep_to_the_words():
    def total(x, wanted):
        return tf.reduce_sum(tf.squeeze(tf.boolean_mask(x, wanted)), axis=-1)

    x, traced = X[0], tf.function(total)
    for wanted in ([1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1], [0, 0, 1, 0]):
        wanted = np.array(wanted, bool)
        one, other = traced(x, wanted), total(tf.convert_to_tensor(x), wanted)
        assert type(one) is tf.Tensor
        np.testing.assert_array_equal(one, other)

    bias = tf.Variable(np.ones(2, np.float32))
    added = tf.function(lambda x, count: tf.nn.bias_add(x[:, :, : count[0]], bias))
    added(X, np.array([2]))
    with pytest.raises((ValueError, TypeError)):
        added(X, np.array([1]))


@pytest.mark.parametrize(
    ("word", "others"),
    [
        (lambda x, a: tf.nn.leaky_relu(x, a[0]), [np.float32([0.5]), np.float32([0.25])]),
        (lambda x, p: tf.pad(x, [[0, 0], [p[0], 1], [0, 0]]), [np.int32([2]), np.int32([0])]),
        (lambda x, p: tf.pad(x, p), [np.int32([[0, 0], [1, 1], [0, 0]]), np.int32([[1, 0], [0, 1], [2, 0]])]),
        (lambda x, p: tf.nn.softmax(x, p[0]), [np.int32([1]), np.int32([2])]),
        (lambda x, p: tf.reduce_sum(x, axis=p[0]), [np.int32([1]), np.int32([0])]),
        (lambda x, p: tf.transpose(x, p), [np.int32([1, 0, 2]), np.int32([2, 1, 0])]),
    ],
)
def test_parameters_that_are_arrays_of_the_run(word, others):
    x = tf.convert_to_tensor(X - 12)
    try:
        want = [word(x, tf.convert_to_tensor(other)) for other in others]
    except (TypeError, ValueError) as error:
        with pytest.raises(type(error)):
            tf.function(word)(x, others[0])
        return
    traced = tf.function(word)
    for other, one in zip(others, want, strict=True):
        np.testing.assert_array_equal(traced(x, other), one)


def test_penalties_before_and_after_an_assignment():
    with tf.variable_scope("s", regularizer=tf.keras.regularizers.l2(0.5)):
        variable = tf.get_variable("w", initializer=lambda shape, dtype: np.float32([1, 2]), shape=[2])

    @tf.function
    def program(x):
        before = tf.losses.get_regularization_loss()
        variable.assign(variable * 2.0)
        return before, tf.losses.get_regularization_loss() + 0.0 * tf.reduce_sum(x)

    for _ in range(3):
        before, after = program(X)
        assert float(after) == 4 * float(before)


def test_what_a_later_run_would_not_see_is_refused():
    dense = tf.layers.Dense(2, activity_regularizer=tf.nn.l2_loss)
    norm = tf.layers.BatchNormalization()
    keras = tf.keras.layers.Dense(2, activity_regularizer="l2")
    variable, buffer = tf.Variable([1.0]), np.zeros(1, np.float32)
    for uses in (
        lambda x: (dense(x), sum(dense.losses)),
        lambda x: (keras(x), sum(keras.losses)),
        lambda x: (norm(x, training=True), norm.updates),
        lambda x: (norm(x, training=True), tf.get_collection(tf.GraphKeys.UPDATE_OPS)),
        lambda x: x * variable.read(),
        lambda x: x + np.add(variable, 1, out=buffer),
        lambda x: tf.losses.clear_call_losses() or x,
        lambda x: keras.add_loss(3.0) or x,
        lambda x: tf.Graph().as_default() and x,
        lambda x: tf.precision("bf16").__enter__() or x,
        lambda x: tf.train.GradientDescentOptimizer(0.1).apply_gradients([(np.float32([1]), variable)]) and x,
    ):
        with pytest.raises(TypeError, match=r"tf\.function"):
            tf.function(uses)(X)


def test_weights_are_written_in_each_run():
    layer = tf.layers.Dense(2, use_bias=False)
    layer(X)
    (kernel,) = layer.weights

    @tf.function
    def program(x):
        layer.set_weights([kernel * 2.0])
        return layer(x)

    start = kernel.numpy().copy()
    for i in range(1, 4):
        np.testing.assert_array_equal(program(X), layer(X))
        np.testing.assert_array_equal(kernel.numpy(), start * 2**i)


def test_constants_that_are_equal_and_not_the_same():
    sign = tf.function(lambda x, zero: x * 0.0 + zero if isinstance(zero, float) else x)
    assert not np.signbit(sign(np.float32([1]), 0.0))[0]
    assert tf.function(lambda x, c: x * c)(np.float32([1]), -0.0)[0] == 0
    times = tf.function(lambda x, zero: x * zero)
    assert not np.signbit(times(np.float32([1]), 0.0))[0]
    assert np.signbit(times(np.float32([1]), -0.0))[0]
    kind = tf.function(lambda x: (x[1], type(next(iter(x))).__name__))
    assert [kind({key: X})[1] for key in (1, True, 1.0)] == ["int", "bool", "float"]
    items = tf.function(lambda x, s: (x, type(next(iter(s))).__name__))
    assert [items(X, frozenset([key]))[1] for key in (2, 2.0)] == ["int", "float"]


def test_slices_as_arguments():
    part = tf.function(lambda x, where: x[where])
    for where in (slice(1, None), slice(0, None), slice(np.int64(1), None), slice(np.int64(0), None)):
        np.testing.assert_array_equal(part(X, where), X[where])


def test_masked_arrays_are_refused():
    masked = np.ma.masked_array([1.0, 2.0], [False, True])
    with pytest.raises(ValueError, match="masked"):
        tf.function(tf.reduce_sum)(masked)


def test_outputs_share_nothing_whatever_the_order_of_the_arguments():
    flat = tf.function(lambda x: (tf.reshape(x, [-1]), tf.transpose(x), x[0]))
    for x in (np.asfortranarray(X), X, X.copy()):
        assert not any(np.may_share_memory(each, x) for each in flat(x))


def test_outputs_of_classes_that_are_not_followed_are_refused():
    for make in (lambda x: deque([x]), lambda x: {1: x}.values(), lambda x: (x for _ in "a"), lambda x: {1, 2}):
        with pytest.raises(TypeError, match="must return arrays"):
            tf.function(make)(X)


def test_containers_are_made_anew():
    program = tf.function(lambda x: (OrderedDict(), defaultdict(list), [], {}, OrderedDict(x=x)))
    for _ in range(3):
        ordered, default, empty, plain, named = program(X)
        assert [len(each) for each in (ordered, default, empty, plain)] == [0, 0, 0, 0]
        assert named["x"].tolist() == X.tolist()
        ordered[1] = default[1] = plain[1] = named["y"] = 2
        empty.append(1)


def test_losses_as_outputs():
    @tf.function
    def program(x):
        tf.losses.mean_squared_error(x, x + 1.0)
        return tf.losses.get_losses()

    for _ in range(3):
        assert [float(each) for each in program(X)] == [1.0]


def test_a_normalization_that_becomes_trainable():
    norm = tf.layers.BatchNormalization(trainable=False)
    program = tf.function(lambda x: norm(x, training=True))
    program(X)
    norm.trainable = True
    want = norm(X, training=True)
    np.testing.assert_array_equal(program(X), want)


def test_keyword_arguments_of_any_name():
    class Kept(tf.keras.layers.Layer):
        def call(self, x, **keywords):
            return x * keywords["class"]

    layer = Kept()
    assert tf.function(lambda x: layer(x, **{"class": 2}))(X).tolist() == (X * 2).tolist()
    assert tf.function(lambda **given: given["self"] + 1)(self=X).tolist() == (X + 1).tolist()


def test_copies_and_pickles():
    import copy
    import pickle

    program = tf.function(tf.reduce_sum)
    for again in (copy.copy(program), copy.deepcopy(program), pickle.loads(pickle.dumps(tf.function(np.ravel)))):
        assert callable(again.python_function)
    assert float(copy.deepcopy(program)(X)) == X.sum()
