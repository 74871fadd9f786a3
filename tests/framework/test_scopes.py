"""Variable scopes: names, sharing, default names, inheritance, refusals."""

import threading

import numpy as np
import pytest

import nb_sepconv as tf


def name_in(*scopes, variable="v"):
    """The name of a variable created inside of the scopes given by name or object."""
    if not scopes:
        return tf.get_variable(variable, [1]).name
    with tf.variable_scope(scopes[0]):
        return name_in(*scopes[1:], variable=variable)


def default_name(prefix="d"):
    with tf.variable_scope(None, default_name=prefix) as scope:
        return scope.name


# ---- names ----


def test_scopes_prefix_names_and_name_scopes_do_not():
    assert name_in("a", "b") == "a/b/v:0"
    with tf.name_scope("n"):
        assert name_in("c") == "c/v:0"


def test_variable_scope_opens_a_name_scope_for_operations():
    with tf.variable_scope("a"):
        assert tf.Variable(1.0, name="x").name == "a/x:0"
    with tf.variable_scope("a") as again:
        assert again.original_name_scope == "a_1/"
        assert tf.Variable(1.0, name="x").name == "a_1/x:0"
        assert tf.get_variable("v", [1]).name == "a/v:0"


def test_name_with_slashes_is_one_scope():
    assert name_in("a/b") == "a/b/v:0"
    assert name_in("", "c") == "c/v:0"


def test_variable_whose_name_a_scope_took_is_numbered():
    with tf.variable_scope("a"):
        pass
    assert tf.get_variable("a", [1]).name == "a_1:0"
    with tf.variable_scope("", reuse=True):
        assert tf.get_variable("a", [1]).name == "a_1:0"


def test_object_is_jumped_to_from_anywhere():
    with tf.variable_scope("a"), tf.variable_scope("b") as scope:
        pass
    with tf.variable_scope("c"), tf.variable_scope(scope) as entered:
        assert entered.name == "a/b"
        assert entered is not scope
        assert tf.get_variable("v", [1]).name == "a/b/v:0"
        assert name_in("d") == "a/b/d/v:0"
    assert tf.get_variable_scope().name == ""


def test_object_keeps_its_original_name_scope():
    with tf.variable_scope("a") as scope:
        pass
    with tf.variable_scope("c"), tf.variable_scope(scope) as entered:
        assert entered.original_name_scope == "a/"
        assert tf.Variable(1.0, name="x").name == "c/a/x:0"


def test_without_auxiliary_name_scope_the_name_scope_stays(graph):
    with tf.variable_scope("a") as scope:
        pass
    with tf.name_scope("n"), tf.variable_scope(scope, auxiliary_name_scope=False) as entered:
        assert graph.get_name_scope() == "n"
        with tf.name_scope(entered.original_name_scope):
            assert tf.Variable(1.0, name="x").name == "a/x:0"
    with tf.variable_scope("b", auxiliary_name_scope=False) as root:
        assert root.original_name_scope == ""
        assert tf.Variable(1.0, name="y").name == "y:0"


def test_root_scope_can_be_entered(graph):
    root = tf.get_variable_scope()
    with tf.variable_scope("a"), tf.variable_scope(root) as entered:
        assert (entered.name, entered.original_name_scope) == ("", "")
        assert graph.get_name_scope() == "a"
        assert tf.get_variable("v", [1]).name == "v:0"


# ---- sharing ----


def test_second_variable_of_a_name_is_refused():
    tf.get_variable("v", [1])
    with pytest.raises(ValueError, match=r"Variable v already exists, disallowed. Did you mean to set reuse=True"):
        tf.get_variable("v", [1])


def test_reuse_shares_and_creates_nothing():
    with tf.variable_scope("a"):
        v = tf.get_variable("v", [1])
    with tf.variable_scope("a", reuse=True):
        assert tf.get_variable("v", [1]) is v
        with pytest.raises(ValueError, match=r"Variable a/w does not exist, or was not created with get_variable"):
            tf.get_variable("w", [1])


