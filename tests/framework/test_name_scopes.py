"""Name scopes: nesting, unique names, absolute names, refusals."""

import pytest

import nb_sepconv as tf


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
