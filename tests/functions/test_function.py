"""``tf.function``: when it runs the function itself, what stays, what is read anew, and what is refused."""

import gc
import threading
import tracemalloc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import nb_sepconv as tf

X = np.arange(24, dtype=np.float32).reshape(2, 4, 3)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as graph:
        yield graph


def counted(function):
    """A traced function, and the list of its runs."""
    runs = []

    def program(*args, **kwargs):
        runs.append(1)
        return function(*args, **kwargs)

    return tf.function(program), runs


def test_it_runs_once_for_each_shape_type_and_constant():
    double, runs = counted(lambda x, factor=2: x * factor)
    for x in (X, X + 1, X[:1], X.astype("float64"), X):
        np.testing.assert_array_equal(double(x), x * 2)
    assert len(runs) == 3
    assert double(X, 3).tolist() == double(X, factor=3).tolist() == (X * 3).tolist()
    assert len(runs) == 5
    double(X, 3.0)
    assert len(runs) == 6  # 3 and 3.0 are two constants


def test_a_decorator_with_and_without_a_call():
    @tf.function
    def one(x):
        """Adds one."""
        return x + 1

    @tf.function()
    def two(x):
        return x + 2

    assert (one(X) + 1).tolist() == two(X).tolist()
    assert one.__name__ == "one"
    assert one.__doc__ == "Adds one."
    assert one.python_function(1) == 2
    assert "one" in repr(one)
    with pytest.raises(TypeError, match="`func` must be callable"):
        tf.function(3)


def test_methods():
    class Model:
        def __init__(self, factor):
            self.factor = factor

        @tf.function
        def call(self, x):
            return x * self.factor

    one, two = Model(2.0), Model(5.0)
    assert one.call(X).tolist() == (X * 2).tolist()
    assert two.call(X).tolist() == (X * 5).tolist()
    assert one.call(X).tolist() == (X * 2).tolist()


def test_containers_come_and_go():
    Pair = namedtuple("Pair", "one two")

    @tf.function
    def program(pair, named):
        return {"sum": pair.one + pair.two, "rest": [named["a"], (3, None, "text")], "pair": Pair(pair.two, pair.one)}

    for factor in (1, 2):
        x = X * factor
        found = program(Pair(x, x + 1), OrderedDict(a=x * 3))
        assert found["sum"].tolist() == (x + x + 1).tolist()
        assert found["rest"][0].tolist() == (x * 3).tolist()
        assert found["rest"][1] == (3, None, "text")
        assert type(found["pair"]) is Pair
        assert found["pair"].one.tolist() == (x + 1).tolist()


def test_dicts_and_lists_of_a_class_of_the_callers_own():
    class Mine(dict):
        pass

    program = tf.function(lambda given: Mine(y=given["x"] + 1))
    for x in (X, X + 5):
        found = program(Mine(x=x))
        assert type(found) is Mine
        assert found["y"].tolist() == (x + 1).tolist()


def test_variables_are_made_once_and_read_anew():
    @tf.function
    def program(x):
        return tf.nn.relu(tf.layers.dense(x, 2)) * tf.get_variable("gain", [], initializer=tf.ones_initializer())

    first = program(X)
    kernel, bias, gain = tf.global_variables()
    assert [each.name for each in (kernel, bias, gain)] == ["dense/kernel:0", "dense/bias:0", "gain:0"]
    np.testing.assert_array_equal(program(X), first)
    gain.assign(3.0)
    np.testing.assert_array_equal(program(X), first * np.float32(3))
    bias.assign([100.0, 100.0])
    assert (program(X) >= 3).all()


def test_runs_for_other_shapes_find_the_variables_of_layers_without_names():
    def model(x):
        with tf.variable_scope("tower"):
            x = tf.layers.separable_conv1d(x, 4, 2)
            x = tf.layers.separable_conv1d(x, 5, 2)
        return tf.layers.dense(x, 2)

    tf.layers.dense(X, 1)
    program = tf.function(model)
    one, two = program(X), program(X[:1])
    names = [variable.name for variable in tf.trainable_variables()]
    assert len(names) == 2 + 3 + 3 + 2
    assert "tower/separable_conv1d_1/bias:0" in names
    assert names[-1] == "dense_1/bias:0"
    np.testing.assert_array_equal(one[:1], two)
    tf.layers.dense(X, 1)
    assert tf.trainable_variables()[-1].name == "dense_2/bias:0"