def test_auto_reuse_shares_or_creates():
    made = []
    for _ in range(2):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            made.append(tf.get_variable("v", [1]))
    assert made[0] is made[1]
    assert tf.global_variables() == [made[0]]


def test_reuse_is_inherited_and_cannot_be_undone():
    with tf.variable_scope("a", reuse=True):
        for reuse in (None, False):
            with tf.variable_scope("b", reuse=reuse) as scope:
                assert scope.reuse is True
        with tf.variable_scope("c", reuse=tf.AUTO_REUSE) as scope:
            assert scope.reuse is tf.AUTO_REUSE
    with tf.variable_scope("a") as scope:
        assert scope.reuse is False


def test_object_brings_its_own_reuse():
    with tf.variable_scope("a") as plain, tf.variable_scope("b", reuse=True) as reusing:
        pass
    with tf.variable_scope("c", reuse=True), tf.variable_scope(plain) as entered:
        assert entered.reuse is False
    with tf.variable_scope(reusing) as entered:
        assert entered.reuse is True
    with tf.variable_scope(plain, reuse=True) as entered:
        assert entered.reuse is True
    assert plain.reuse is False


def test_reuse_variables_from_here_on():
    with tf.variable_scope("a") as scope:
        v = tf.get_variable("v", [1])
        scope.reuse_variables()
        assert tf.get_variable("v", [1]) is v
    with tf.variable_scope("a") as again:
        assert again.reuse is False


def test_reuse_of_the_root_reaches_all_scopes():
    v = tf.get_variable("v", [1])
    tf.get_variable_scope().reuse_variables()
    assert tf.get_variable("v", [1]) is v
    with tf.variable_scope("a") as scope:
        assert scope.reuse is True


# ---- default names ----


def test_default_names_are_numbered_in_each_scope():
    assert [default_name() for _ in range(3)] == ["d", "d_1", "d_2"]
    with tf.variable_scope("a"):
        assert [default_name(), default_name()] == ["a/d", "a/d_1"]


def test_default_names_start_again_when_a_scope_is_entered_again():
    for _ in range(2):
        with tf.variable_scope("a"):
            assert [default_name(), default_name()] == ["a/d", "a/d_1"]


def test_default_names_count_scopes_that_were_named():
    with tf.variable_scope("d"):
        pass
    with tf.variable_scope("d_1"):
        pass
    assert default_name() == "d_2"


def test_default_names_of_names_that_begin_alike():
    with tf.variable_scope("ab"):
        assert default_name() == "ab/d"
    with tf.variable_scope("a"):
        assert default_name() == "a/d"
    with tf.variable_scope("ab"):
        assert default_name() == "ab/d"


def test_interleaved_default_names():
    assert [default_name(prefix) for prefix in ("d", "e", "d", "e", "d_1", "d")] == [
        "d",
        "e",
        "d_1",
        "e_1",
        "d_1_1",
        "d_2",
    ]


def test_a_jump_restores_the_counts():
    with tf.variable_scope("a") as scope:
        assert default_name() == "a/d"
    with tf.variable_scope("b"):
        assert default_name() == "b/d"
        with tf.variable_scope(scope):
            assert [default_name(), default_name()] == ["a/d", "a/d_1"]
        assert default_name() == "b/d_1"
    with tf.variable_scope(scope):
        assert default_name() == "a/d"


def test_a_jump_inside_the_scope_itself_counts_on():
    with tf.variable_scope("a") as scope:
        assert default_name() == "a/d"
        with tf.variable_scope(scope):
            assert default_name() == "a/d_1"
        assert default_name() == "a/d_1"


def test_entering_one_object_again_keeps_its_default_name():
    scope = tf.variable_scope(None, default_name="d")
    names = []
    for _ in range(2):
        with scope as entered:
            names.append(entered.name)
    assert names == ["d", "d"]


def test_name_given_wins_over_the_default():
    with tf.variable_scope("n", default_name="d") as scope:
        assert scope.name == "n"


