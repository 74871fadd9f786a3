"""Templates: scopes of their own, sharing between calls, what they refuse."""

import copy
import pickle

import numpy as np
import pytest

import nb_sepconv as tf


def scaled(x=1.0, name="w", **keywords):
    return x * tf.get_variable(name, [2], initializer=tf.ones_initializer(), **keywords)


def names(variables):
    return [v.name for v in variables]


def test_calls_share_variables():
    template = tf.make_template("t", scaled)
    first, second = template(2.0), template(3.0)
    assert (first.tolist(), second.tolist()) == ([2, 2], [3, 3])
    assert names(tf.global_variables()) == ["t/w:0"]


def test_templates_are_apart():
    for _ in range(2):
        tf.make_template("t", scaled)()
    assert names(tf.global_variables()) == ["t/w:0", "t_1/w:0"]


def test_scope_is_that_of_the_first_call():
    template = tf.make_template("t", scaled)
    with tf.variable_scope("a"):
        template()
    with tf.variable_scope("b"):
        template()
    assert names(tf.global_variables()) == ["a/t/w:0"]


def test_scope_created_now():
    with tf.variable_scope("a"):
        template = tf.make_template("t", scaled, create_scope_now_=True)
    assert template.variable_scope.name == "a/t"
    with tf.variable_scope("b"):
        template()
        template()
    assert names(tf.global_variables()) == ["a/t/w:0"]


def test_scopes_created_now_are_unique():
    templates = [tf.make_template("t", scaled, create_scope_now_=True) for _ in range(2)]
    assert [template.variable_scope_name for template in templates] == ["t/", "t_1/"]


def test_keyword_arguments_are_bound():
    template = tf.make_template("t", scaled, name="u")
    template(2.0)
    assert names(template.variables) == ["t/u:0"]


def test_unique_name_is_used_as_it_is():
    tf.make_template("t", scaled, unique_name_="s")()
    assert names(tf.global_variables()) == ["s/w:0"]
    with pytest.raises(ValueError, match=r"Variable s/w already exists"):
        tf.make_template("t", scaled, unique_name_="s")()


def test_unique_name_shares_in_a_reusing_scope():
    with tf.variable_scope("a"):
        tf.make_template("t", scaled, unique_name_="s")()
    with tf.variable_scope("a", reuse=True):
        tf.make_template("t", scaled, unique_name_="s")()
    assert names(tf.global_variables()) == ["a/s/w:0"]


def test_same_scope_entered_again_shares_by_default_name():
    with tf.variable_scope("a") as scope:
        tf.make_template("t", scaled)()
    with tf.variable_scope(scope, reuse=True):
        tf.make_template("t", scaled)()
    assert names(tf.global_variables()) == ["a/t/w:0"]


def test_nested_templates():
    inner = tf.make_template("inner", scaled)
    outer = tf.make_template("outer", lambda: inner() + scaled())
    outer()
    assert outer().tolist() == [2, 2]
    assert names(tf.global_variables()) == ["outer/inner/w:0", "outer/w:0"]


def test_custom_getter():
    def doubled(getter, *args, **keywords):
        return getter(*args, **keywords) * 2

    for now in (False, True):
        template = tf.make_template("t", scaled, create_scope_now_=now, custom_getter_=doubled)
        assert template().tolist() == template().tolist() == [2, 2]


def test_facts():
    template = tf.make_template("t", scaled, trainable=False)
    assert (template.name, template.variable_scope, template.variable_scope_name) == ("t", None, None)
    assert template.variables == template.trainable_variables == template.local_variables == []
    template()
    trained = tf.make_template("u", scaled)
    trained()
    assert names(template.non_trainable_variables) == names(template.global_variables) == ["t/w:0"]
    assert names(trained.trainable_variables) == names(trained.weights) == names(trained.trainable_weights) == ["u/w:0"]
    assert trained.non_trainable_weights == []
    assert trained.func is scaled
    assert trained.var_scope is trained.variable_scope


def test_local_variables_belong_to_it():
    template = tf.make_template("t", lambda: tf.get_local_variable("l", [1]))
    template()
    assert names(template.local_variables) == names(template.variables) == ["t/l:0"]


def test_new_trainable_variable_in_a_later_call_is_refused():
    template = tf.make_template("t", lambda: tf.Variable(1.0))
    template()
    with pytest.raises(ValueError, match=r"Trainable variable created when calling a template after the first time"):
        template()


def test_new_variable_that_is_not_trained_is_accepted():
    template = tf.make_template("t", lambda: tf.Variable(1.0, trainable=False))
    template()
    template()
    assert len(tf.global_variables()) == 2


def test_other_variable_name_in_a_later_call_is_refused():
    template = tf.make_template("t", scaled)
    template()
    with pytest.raises(ValueError, match=r"Variable t/u does not exist"):
        template(name="u")


def test_failed_first_call_does_not_make_the_next_one_share():
    template = tf.make_template("t", scaled)
    with pytest.raises(TypeError):
        template("text")
    with pytest.raises(ValueError, match=r"Variable t/w already exists"):
        template()


def test_name_is_required():
    with pytest.raises(ValueError, match=r"`name_` cannot be None"):
        tf.make_template(None, scaled)


def test_layers_in_a_template_share(graph):
    x = np.random.default_rng(3).standard_normal((1, 9, 4)).astype("float32")
    template = tf.make_template("t", lambda x: tf.layers.separable_conv1d(tf.layers.separable_conv1d(x, 4, 3), 2, 3))
    first, second = template(x), template(x)
    np.testing.assert_array_equal(first, second)
    assert names(template.variables)[::3] == [
        "t/separable_conv1d/depthwise_kernel:0",
        "t/separable_conv1d_1/depthwise_kernel:0",
    ]


def model(x):
    hidden = tf.layers.separable_conv1d(x, 4, 3, activation="relu")
    return tf.layers.separable_conv1d(hidden, 2, 3) + tf.get_variable("own", [2], trainable=False)


@pytest.mark.parametrize("duplicate", [lambda template: pickle.loads(pickle.dumps(template)), copy.deepcopy])
def test_a_template_takes_its_variables_along(duplicate):
    """In another process it made new ones at random and said nothing."""
    x = np.random.default_rng(4).standard_normal((1, 12, 3)).astype("float32")
    with tf.variable_scope("outer"):
        template = tf.make_template("t", model)
        y = template(x)
    tf.get_variable("outer/tail", [2])
    with tf.Graph().as_default():
        copied = duplicate(template)
        np.testing.assert_array_equal(copied(x), y)
        assert tf.global_variables() == []
    assert names(copied.variables) == names(template.variables)
    assert names(copied.trainable_variables) == names(template.trainable_variables)
    copied.variables[0].assign(copied.variables[0] * 2)
    np.testing.assert_array_equal(template(x), y)
    assert not np.array_equal(copied(x), y)


def test_a_copied_template_makes_no_variable_either():
    template = tf.make_template("t", scaled)
    template()
    copied = pickle.loads(pickle.dumps(template))
    with pytest.raises(ValueError, match=r"Variable t/u does not exist"):
        copied(name="u")


def test_a_template_without_variables_is_not_pickled():
    template = tf.make_template("t", scaled)
    with pytest.raises(TypeError, match=r"must be called once before it is pickled.*Received: the template 't'"):
        pickle.dumps(template)
    assert copy.copy(template)().tolist() == [1, 1]
