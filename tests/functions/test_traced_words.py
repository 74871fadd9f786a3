"""Every word, and every program of them, gives in a traced function what it gives when it is called: the same bits."""

import numpy as np
import pytest

import nb_sepconv as tf
from tests.programs import all_programs, make_inputs, make_weight
from tests.word_cases import WORDS, calls, function_of, with_arrays

PROGRAMS = all_programs()
DRAWN = ("random_normal", "random_uniform", "random_shuffle", "truncated_normal", "nn.dropout", "layers.dropout")


def outcome(function, *args):
    """The arrays that a function gives, or the type of its error."""
    try:
        result = function(*args)
    except (ValueError, TypeError, ArithmeticError) as error:
        return type(error)
    return list(result) if isinstance(result, (list, tuple)) else [result]


def same(one, other):
    if isinstance(one, type) or isinstance(other, type):
        return one is other
    return len(one) == len(other) and all(map(same_array, one, other))


def same_array(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def arrays_of(args, keywords):
    found = []
    for each in (*args, *keywords.values()):
        with_arrays(each, lambda array: found.append(array) or array)
    return found


def call_of(word, args, keywords):
    """The word's call as a function of the arrays among its arguments."""

    def call(*arrays):
        left = iter(arrays)
        given = [with_arrays(each, lambda _: next(left)) for each in args]
        named = {key: with_arrays(each, lambda _: next(left)) for key, each in keywords.items()}
        return function_of(tf, word)(*given, **named)

    return call


@pytest.mark.parametrize("word", WORDS)
def test_words(word):
    for args, keywords in calls(word):
        arrays = [tf.convert_to_tensor(array) for array in arrays_of(args, keywords)]
        call = call_of(word, args, keywords)
        traced, tf_random = tf.function(call), tf.Graph()
        with tf_random.as_default():
            want = outcome(call, *arrays)
            first = outcome(traced, *arrays)
            again = outcome(traced, *arrays)
        assert same(want, first), (word, args, keywords, want, first)
        assert same(want, again), (word, args, keywords, want, again)


def in_graph(name, program, arrays, traced):
    """The outputs of three calls, the second with other numbers."""
    others = {key: array * 2 if array.dtype.kind == "f" else array for key, array in arrays.items()}
    with tf.Graph().as_default():
        tf.set_random_seed(7)
        with tf.variable_scope(tf.get_variable_scope(), custom_getter=with_value):
            program(tf, **arrays)

        def call(**given):
            with tf.variable_scope(tf.get_variable_scope(), reuse=True):
                return program(tf, **given)

        function = tf.function(call) if traced else call
        found = []
        for each in (arrays, others, arrays):
            tf.get_collection_ref(tf.GraphKeys.LOSSES).clear()  # of the call before
            found.append(function(**{key: tf.convert_to_tensor(array) for key, array in each.items()}))
        return found


def with_value(getter, name, *args, **kwargs):
    variable = getter(name, *args, **kwargs)
    return variable.assign(make_weight(variable.name, variable.shape.as_list(), variable.dtype.name))


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name):
    arrays = make_inputs(name, PROGRAMS[name])
    called, traced = (in_graph(name, PROGRAMS[name], arrays, how) for how in (False, True))
    for one, other in zip(called, traced, strict=True):
        assert one.keys() == other.keys()
        for key in one:
            assert same_array(one[key], other[key]), key
