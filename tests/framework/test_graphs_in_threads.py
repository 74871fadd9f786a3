"""Models, layers and templates that are called by several threads, and what calls leave behind."""

import gc
import itertools
import threading
import tracemalloc

import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv.framework import graph as graphs

X = np.random.default_rng(1).standard_normal((2, 9, 3)).astype(np.float32)
THREADS = 8


def in_threads(function, count=1):
    """What the function returned, or raised, in each of some threads that begin at once."""
    barrier, results = threading.Barrier(count), []

    def work():
        barrier.wait()
        try:
            results.append(function())
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=work) for _ in range(count)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return results


def model(x):
    with tf.variable_scope("threads", reuse=tf.AUTO_REUSE):
        return tf.layers.separable_conv1d(x, 4, 3, name="s")


def test_a_model_in_another_thread_is_refused_until_it_is_told_its_graph(graph):
    """It computed with new random weights and said nothing."""
    y = model(X)
    with pytest.raises(ValueError, match=r"`with graph.as_default\(\):`.*Received: `reuse`=ReuseMode.AUTO_REUSE"):
        raise in_threads(lambda: model(X))[0]

    def told():
        with graph.as_default():
            return model(X)

    np.testing.assert_array_equal(in_threads(told)[0], y)

    def of_its_own():
        with tf.Graph().as_default():
            return model(X)

    assert in_threads(of_its_own)[0].shape == y.shape


def in_a_scope_of_auto_reuse(x):
    with tf.variable_scope("auto", reuse=tf.AUTO_REUSE):
        return tf.layers.separable_conv1d(x, 4, 3)


def by_argument(x):
    return tf.layers.separable_conv1d(x, 4, 3, name="by_argument", reuse=tf.AUTO_REUSE)


def dense(x):
    return tf.layers.dense(x, 4, name="dense", reuse=tf.AUTO_REUSE)


def by_hand(x):
    with tf.variable_scope("by_hand", reuse=tf.AUTO_REUSE):
        return x * tf.get_variable("gain", [3])


@pytest.mark.parametrize("function", [in_a_scope_of_auto_reuse, by_argument, dense, by_hand])
def test_every_way_to_share_is_refused_in_a_thread_that_was_told_no_graph(graph, function):
    y = function(X)
    with pytest.raises(ValueError, match=r"Another graph has the variable.*`with graph.as_default\(\):`"):
        raise in_threads(lambda: function(X))[0]
    np.testing.assert_array_equal(function(X), y)


def test_tasks_of_dasks_threads_are_refused_too():
    dask = pytest.importorskip("dask")
    model(X)
    with pytest.raises(ValueError, match=r"`with graph.as_default\(\):`"):
        dask.delayed(model)(X).compute(scheduler="threads", num_workers=2)
    layer, template = tf.layers.SeparableConv1D(4, 3), tf.make_template("of_tasks", by_hand)
    for function in (layer, template):
        y = function(X)
        np.testing.assert_array_equal(dask.delayed(function)(X).compute(scheduler="threads", num_workers=2), y)


def test_reuse_in_another_thread_names_the_graph_too():
    model(X)
    error = in_threads(lambda: tf.layers.separable_conv1d(X, 4, 3, name="threads/s", reuse=True))[0]
    assert "does not exist" in str(error)
    assert "with graph.as_default():" in str(error)


def test_a_model_that_is_made_in_a_thread_alone_is_fine():
    def alone():
        with tf.variable_scope("alone_in_a_thread", reuse=tf.AUTO_REUSE):
            return [tf.get_variable("v", [2]) is tf.get_variable("v", [2]) for _ in range(2)]

    assert in_threads(alone) == [[True, True]]


@pytest.mark.parametrize("make", [tf.layers.SeparableConv1D, tf.keras.layers.SeparableConv1D])
def test_first_calls_of_eight_threads_are_one_build(make):
    """The layer was broken for good, or had its weights twice."""
    tf.layers.SeparableConv1D(4, 3)(X)
    for _ in range(5):
        layer = make(4, 3)
        outputs = in_threads(lambda layer=layer: layer(X), THREADS)
        for y in outputs:
            np.testing.assert_array_equal(y, layer(X))
        assert len(layer.weights) == 3
        assert len(outputs) == THREADS