# ---- inheritance ----


def test_defaults_are_inherited_overridden_and_restored():
    ones, zeros = tf.ones_initializer(), tf.zeros_initializer()
    with tf.variable_scope("a", initializer=ones, regularizer=tf.reduce_sum, dtype=tf.float64, caching_device="cpu"):
        with tf.variable_scope("b") as scope:
            assert (scope.initializer, scope.regularizer, scope.dtype) == (ones, tf.reduce_sum, tf.float64)
            assert scope.caching_device == "cpu"
        with tf.variable_scope("c", initializer=zeros, dtype=tf.float16) as scope:
            assert (scope.initializer, scope.dtype) == (zeros, tf.float16)
        assert tf.get_variable_scope().initializer is ones
    assert tf.get_variable_scope().initializer is None


def test_object_brings_its_own_defaults():
    ones = tf.ones_initializer()
    with tf.variable_scope("a", initializer=ones, dtype=tf.float64) as scope:
        pass
    with tf.variable_scope("b", initializer=tf.zeros_initializer()), tf.variable_scope(scope) as entered:
        assert (entered.initializer, entered.dtype) == (ones, tf.float64)
    with tf.variable_scope(scope, dtype=tf.float16) as entered:
        assert (entered.initializer, entered.dtype, scope.dtype) == (ones, tf.float16, tf.float64)


def test_constraint_is_not_inherited():
    with tf.variable_scope("a", constraint=np.abs) as scope:
        assert tf.get_variable("v", [1]).constraint is np.abs
        with tf.variable_scope("b") as inner:
            assert inner.constraint is None
    with tf.variable_scope(scope) as again:
        assert again.constraint is None


def test_scope_initializer_regularizer_and_dtype_apply():
    with tf.variable_scope("a", initializer=tf.constant_initializer(3.0), regularizer=tf.reduce_sum, dtype=tf.float64):
        v = tf.get_variable("v", [2])
        w = tf.get_variable(
            "w", [2], dtype=tf.float32, initializer=tf.ones_initializer(), regularizer=tf.no_regularizer
        )
    assert (v.numpy().tolist(), v.dtype) == ([3, 3], np.float64)
    assert (w.numpy().tolist(), w.dtype) == ([1, 1], np.float32)
    assert [float(loss) for loss in tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)] == [6]


def test_setters_change_the_current_scope():
    with tf.variable_scope("a") as scope:
        scope.set_initializer(tf.constant_initializer(2.0))
        scope.set_regularizer(tf.reduce_sum)
        scope.set_dtype(tf.float64)
        scope.set_use_resource(True)
        scope.set_caching_device("cpu")
        v = tf.get_variable("v", [1])
        assert (scope.use_resource, scope.caching_device, scope.regularizer) == (True, "cpu", tf.reduce_sum)
    assert (v.dtype, float(v[0])) == (np.float64, 2)


def test_scope_lists_its_own_variables():
    with tf.variable_scope("a") as scope:
        v = tf.get_variable("v", [1])
        w = tf.get_variable("w", [1], trainable=False)
        local = tf.get_local_variable("l", [1])
        with tf.variable_scope("b"):
            inner = tf.get_variable("v", [1])
    name_in("ab")
    assert scope.global_variables() == [v, w, inner]
    assert scope.trainable_variables() == [v, inner]
    assert scope.local_variables() == [local]
    assert len(tf.get_variable_scope().global_variables()) == 4


def test_variables_by_scope():
    names = [name_in("a"), name_in("a", "b"), name_in("ab")]
    assert [v.name for v in tf.global_variables("a")] == names
    assert [v.name for v in tf.trainable_variables("a/")] == names[:2]
    assert [v.name for v in tf.global_variables("a/b")] == names[1:2]


# ---- graphs and threads ----


