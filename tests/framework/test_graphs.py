"""Graphs: which is current, what they collect, which names they give, what they take back."""

import copy
import pickle
import threading

import pytest

import nb_sepconv as tf


def in_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_innermost_graph_is_current(graph):
    with tf.Graph().as_default() as first:
        with tf.Graph().as_default() as second:
            assert tf.get_default_graph() is second
        assert tf.get_default_graph() is first
    assert tf.get_default_graph() is graph


def test_current_graph_returns_after_an_error(graph):
    with pytest.raises(KeyError), tf.Graph().as_default():
        raise KeyError
    assert tf.get_default_graph() is graph


def test_graphs_left_in_another_order_are_refused():
    first, second = tf.Graph().as_default(), tf.Graph().as_default()
    first.__enter__()
    second.__enter__()
    with pytest.raises(AssertionError, match=r"Nesting violated"):
        first.__exit__(None, None, None)
    second.__exit__(None, None, None)
    first.__exit__(None, None, None)


def test_a_thread_begins_with_a_graph_of_its_own(graph):
    own, again = in_thread(lambda: (tf.get_default_graph(), tf.get_default_graph()))
    assert own is again
    assert own is not graph
    assert own is not in_thread(tf.get_default_graph)


def test_a_thread_may_enter_another_threads_graph(graph):
    def enter():
        with graph.as_default():
            return tf.get_default_graph()

    assert in_thread(enter) is graph


def test_reset_replaces_the_graph_below_the_stack():
    def before_and_after():
        before = tf.get_default_graph()
        tf.reset_default_graph()
        return before, tf.get_default_graph()

    before, after = in_thread(before_and_after)
    assert before is not after


def test_reset_inside_a_graph_is_refused():
    with pytest.raises(AssertionError, match=r"Do not use reset_default_graph"):
        tf.reset_default_graph()


def test_collections_keep_order_and_repeats(graph):
    for value in (3, 1, 3):
        tf.add_to_collection("numbers", value)
    assert tf.get_collection("numbers") == [3, 1, 3]
    assert tf.get_collection("others") == []
    assert graph.get_all_collection_keys() == ["numbers"]


def test_get_collection_copies_and_the_ref_does_not():
    tf.add_to_collection("numbers", 1)
    tf.get_collection("numbers").append(2)
    assert tf.get_collection("numbers") == [1]
    tf.get_collection_ref("numbers").append(2)
    assert tf.get_collection("numbers") == [1, 2]
    assert tf.get_collection_ref("new") is tf.get_collection_ref("new")


def test_add_to_several_collections_once_each(graph):
    tf.add_to_collections(["a", "b", "a"], 7)
    tf.add_to_collections("ab", 8)
    assert [tf.get_collection(key) for key in ("a", "b", "ab")] == [[7], [7], [8]]
    graph.clear_collection("a")
    assert tf.get_collection("a") == []
    assert tf.get_all_collection_keys() == ["b", "ab"]


def test_scope_is_a_regular_expression_at_the_start_of_names():
    class Item:
        def __init__(self, name):
            self.name = name

    items = [Item(name) for name in ("foo/a", "foobar/a", "bar/foo", "fo/x")]
    for item in [*items, 5]:
        tf.add_to_collection("items", item)
    assert tf.get_collection("items", "foo") == items[:2]
    assert tf.get_collection("items", "foo/") == items[:1]
    assert tf.get_collection("items", "fo+/") == [items[0], items[3]]
    assert tf.get_collection("items", "") == items


def test_unique_names_ignore_case_and_avoid_what_was_given(graph):
    names = [graph.unique_name(name) for name in ("a", "A", "a", "a_1", "b_1", "b", "b", "b")]
    assert names == ["a", "A_1", "a_2", "a_1_1", "b_1", "b", "b_2", "b_3"]


def test_unique_name_can_be_asked_without_taking_it(graph):
    assert [graph.unique_name("a", mark_as_used=used) for used in (False, False, True, False, True)] == [
        *("a", "a", "a", "a_1", "a_1")
    ]


def test_failing_block_is_taken_back(graph):
    kept = tf.get_variable("kept", [2])

    def fail():
        with graph.undo_on_failure():
            tf.get_variable("lost", [2], regularizer=tf.reduce_sum)
            tf.add_to_collection("mine", kept)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert tf.global_variables() == [kept]
    assert tf.trainable_variables() == [kept]
    assert tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES) == tf.get_collection("mine") == []
    assert tf.get_variable("lost", [3]).name == "lost:0"


def test_inner_block_is_taken_back_with_the_outer(graph):
    def outer():
        with graph.undo_on_failure():
            with graph.undo_on_failure():
                tf.get_variable("a", [1])
            raise KeyError

    with pytest.raises(KeyError):
        outer()
    assert tf.global_variables() == []


def test_a_failing_block_leaves_other_threads_additions(graph):
    def add():
        with graph.as_default():
            tf.add_to_collection("mine", "theirs")

    def fail():
        with graph.undo_on_failure():
            tf.add_to_collection("mine", "ours")
            in_thread(add)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert tf.get_collection("mine") == ["theirs"]


def test_random_seed_belongs_to_the_graph(graph):
    tf.set_random_seed(5)
    assert graph.seed == 5
    with tf.Graph().as_default() as other:
        assert other.seed is None


def test_seeds_make_initial_values_reproducible():
    def values(seed):
        with tf.Graph().as_default():
            tf.set_random_seed(seed)
            return [tf.get_variable(name, [5]).numpy().tolist() for name in "ab"]

    assert values(1) == values(1)
    assert values(1) != values(2)
    assert values(1)[0] != values(1)[1]


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, pickle.dumps])
def test_graphs_are_not_copied(graph, twin):
    with pytest.raises(TypeError, match=r"cannot be pickled or copied"):
        twin(graph)


def test_values_of_two_graphs_are_refused():
    a = tf.Variable(1.0)
    with tf.Graph().as_default():
        b = tf.Variable(1.0)
    with pytest.raises(ValueError, match=r"`values` must be from the same graph"):
        tf.variable_scope("s", values=[a, b])
