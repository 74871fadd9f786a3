"""Functional calls that find their layer again do what calls with a new layer do, and leave nothing behind."""

import numpy as np
import pytest
from listed_names import listed
from random_programs import Program

import nb_sepconv as tf
from nb_sepconv.framework import graph as graphs
from nb_sepconv.framework.variables import Variable
from nb_sepconv.layers import functional

X = np.random.default_rng(3).standard_normal((2, 9, 3)).astype(np.float32)


class Calls(Program):
    """Random programs of functional calls, by few names, so that most of them find variables."""

    def step(self):
        return self.pick(self.function, self.function, self.function, self.layer, self.name_scope, self.get_variable)()

    def mostly(self, usual, *others):
        return usual if self.chance(0.8) else self.pick(*others)

    def function(self):
        keywords = {
            "activation": self.mostly(None, "relu", tf.nn.tanh, self.user_activation, self.user_activation, "no such"),
            "activity_regularizer": self.mostly(None, tf.reduce_sum, self.user_penalty, "l2"),
            "depthwise_regularizer": self.mostly(None, "l1", "no such", lambda weight: tf.reduce_sum(weight)),
            "pointwise_initializer": self.mostly(
                None, "ones", tf.zeros_initializer, lambda shape, dtype: np.ones(shape)
            ),
            "bias_constraint": self.mostly(None, "max_norm", abs),
            "strides": self.mostly(1, 2, [1], (2,), True),
            "kernel_size": self.mostly(2, [2], 2.0),
            "use_bias": self.mostly(True, False, 1),
            "padding": self.mostly("valid", "same", "SAME"),
            "name": self.pick(None, "a", "a", self.pick("a/b", "a/", "_a", tf.get_variable_scope())),
            "reuse": self.mostly(self.tf.AUTO_REUSE, None, True, False),
        }
        inputs = self.mostly(X, X[:, ::2], X[..., :2], X.astype(np.float64), tf.constant(X), X[0])
        if self.chance(0.03):
            tf.get_variable_scope().set_custom_getter(lambda getter, *args, **kwargs: getter(*args, **kwargs))
        if self.chance(0.05):
            tf.get_default_graph().clear_collection(self.pick("variables", "trainable_variables", "losses"))
        for _ in range(3):
            outputs = tf.layers.separable_conv1d(inputs, 2, **keywords)
            self.log.append([type(outputs).__name__, outputs.dtype.name, np.asarray(outputs).tolist()])

    def user_activation(self, outputs):
        """An activation that looks at its scope, creates a variable, and sometimes fails."""
        self.log.append([*self.facts(tf.get_variable_scope()), tf.get_default_graph().get_name_scope()])
        with tf.name_scope("inside") as scope:
            self.log.append(scope)
        if self.chance(0.3):
            self.log.append(Variable(1.0, name="made").name)
        if self.chance(0.2):
            raise ValueError("an activation that fails")
        return outputs * 2

    def user_penalty(self, outputs):
        self.log.append(self.facts(tf.get_variable_scope()))
        return np.float32(outputs.sum())


class CallsAround(Calls):
    """The same of the layers around it: those with a kernel, batch normalization, and those without variables."""

    def function(self):
        pick, mostly = self.pick, self.mostly
        inputs = mostly(X, X[:, ::2], X[..., :2], X.astype(np.float64), tf.constant(X), X[0], X.astype(np.int32))
        named = {"name": pick(None, "a", "a", pick("a/b", "a/", "_a", tf.get_variable_scope()))}
        shared = {**named, "reuse": mostly(tf.AUTO_REUSE, None, True, False)}
        product = {
            **shared,
            "activation": mostly(None, "relu", tf.nn.tanh, self.user_activation, "no such"),
            "activity_regularizer": mostly(None, tf.reduce_sum, self.user_penalty),
            "kernel_regularizer": mostly(None, "l1", "no such", lambda weight: tf.reduce_sum(weight)),
            "bias_initializer": mostly("zeros", "ones", None, tf.zeros_initializer()),
            "use_bias": mostly(True, False, 1),
        }
        data_format = {"data_format": mostly("channels_last", "channels_first", "channels", None)}
        pooled = {"padding": mostly("valid", "same", "SAME", "no such"), **data_format, **named}
        layers = tf.layers
        call = pick(
            lambda: layers.dense(inputs, mostly(2, 3, 2.0), **product),
            lambda: layers.conv1d(inputs, 2, mostly(2, [2], 9), mostly(1, 2), **data_format, **product),
            lambda: layers.batch_normalization(
                inputs,
                mostly(-1, 1, [2]),
                epsilon=mostly(1e-3, 0.1),
                scale=mostly(True, False),
                gamma_initializer=mostly(tf.ones_initializer(), "ones", "no such"),
                beta_regularizer=mostly(None, "l2"),
                training=mostly(False, True, 0),
                renorm=mostly(False, True),
                **shared,
            ),
            lambda: layers.dropout(inputs, mostly(0.5, 0, 1.5), seed=3, training=mostly(False, True), **named),
            lambda: layers.flatten(inputs, **named, **data_format),
            lambda: layers.max_pooling1d(inputs, mostly(2, 1, (3,), 20, 0), mostly(1, 2), **pooled),
            lambda: layers.average_pooling1d(inputs, mostly(2, 1, (3,), 20, 0), mostly(1, 2), **pooled),
        )
        if self.chance(0.03):
            tf.get_variable_scope().set_custom_getter(lambda getter, *args, **kwargs: getter(*args, **kwargs))
        try:
            for _ in range(3):
                outputs = call()
                self.log.append([type(outputs).__name__, outputs.dtype.name, np.asarray(outputs).tolist()])
        finally:
            self.log.append(tf.get_default_graph().get_name_scope())  # which makes it, where nobody had asked for it