def test_graphs_have_scopes_and_variables_of_their_own():
    with tf.variable_scope("a"):
        tf.get_variable("v", [1])
        with tf.Graph().as_default():
            assert tf.get_variable_scope().name == ""
            assert name_in("a") == "a/v:0"
            assert len(tf.global_variables()) == 1
        assert tf.get_variable_scope().name == "a"


def test_scope_belongs_to_the_graph_it_was_made_in(graph):
    scope = tf.variable_scope("a")
    with tf.Graph().as_default(), scope:
        assert tf.get_default_graph() is graph


def test_threads_share_variables_but_not_scopes(graph):
    found = []

    def work():
        with graph.as_default():
            found.append((tf.get_variable_scope().name, default_name()))
            with pytest.raises(ValueError, match=r"Variable a/v already exists"):
                name_in("a")
            with tf.variable_scope("a", reuse=True):
                found.append(tf.get_variable("v", [1]))

    with tf.variable_scope("a"):
        v = tf.get_variable("v", [1])
        default_name()
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found == [("", "d"), v]


def test_one_scope_object_serves_many_threads(graph):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as scope:
        pass
    gate, found = threading.Barrier(4), []

    def work():
        with graph.as_default():
            for _ in range(20):
                gate.wait()
                with tf.variable_scope(scope) as entered, tf.variable_scope(None, "d") as inner:
                    found.append((entered.name, inner.name))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [("a", "a/d")] * 80


# ---- refusals ----


def test_names_are_required():
    with pytest.raises(TypeError, match=r"If default_name is None then name_or_scope is required"):
        tf.variable_scope(None)


@pytest.mark.parametrize("name", [3, b"a", ["a"]])
def test_names_of_other_types_are_refused(name):
    with (
        pytest.raises(TypeError, match=r"name_or_scope must be a string or VariableScope. Received: "),
        tf.variable_scope(name),
    ):
        pass
    assert tf.get_variable_scope().name == ""


@pytest.mark.parametrize("reuse", ["yes", 1, 0])
def test_other_reuse_values_are_refused(reuse):
    with pytest.raises(ValueError, match=r"The reuse parameter must be True or False or None. Received: "):
        tf.variable_scope("a", reuse=reuse)


def test_reuse_needs_a_name():
    with pytest.raises(ValueError, match=r"reuse=True cannot be used without a name_or_scope"):
        tf.variable_scope(None, default_name="d", reuse=True).__enter__()
    assert default_name() == "d"


def test_auxiliary_name_scope_must_be_a_bool():
    with pytest.raises(TypeError, match=r"`auxiliary_name_scope` must be `True` or `False`. Received: 1"):
        tf.variable_scope("a", auxiliary_name_scope=1)


def test_partitioners_are_refused():
    for ask in (
        lambda: tf.variable_scope("a", partitioner=len),
        lambda: tf.get_variable_scope().set_partitioner(len),
        lambda: tf.get_variable("v", [1], partitioner=len),
    ):
        with pytest.raises(ValueError, match=r"`partitioner` must be None: variables are not split"):
            ask()
    assert tf.get_variable_scope().partitioner is None


def test_scopes_left_in_another_order_are_refused():
    with tf.variable_scope("a"):
        scope = tf.variable_scope("b")
        scope.__enter__()
        with tf.variable_scope("c"), pytest.raises(RuntimeError, match=r"Improper nesting of variable_scope"):
            scope.__exit__(None, None, None)
        assert tf.get_variable_scope().name == "a/b"
        scope.__exit__(None, None, None)
        assert tf.get_variable_scope().name == "a"


def test_invalid_name_leaves_nothing_open(graph):
    with pytest.raises(ValueError, match=r"is not a valid root scope name"):
        tf.variable_scope("a b").__enter__()
    assert (tf.get_variable_scope().name, graph.get_name_scope()) == ("", "")
    assert tf.get_default_graph() is graph


def test_scope_closes_after_an_error(graph):
    with pytest.raises(KeyError), tf.variable_scope("a"):
        raise KeyError
    assert (tf.get_variable_scope().name, graph.get_name_scope()) == ("", "")