def test_layers_and_templates_run_in_the_graph_they_were_made_in(graph):
    tf.layers.SeparableConv1D(4, 3)(X)
    layer = tf.layers.SeparableConv1D(4, 3)
    template = tf.make_template("t", lambda: tf.get_variable("v", [2]))
    assert [variable is template() for variable in in_threads(template, THREADS)] == [True] * THREADS
    in_threads(lambda: layer(X))
    assert layer.weights == graph.get_collection("variables")[-3:]
    assert layer.scope_name == "separable_conv1d_1"


def test_eight_threads_share_a_model_from_the_start(graph):
    def told():
        with graph.as_default():
            return model(X)

    for y in in_threads(told, THREADS):
        np.testing.assert_array_equal(y, model(X))
    assert len(tf.global_variables()) == 3


def test_a_template_does_not_mind_what_other_threads_create(graph):
    inside, created = threading.Event(), threading.Event()

    def wait():
        inside.set()
        return tf.get_variable("v", [2], initializer=tf.ones_initializer()), created.wait(10)

    template = tf.make_template("t", wait)
    created.set()
    template()
    inside.clear()
    created.clear()

    def create():
        inside.wait(10)
        with graph.as_default():
            tf.get_variable("other", [1])
        created.set()

    thread = threading.Thread(target=create)
    thread.start()
    template()
    thread.join()


def functional():
    model(X)


def bytes_per_call(function, calls=100):
    """The least growth of four turns: what a call leaves behind is in each of them, a cache that fills up is not."""
    for _ in range(10):
        function()
    gc.freeze()  # the collector looks at what calls make alone
    tracemalloc.start()  # after what compiles
    for _ in range(1100):  # as many as fill a graph with the losses of calls, which it keeps without a step
        function()
    traced = []
    for _ in range(5):
        for _ in range(calls):
            function()
        gc.collect()
        traced.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return min(after - before for before, after in itertools.pairwise(traced)) / calls


def idioms():
    template = tf.make_template("idiom", lambda x: tf.layers.separable_conv1d(x, 4, 3, name="s"))
    layer = tf.layers.SeparableConv1D(4, 3, activity_regularizer=tf.reduce_sum)
    optimizer = tf.train.GradientDescentOptimizer(0.1)

    def in_a_scope():
        with tf.variable_scope(None, default_name="outer"), tf.name_scope("inner"), tf.name_scope("inner"):
            layer(X)

    def step():
        layer(X)
        optimizer.apply_gradients([(np.zeros(v.shape, np.float32), v) for v in layer.trainable_variables])

    def fresh():
        tf.layers.separable_conv1d(
            X, 4, 3, name="fresh", reuse=tf.AUTO_REUSE, depthwise_initializer=lambda shape, dtype: np.ones(shape, dtype)
        )

    def class_in_a_graph():
        with tf.Graph().as_default():
            tf.layers.SeparableConv1D(4, 3)(X)

    def looking_around(outputs):
        with tf.name_scope("inside"):
            return outputs

    def watched():
        tf.layers.separable_conv1d(X, 4, 3, name="watched", reuse=tf.AUTO_REUSE, activation=looking_around)

    def reused():
        with tf.variable_scope("reused", reuse=tf.AUTO_REUSE), tf.variable_scope("inner"):
            tf.layers.separable_conv1d(X, 4, 3)

    def pulled_back():
        outputs, pullback = trained.value_and_pullback(X)
        pullback(outputs)

    trained = tf.layers.SeparableConv1D(4, 3, depthwise_regularizer="l2")
    calls = [functional, lambda: template(X), in_a_scope, step, fresh, class_in_a_graph]
    return [*calls, watched, reused, pulled_back]


@pytest.mark.parametrize(("which", "least"), [(0, 1), (1, 1), (2, 8), (3, 8), (4, 1), (5, 8), (6, 1), (7, 1), (8, 1)])
def test_calls_leave_nothing_behind(which, least):
    """Each call of a template kept the names of its scopes, and each call of a layer its activity's loss."""
    assert bytes_per_call(idioms()[which]) < least


def test_numbered_scopes_forget_their_names_in_time(graph):
    scopes = []
    for _ in range(graphs.CLOSED_SCOPES + 3):
        with tf.name_scope("s") as scope, tf.name_scope("inner"):
            scopes.append(scope)
    assert scopes[-1] == f"s_{len(scopes) - 1}/"
    with tf.name_scope(scopes[-1]), tf.name_scope("inner") as remembered:
        assert remembered == f"{scopes[-1]}inner_1/"
    with tf.name_scope(scopes[1]), tf.name_scope("inner") as forgotten:
        assert forgotten == f"{scopes[1]}inner/"