def test_each_variable_scope_has_variables_of_its_own():
    program = tf.function(lambda x: tf.layers.dense(x, 2, name="d"))
    for name in ("a", "b", "a", "b"):
        with tf.variable_scope(name, reuse=tf.AUTO_REUSE):
            program(X)
    assert len(tf.global_variables()) == 4


def test_each_graph_has_programs_of_its_own():
    program, runs = counted(lambda x: tf.layers.dense(x, 2, name="d"))
    with tf.Graph().as_default() as other:
        program(X)
        assert len(other.get_collection("variables")) == 2
    program(X)
    assert len(tf.global_variables()) == 2
    assert len(runs) == 2


def test_assignments_are_repeated():
    count = tf.Variable(0.0)

    @tf.function
    def program(x):
        count.assign_add(tf.reduce_sum(x))
        return count * 2.0

    ones = np.ones(3, np.float32)
    assert [float(program(ones)) for _ in range(3)] == [6.0, 12.0, 18.0]
    assert float(count) == 9.0


def test_random_numbers_are_drawn_anew():
    program = tf.function(lambda x: (tf.nn.dropout(x, rate=0.5), tf.random_normal([100])))
    ones = np.ones(100, np.float32)
    (a, b), (c, d) = program(ones), program(ones)
    assert (a != c).any()
    assert (b != d).any()

    def three(call):
        with tf.Graph().as_default():
            tf.set_random_seed(3)
            return [np.array(call(ones)) for _ in range(3)]

    def dropped(x):
        return tf.layers.dropout(x, 0.5, training=True)

    np.testing.assert_array_equal(three(dropped), three(tf.function(dropped)))


def test_penalties_follow_the_variables():
    @tf.function
    def program(x):
        y = tf.layers.separable_conv1d(
            x, 2, 2, name="s", pointwise_regularizer=lambda w: 0.1 * tf.nn.l2_loss(w), bias_regularizer=np.sum
        )
        layer_losses = sum(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
        return y, layer_losses, tf.losses.get_regularization_loss()

    def expected():
        pointwise, bias = (v.numpy() for v in tf.global_variables()[1:])
        return np.float32(0.1) * np.float32((pointwise**2).sum() / 2) + bias.sum()

    for _ in range(3):
        _, total, same = program(X)
        assert float(total) == pytest.approx(float(expected()), rel=1e-6)
        assert float(same) == float(total)
        for variable in tf.global_variables():
            variable.assign(variable.numpy() + 1)


def test_losses_are_collected_while_the_function_runs():
    @tf.function
    def program(x, y):
        with tf.variable_scope("losses"):
            tf.losses.mean_squared_error(y, x)
            tf.losses.absolute_difference(y, x, weights=2.0)
            tf.add_to_collection("mine", x * 2)
        return tf.losses.get_total_loss(), len(tf.losses.get_losses()), tf.get_collection("mine")[0]

    for shift in (1.0, 1.0, 3.0):
        total, count, twice = program(X, X + np.float32(shift))
        assert float(total) == shift**2 + 2 * shift
        assert count == 2
        assert twice.tolist() == (X * 2).tolist()
    assert tf.losses.get_losses() == tf.get_collection("mine") == []


def test_losses_of_earlier_calls_are_refused():
    tf.losses.mean_squared_error(X, X + 1)
    total = tf.function(lambda x: tf.losses.get_total_loss() + tf.reduce_sum(x))
    with pytest.raises(TypeError, match="clear_call_losses"):
        total(X)
    tf.losses.clear_call_losses()
    layer = tf.layers.Dense(2, activity_regularizer=tf.nn.l2_loss)
    program = tf.function(lambda x: (layer(x), tf.losses.get_regularization_loss()))
    with pytest.raises(TypeError, match="left behind"):
        program(X)


def test_updates_wait_to_be_run_outside():
    normalise = tf.function(lambda x: tf.layers.batch_normalization(x, training=True, momentum=0.5, name="bn"))
    for i in range(3):
        normalise(X)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS, scope="bn")
        assert len(updates) == 2
        for update in updates:
            update()
        mean = next(v for v in tf.global_variables() if "moving_mean" in v.name)
        np.testing.assert_allclose(mean, X.mean((0, 1)) * (1 - 0.5 ** (i + 1)), rtol=1e-6)

    def with_updates(x):
        y = tf.layers.batch_normalization(x, training=True, name="inner")
        for update in tf.get_collection(tf.GraphKeys.UPDATE_OPS):
            update()
        return y

    with pytest.raises(TypeError, match="run it after the function"):
        tf.function(with_updates)(X)


