"""Where a layer's variables go: names, sharing, other graphs, getters, and calls that leave out the scopes."""

from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
from listed_names import listed

import nb_sepconv as tf

X = np.random.default_rng(29).standard_normal((2, 9, 4)).astype("float32")


def convolve(**keywords):
    return tf.layers.separable_conv1d(X, 5, 3, **keywords)


def layer(**keywords):
    made = tf.layers.SeparableConv1D(5, 3, **keywords)
    made(X)
    return made


def scopes():
    """The scopes of all variables, in the order of creation."""
    return list(dict.fromkeys(v.op.name.rpartition("/")[0] for v in tf.global_variables()))


# ---- functions ----


def test_unnamed_functions_are_numbered():
    convolve()
    convolve()
    assert scopes() == ["separable_conv1d", "separable_conv1d_1"]


def test_named_functions_are_refused_twice_and_shared_on_demand():
    convolve(name="a")
    with pytest.raises(ValueError, match=r"Variable a/depthwise_kernel already exists"):
        convolve(name="a")
    for reuse in (True, tf.AUTO_REUSE):
        np.testing.assert_array_equal(convolve(name="a", reuse=reuse), convolve(name="a", reuse=True))
    with pytest.raises(ValueError, match=r"Variable b/depthwise_kernel does not exist"):
        convolve(name="b", reuse=True)
    assert scopes() == ["a"]


def test_unnamed_functions_that_reuse_share_one_scope():
    convolve(reuse=tf.AUTO_REUSE)
    convolve(reuse=True)
    assert scopes() == ["separable_conv1d"]


def test_scope_entered_again_counts_anew():
    for reuse in (None, True):
        with tf.variable_scope("s", reuse=reuse):
            convolve()
            convolve()
    assert scopes() == ["s/separable_conv1d", "s/separable_conv1d_1"]


def test_scope_object_as_name():
    with tf.variable_scope("s") as scope:
        convolve(name=scope)
    assert scopes() == ["s"]
    root = tf.get_variable_scope()
    convolve(name=root)
    assert scopes() == ["s", ""]


def test_other_reuse_is_refused():
    with pytest.raises(ValueError, match=r"The reuse parameter must be True or False or None. Received: `reuse`='yes'"):
        convolve(reuse="yes")


def test_scope_initializer_fills_kernels_but_not_the_bias():
    with tf.variable_scope("s", initializer=tf.ones_initializer()):
        convolve()
        convolve(bias_initializer=None)
    assert [float(v.numpy().min()) for v in tf.global_variables()] == [1, 1, 0, 1, 1, 1]


# ---- classes ----


def test_classes_are_numbered_from_one_and_their_scopes_from_none():
    layers = [layer(), layer(), layer(name="a"), layer(name="a")]
    assert [made.name for made in layers] == ["separable_conv1d_1", "separable_conv1d_2", "a", "a"]
    assert [made.scope_name for made in layers] == ["separable_conv1d", "separable_conv1d_1", "a", "a_1"]


def test_scope_is_decided_by_the_first_call():
    made = tf.layers.SeparableConv1D(5, 3, name="a")
    with pytest.raises(ValueError, match=r'the layer "a" has not been used yet'):
        _ = made.scope_name
    with tf.variable_scope("s"):
        made(X)
    with tf.variable_scope("t"):
        made(X)
    assert (made.scope_name, scopes()) == ("s/a", ["s/a"])


def test_scope_argument_of_the_first_call():
    made = tf.layers.SeparableConv1D(5, 3)
    made(X, scope="here")
    made(X, scope="there")
    assert scopes() == ["here"]


def test_reuse_of_a_class():
    first = layer(name="a")
    second = layer(name="a", _reuse=True)
    assert second.weights == first.weights
    assert second.scope_name == "a"


def test_names_that_tf_refuses():
    with pytest.raises(ValueError, match=r"'a b' is not a valid root scope name"):
        layer(name="a b")
    assert tf.global_variables() == []


# ---- graphs ----


def test_layer_stays_in_its_graph(graph):
    made = layer(activity_regularizer=tf.reduce_sum)
    with tf.Graph().as_default():
        made(X)
        made(X)
        assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == tf.global_variables() == []
    assert len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == 3


def test_names_of_graphs_are_apart():
    layer()
    with tf.Graph().as_default():
        assert layer().name == "separable_conv1d_1"
        assert scopes() == ["separable_conv1d"]


# ---- what runs inside of a call ----


def test_activation_may_have_variables_of_its_own():
    def prelu(x):
        slope = tf.get_variable("slope", x.shape[-1:], initializer=tf.constant_initializer(0.25))
        return np.where(x > 0, x, slope * x)

    made = layer(activation=prelu, name="a")
    linear = tf.layers.SeparableConv1D(5, 3, name="a", _reuse=True)
    for _ in range(3):
        np.testing.assert_allclose(made(X), np.where(linear(X) > 0, linear(X), 0.25 * linear(X)), rtol=1e-6)
    assert [v.name for v in tf.global_variables()][3:] == ["a/slope:0"]
    assert len(made.weights) == 3


