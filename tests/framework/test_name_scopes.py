"""Name scopes: nesting, unique names, absolute names, refusals."""

from threading import Thread

import numpy as np
import pytest
from random_programs import Program

import nb_sepconv as tf

X = np.ones((2, 9, 3), np.float32)


def opened(*arguments, **keywords):
    with tf.name_scope(*arguments, **keywords) as scope:
        return scope


def test_nested_scopes_join_their_names(graph):
    with tf.name_scope("a"), tf.name_scope("b") as inner:
        assert inner == "a/b/"
        assert graph.get_name_scope() == "a/b"
    assert graph.get_name_scope() == ""


def test_repeated_names_are_numbered_apart_in_each_scope():
    assert [opened("a"), opened("a"), opened("A")] == ["a/", "a_1/", "A_2/"]
    with tf.name_scope("b"):
        assert [opened("a"), opened("a")] == ["b/a/", "b/a_1/"]


def test_slash_at_the_end_means_exactly_this_scope():
    with tf.name_scope("a") as scope, tf.name_scope("b"), tf.name_scope(scope) as again:
        assert again == scope == "a/"
        assert opened("c") == "a/c/"


@pytest.mark.parametrize("root", [None, ""])
def test_no_name_means_the_root(root):
    with tf.name_scope("a"), tf.name_scope(root) as scope:
        assert scope == ""
        assert opened("b") == "b/"


def test_default_name_counts_when_there_is_no_name():
    assert opened(None, "d") == "d/"
    assert opened("n", "d") == "n/"
    assert tf.name_scope(None, "d").name == "d"


def test_one_object_may_be_entered_again():
    scope = tf.name_scope("a")
    with scope as first:
        pass
    with scope as second, scope as third:
        assert [first, second, third] == ["a/", "a_1/", "a_1/a/"]


def test_scope_closes_after_an_error(graph):
    with pytest.raises(KeyError), tf.name_scope("a"):
        raise KeyError
    assert graph.get_name_scope() == ""


def test_scopes_of_graphs_are_apart():
    with tf.name_scope("a"), tf.Graph().as_default():
        assert opened("a") == "a/"


def test_values_choose_the_graph(graph):
    variable = tf.Variable(1.0)
    with tf.Graph().as_default(), tf.name_scope("a", values=[variable]):
        assert tf.get_default_graph() is graph


def test_graph_opens_scopes_without_becoming_current():
    other = tf.Graph()
    with other.name_scope("a") as scope:
        assert scope == "a/"
        assert opened("b") == "b/"
        assert other.unique_name("c") == "a/c"


@pytest.mark.parametrize("name", ["my scope", "_a", "-a", "/a", "a:0", "é"])
def test_root_names_that_tf_refuses(name):
    with pytest.raises(ValueError, match=r"is not a valid root scope name"):
        opened(name)


def test_nested_names_that_tf_accepts_and_refuses():
    with tf.name_scope("a"):
        assert [opened(name) for name in ("_b", "-b", "b.c>d")] == ["a/_b/", "a/-b/", "a/b.c>d/"]
        with pytest.raises(ValueError, match=r"'b c' is not a valid scope name"):
            opened("b c")


def test_wrong_types_are_named():
    with pytest.raises(TypeError, match=r"`default_name` must be a string .*Received: \[1\]"):
        tf.name_scope("a", [1])
    with pytest.raises(TypeError, match=r"`name` must be a string. Received: 3 of type int"):
        opened(3)


def test_values_without_a_name_are_refused():
    with pytest.raises(ValueError, match=r"At least one of `name` and `default_name`"):
        opened(None, values=[])


class Asking(Program):
    """Random programs that remember the name scope of each variable scope: as a name, or to be asked in the end."""

    def __init__(self, tf, seed, at_once):
        super().__init__(tf, seed)
        self.at_once, self.asked = at_once, []

    def facts(self, scope):
        self.asked.append(scope.original_name_scope if self.at_once else scope)
        return scope.name

    def names(self):
        log = self.run()
        return log, self.asked if self.at_once else [scope.original_name_scope for scope in self.asked]


@pytest.mark.parametrize("part", range(4))
def test_names_are_the_same_whenever_they_are_asked_for(part):
    for seed in range(part * 25, part * 25 + 25):
        found = []
        for at_once in (True, False):
            with tf.Graph().as_default():
                found.append(Asking(tf, seed, at_once).names())
        assert found[0] == found[1], seed


def test_a_name_that_is_asked_for_late_tells_all_that_came_before():
    for _ in range(2):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as outer:
            for _ in range(2):
                with tf.variable_scope("b") as inner:
                    pass
            assert tf.get_default_graph().unique_name("b") == f"{outer.original_name_scope}b_2"
    assert (outer.original_name_scope, inner.original_name_scope) == ("a_1/", "a_1/b_1/")


def test_a_scope_that_stays_open_keeps_few_names():
    graph = tf.get_default_graph()
    for _ in range(2):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            for _ in range(200):
                tf.layers.separable_conv1d(X, 4, 3, name="s")
            listed = graph.thread.names.listed
    assert len(listed or ()) <= 64
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as scope:
        assert scope.original_name_scope == "a_2/"


def test_a_scope_of_another_thread_may_be_asked_for_its_name():
    with tf.variable_scope("a"):
        pass
    scopes = []

    def opened_there():
        with graph.as_default(), tf.variable_scope("a") as scope, tf.variable_scope("b"):
            scopes.append(scope)

    graph = tf.get_default_graph()
    thread = Thread(target=opened_there)
    thread.start()
    thread.join()
    assert scopes[0].original_name_scope == "a_1/"