def test_shapes_that_follow_from_data():
    @tf.function
    def kept(x, wanted):
        found = tf.boolean_mask(x, wanted)
        return found, tf.shape(found)[0]

    @tf.function
    def mean(x, wanted):
        found = tf.boolean_mask(x, wanted)
        return tf.reduce_sum(found) / float(found.shape[0].value)

    x = np.float32([1, 2, 4, 9])
    for wanted in ([True, False, False, False], [True, True, False, False], [False, True, True, True]):
        wanted = np.array(wanted)
        found, count = kept(x, wanted)
        assert found.tolist() == x[wanted].tolist()
        assert int(count) == wanted.sum()
        assert float(mean(x, wanted)) == pytest.approx(x[wanted].mean())


def test_shapes_are_known():
    @tf.function
    def program(x):
        assert x.get_shape().as_list() == [2, 4, 3]
        assert int(tf.shape(x)[1]) == len(x[0]) == x.shape[1] == 4
        assert (x.ndim, x.size, x.dtype, tf.rank(x).item()) == (3, 24, np.float32, 3)
        x.set_shape([None, 4, 3])
        with pytest.raises(ValueError, match="compatible"):
            x.set_shape([None, 5, 3])
        assert isinstance(x, tf.Tensor)
        first, second = x
        return first - second

    assert program(X).tolist() == (X[0] - X[1]).tolist()
    assert program(X * 2).tolist() == (X[0] * 2 - X[1] * 2).tolist()


@pytest.mark.parametrize(
    ("use", "what"),
    [
        (bool, "a condition"),
        (float, "`float`"),
        (int, "`int`"),
        (range, "an index or a size"),
        (np.asarray, "NumPy"),
        (np.sum, "`np.sum` of it"),
        (lambda x: x.numpy(), r"`.numpy\(\)`"),
        (lambda x: x.tolist(), r"`.tolist\(\)`"),
        (lambda x: 3 in x, "`in`"),
    ],
)
def test_values_are_refused(use, what):
    with pytest.raises(TypeError, match=f"has no values while `tf.function` traces a program, and {what} wants them"):
        tf.function(use)(X)


@pytest.mark.parametrize("use", [float, bool, np.asarray, lambda v: v.numpy(), lambda v: v.eval() * 0 + float(v)])
def test_values_of_variables_are_refused(use):
    variable = tf.Variable(1.0)
    with pytest.raises(TypeError, match=r"tf\.function"):
        tf.function(lambda x: x * use(variable))(X)


def test_what_numpy_has_and_tensorflow_has_not_is_refused():
    with pytest.raises(AttributeError, match=r"`.sum` of an array is not recorded"):
        tf.function(lambda x: x.sum())(X)
    with pytest.raises(AttributeError, match="has no attribute 'some'"):
        tf.function(lambda x: x.some)(X)
    with pytest.raises(TypeError, match="item assignment"):
        tf.function(lambda x: x.__class__ and exec("x[0] = 1", {"x": x}))(X)
    with pytest.raises(TypeError):
        tf.function(lambda x: np.add(x, 1))(X)


def test_arrays_of_other_libraries_are_refused():
    class Foreign:
        __cuda_array_interface__ = None

    with pytest.raises(TypeError, match="must be NumPy's"):
        tf.function(lambda x: x)(Foreign())


def test_arrays_of_a_run_are_of_no_use_outside():
    kept = []
    tf.function(lambda x: kept.append(x + 1))(X)
    with pytest.raises(TypeError, match="has no values"):
        tf.reduce_sum(kept[0])
    with pytest.raises(RuntimeError, match="outside of that run"):
        kept[0] + 1
    with pytest.raises(RuntimeError, match="outside of that run"):
        tf.function(lambda x: x + kept[0])(X)


def test_nothing_is_shared():
    constant, variable = np.ones(3, np.float32), tf.Variable(np.ones(3, np.float32))

    @tf.function
    def program(x):
        return x, x[0], tf.constant([1.0]), constant, x + constant, variable.value(), tf.reshape(x, [-1])

    wanted = [np.array(each) for each in program(X)]
    for _ in range(2):
        found = program(X)
        for each, want in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(each, want)
            assert not np.may_share_memory(each, X)
            assert not np.may_share_memory(each, variable.numpy())
            each[...] = -5
        constant[:] = 7  # a constant of the run, as in TensorFlow
    assert not any(np.may_share_memory(a, b) for i, a in enumerate(found) for b in found[:i])