def ramp(shape, dtype=None, partition_info=None):
    return np.linspace(-1, 2, int(np.prod(shape))).reshape(shape).astype(dtype)


def everything(calls, seed):
    """What a program logged, and all that its graph has kept."""
    tf.get_variable_scope().set_initializer(ramp)
    log, graph = calls(tf, seed).run(), tf.get_default_graph()
    collected = {
        str(key): [
            (item.name, np.asarray(getattr(item, "_value", item)).tolist()) for item in graph.get_collection(key)
        ]
        for key in graph.collections
    }
    return [*log, collected, graph._names, listed(graph.thread.scope_names), graph.layer_name_counts]


@pytest.fixture
def counted(monkeypatch):
    runs, again = [], functional.again

    def counting(*arguments):
        outputs = again(*arguments)
        if outputs is not None:
            runs.append(arguments)
        return outputs

    monkeypatch.setattr(functional, "again", counting)
    return runs


@pytest.mark.parametrize("calls", [Calls, CallsAround])
@pytest.mark.parametrize("part", [*range(4), *(pytest.param(part, marks=pytest.mark.slow) for part in range(4, 8))])
def test_random_programs_are_the_same_without_the_memory(part, calls, counted, monkeypatch):
    monkeypatch.setattr(graphs, "CLOSED_SCOPES", 1 << 20)  # a layer that is made closes more of them
    for seed in range(part * 50, part * 50 + 50):
        with monkeypatch.context() as context, tf.Graph().as_default():
            context.setattr(functional, "find", lambda *args: None)
            context.setattr(functional, "passed", lambda *args, **keywords: None)
            expected = everything(calls, seed)
        with tf.Graph().as_default():
            assert everything(calls, seed) == expected, seed
    assert len(counted) > 20


def test_a_call_with_new_lambdas_finds_its_layer(graph, counted):
    for _ in range(5):
        tf.layers.separable_conv1d(
            X,
            4,
            [3],
            name="s",
            reuse=tf.AUTO_REUSE,
            depthwise_initializer=lambda shape, dtype: np.ones(shape, dtype),
            activation=lambda outputs: outputs + 1,
        )
    assert len(counted) == 3  # the first creates, the second remembers


def test_assigned_values_are_seen(graph, counted):
    tf.layers.separable_conv1d(X, 4, 3, name="s")
    for value in (1.0, 2.0, 3.0):
        tf.global_variables()[-1].assign(np.full(4, value, np.float32))
        y = tf.layers.separable_conv1d(np.zeros_like(X), 4, 3, name="s", reuse=True)
        np.testing.assert_array_equal(y, np.full_like(y, value))
    assert len(counted) == 2


def test_settings_of_other_types_are_checked_again(graph):
    for _ in range(3):
        tf.layers.separable_conv1d(X, 4, 1, name="s", reuse=tf.AUTO_REUSE)
    with pytest.raises((TypeError, ValueError), match="kernel_size"):
        tf.layers.separable_conv1d(X, 4, 1.0, name="s", reuse=tf.AUTO_REUSE)


def test_what_is_remembered_is_bounded(graph, monkeypatch):
    monkeypatch.setattr(functional, "MOST_CALLS", 4)
    for number in range(20):
        for _ in range(2):
            tf.layers.separable_conv1d(X, 4, 3, name=f"s{number}", reuse=tf.AUTO_REUSE)
        assert len(graph.remembered_calls) <= 4


def test_remembered_calls_hold_no_activation(graph):
    import gc
    import weakref

    class Double:
        def __call__(self, outputs):
            return outputs * 2

    activation = Double()
    for _ in range(3):
        tf.layers.separable_conv1d(X, 4, 3, name="s", reuse=tf.AUTO_REUSE, activation=activation)
    gone = weakref.ref(activation)
    del activation
    gc.collect()
    assert gone() is None


def test_another_graph_has_its_own():
    for seed in (1, 2):
        with tf.Graph().as_default() as graph:
            tf.set_random_seed(seed)
            first = tf.layers.separable_conv1d(X, 4, 3, name="s")
            for _ in range(2):
                np.testing.assert_array_equal(tf.layers.separable_conv1d(X, 4, 3, name="s", reuse=True), first)
            assert graphs.get_default_graph() is graph