def test_activation_sees_the_layers_scopes(graph):
    seen = []

    def look(x):
        scope = tf.get_variable_scope()
        seen.append((scope.name, scope.reuse, graph.get_name_scope(), tf.get_default_graph() is graph))
        return x

    made = tf.layers.SeparableConv1D(5, 3, activation=look, name="a")
    for _ in range(2):
        with tf.variable_scope("s"), tf.Graph().as_default() if made.built else nullcontext():
            made(X)
    assert seen == [("s/a", False, "s/a", True), ("s/a", True, "s/a", True)]


# ---- calls that leave out the scopes ----


def calls_of(made, times):
    for _ in range(times):
        made(X)


@pytest.mark.parametrize("calls", [0, 1, 2, 5])
def test_calls_count_as_openings_of_the_scope(calls):
    """As in TF, a call outside of the layer's outer scope makes the next layer inside of it count on."""
    with tf.variable_scope("s"):
        made = layer(name="a")
    calls_of(made, calls)
    with tf.variable_scope("s", reuse=tf.AUTO_REUSE):
        assert layer(name="a").scope_name == ("s/a_1" if calls else "s/a")


def test_calls_count_alike_with_and_without_scopes(graph):
    for activation in (None, abs):
        with tf.variable_scope("s"):
            made = layer(activation=activation, name="a", _reuse=tf.AUTO_REUSE)
        calls_of(made, 4)
    assert listed(graph.thread.scope_names) == {"s": 0, "s/a": 0}


def test_any_setting_forgets_the_short_way():
    made = layer()
    made(X)
    assert vars(made)["_fast_path"] is not None
    made.padding = "same"
    assert vars(made)["_fast_path"] is None
    assert made(X).shape == (2, 9, 5)
    assert made(X).shape == (2, 9, 5)


def test_short_way_is_not_taken_where_it_could_be_noticed():
    class Doubled(tf.layers.SeparableConv1D):
        def call(self, inputs):
            return 2 * super().call(inputs)

    doubled = Doubled(5, 3)
    calls_of(doubled, 3)
    assert vars(doubled)["_fast_path"] is None
    np.testing.assert_array_equal(doubled(X), doubled(X))


@pytest.mark.parametrize(
    "new_layer",
    [partial(tf.layers.SeparableConv1D, 5, 3), partial(tf.layers.Conv1D, 5, 3), partial(tf.layers.Dense, 5)],
)
def test_functions_of_the_callers_own_always_run_in_the_scope(graph, new_layer):
    seen = []

    def look(outputs):
        scope = tf.get_variable_scope()
        seen.append(
            (scope.name, scope.reuse, graph.get_name_scope(), graph.thread.in_call, np.asarray(outputs).tolist())
        )
        return outputs

    made = new_layer(activation=look, activity_regularizer=lambda y: look(y).sum(), name="a")
    with tf.variable_scope("elsewhere"):
        for _ in range(5):
            made(X)
    assert vars(made)["_fast_path"] is not None
    assert seen[0][:3] == ("elsewhere/a", False, "elsewhere/a")
    assert [each[:4] for each in seen[2:4]] == [
        ("elsewhere/a", True, "elsewhere/a", in_call) for in_call in (True, False)
    ]
    assert seen[2:4] * 4 == seen[2:]
    assert len(made.losses) == 5

    def fail(outputs):
        raise KeyError

    made.activation = fail
    for _ in range(3):
        with pytest.raises(KeyError):
            made(X)
    assert (tf.get_variable_scope().name, graph.get_name_scope(), graph.thread.in_call) == ("", "", False)
    assert len(made.losses) == 5


# ---- custom getters ----


def test_getter_is_asked_for_each_variable():
    asked = []

    def getter(getter, name, *args, **keywords):
        asked.append((name, keywords["trainable"], keywords["shape"]))
        return getter(name, *args, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        made = layer(name="a")
    made(X)
    assert asked == [(v.op.name, True, tuple(v.shape)) for v in made.weights]


def test_getter_that_freezes():
    def freezing(getter, *args, **keywords):
        return getter(*args, **{**keywords, "trainable": False})

    with tf.variable_scope("s", custom_getter=freezing):
        made = layer()
    assert (len(made.trainable_weights), len(made.non_trainable_weights)) == (0, 3)


def test_weights_that_a_getter_computes_follow_their_variables():
    def doubled(getter, *args, **keywords):
        return getter(*args, **keywords) * 2

    with tf.variable_scope("s", custom_getter=doubled):
        made = layer(use_bias=False, name="a", depthwise_regularizer=tf.reduce_sum)
    plain = tf.layers.SeparableConv1D(5, 3, use_bias=False, name="s/a", _reuse=True)
    depthwise, _ = tf.global_variables()
    for factor in (1, 3):
        depthwise.assign(depthwise * factor)
        np.testing.assert_allclose(made(X), 4 * plain(X), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(made.depthwise_kernel, 2 * depthwise)
        np.testing.assert_allclose(made.losses, [2 * depthwise.numpy().sum()], rtol=1e-5)