def test_constants_are_what_they_were_when_they_were_used():
    @tf.function
    def program(x):
        shift = tf.zeros([3])
        before = x + shift
        shift[0] = 5.0
        return before, x + shift

    for _ in range(3):
        before, after = program(X)
        assert before.tolist() == X.tolist()
        assert after.tolist() == (X + np.float32([5, 0, 0])).tolist()


def test_functions_within_functions():
    inner, runs = counted(lambda x: x * 2)
    outer = tf.function(lambda x: inner(x) + 1)
    assert outer(X).tolist() == outer(X).tolist() == (X * 2 + 1).tolist()
    assert len(runs) == 1


def test_a_run_after_a_failure_finds_what_that_made():
    @tf.function
    def program(x, fails):
        y = tf.layers.dense(x, 2, name="d")
        tf.losses.mean_squared_error(y, y)
        return float(y) if fails else y

    with pytest.raises(TypeError):
        program(X, True)
    assert tf.losses.get_losses() == []
    program(X, False)
    assert [variable.name for variable in tf.global_variables()] == ["d/kernel:0", "d/bias:0"]


def test_layers_as_objects_and_stacks_and_keras():
    stack = tf.Stack(tf.layers.SeparableConv1D(4, 2, padding="same"), tf.layers.Dense(2))
    sequential = tf.keras.Sequential([tf.keras.layers.SeparableConv1D(4, 2), tf.keras.layers.Dense(2)])
    pool = tf.layers.MaxPooling1D(2, 2)

    def model(x):
        both = stack(x), sequential(x), pool(x), stack(x, lengths=[2, 3]), tf.keras.layers.ReLU()(x - 3.0)
        return [tf.identity(each) for each in both]

    want = model(tf.convert_to_tensor(X))
    program = tf.function(model)
    for _ in range(3):
        for one, other in zip(program(X), want, strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_layer_of_the_callers_own():
    class Scaled(tf.keras.layers.Layer):
        def build(self, shape):
            self.scale = self.add_weight(name="scale", shape=[shape[-1]], initializer="ones")

        def call(self, x):
            return {"scaled": x * self.scale}

    layer = Scaled(name="mine")
    program = tf.function(lambda x: layer(x)["scaled"] + 1.0)
    program(X)
    layer.scale.assign([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(program(X), X * np.float32([1, 2, 3]) + 1)


def test_operations():
    from nb_sepconv import ops

    rng = np.random.default_rng(0)
    depthwise, pointwise = (rng.standard_normal(shape).astype("float32") for shape in ((2, 3, 1), (3, 5)))

    def convolve(x, lengths):
        return ops.separable_conv1d(x, depthwise, pointwise, lengths=lengths, activation="relu")

    program = tf.function(convolve)
    for lengths in ([4, 2], [3, 0]):
        np.testing.assert_array_equal(program(X, np.array(lengths)), convolve(X, np.array(lengths)))
    with pytest.raises(TypeError, match="`out` must be None"):
        tf.function(lambda x: ops.depthwise_conv1d(x, depthwise, out=np.empty((2, 3, 3), "float32")))(X)


def test_many_threads_at_once(graph):
    program, runs = counted(lambda x: tf.layers.dense(x, 2, name="d") + tf.reduce_mean(x))
    found = {}

    def work(i):
        with graph.as_default():
            found[i] = [program(X + np.float32(i)) for _ in range(20)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    for i in range(8):
        for each in found[i]:
            np.testing.assert_array_equal(each, program(X + np.float32(i)))


def test_nothing_grows():
    @tf.function
    def program(x):
        y = tf.layers.separable_conv1d(x, 4, 2, name="s", bias_regularizer=tf.nn.l2_loss)
        return tf.losses.mean_squared_error(y, y) + tf.losses.get_regularization_loss()

    def calls(count):
        for _ in range(count):
            program(X)
            tf.function(program.python_function)  # a new one leaves with its programs
        gc.collect()

    calls(50)
    tracemalloc.start()
    try:
        calls(50)
        before = tracemalloc.get_traced_memory()[0]
        calls(500)
        assert tracemalloc.get_traced_memory()[0] - before < 2000
    finally:
        tracemalloc.stop()


def test_a_graph_leaves_with_its_programs():
    program = tf.function(lambda x: tf.layers.dense(x, 2, name="d"))

    def once():
        import weakref

        with tf.Graph().as_default() as other:
            program(X)
        return weakref.ref(other)

    reference = once()
    gc.collect()
    assert reference() is None


def test_programs_are_bounded():
    program = tf.function(lambda x, i: x + i)
    for i in range(100):
        program(X, i)
    (programs,) = tf.get_default_graph().programs.values()
    assert len(programs._by_key) == 64
