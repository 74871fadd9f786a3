"""get_variable: what is created from what, what is shared, custom getters."""

from functools import partial

import numpy as np
import pytest

import nb_sepconv as tf

LOSSES = tf.GraphKeys.REGULARIZATION_LOSSES


def shared(*arguments, **keywords):
    with tf.variable_scope("", reuse=True):
        return tf.get_variable(*arguments, **keywords)


# ---- creating ----


def test_default_initializers_follow_the_type():
    v = tf.get_variable("v", [100, 100])
    assert 0.015 < np.abs(v.numpy()).max() <= np.sqrt(6 / 200)
    assert v.dtype == np.float32
    for name in ("int32", "bool", "uint8"):
        assert not tf.get_variable(name, [2], dtype=np.dtype(name)).numpy().any()


def test_type_without_default_initializer_is_refused():
    with pytest.raises(ValueError, match=r"An initializer for variable v of complex64 is required"):
        tf.get_variable("v", [2], dtype=np.complex64)


def test_initializer_receives_shape_and_type():
    asked = []

    def initializer(shape, dtype):
        asked.append((shape, dtype))
        return np.arange(6).reshape(shape)

    v = tf.get_variable("v", (2, np.int64(3)), dtype=tf.float64, initializer=initializer)
    assert asked == [([2, 3], np.float64)]
    assert v.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    assert v.dtype == np.float64


def test_initializer_may_take_partition_info():
    def initializer(shape, dtype=None, partition_info="nothing given"):
        assert partition_info is None
        return np.full(shape, 7, dtype)

    assert float(tf.get_variable("v", [1], initializer=initializer)[0]) == 7


def test_initializer_class_is_instantiated():
    assert tf.get_variable("v", [2], initializer=tf.ones_initializer).numpy().tolist() == [1, 1]


def test_shape_may_be_one_number():
    assert tf.get_variable("v", 3).shape == (3,)
    assert tf.get_variable("w", []).shape == ()


@pytest.mark.parametrize(
    ("constant", "dtype"),
    [([1.5, 2.5], np.float32), (3, np.int32), (np.arange(3.0), np.float64), (np.float16(2), np.float16), (True, bool)],
)
def test_constants_bring_shape_and_type(constant, dtype):
    v = tf.get_variable("v", initializer=constant)
    np.testing.assert_array_equal(v.numpy(), constant)
    assert (v.dtype, v.shape) == (dtype, np.shape(constant))


def test_function_without_arguments_brings_shape_and_type():
    v = tf.get_variable("v", initializer=lambda: np.arange(4))
    assert (v.shape, v.dtype) == ((4,), np.int64)


def test_variable_owns_its_array():
    constant = np.arange(3.0)
    v = tf.get_variable("v", initializer=constant)
    constant[0] = 9
    assert v.numpy().tolist() == [0, 1, 2]
    assert v.numpy().flags.owndata
    assert v.numpy().flags.c_contiguous


def test_trainable_and_collections():
    v = tf.get_variable("v", [1], trainable=False)
    w = tf.get_variable("w", [1], collections=["mine", "yours"])
    u = tf.get_variable("u", [1], synchronization=tf.VariableSynchronization.ON_READ)
    assert tf.global_variables() == [v, u]
    assert tf.trainable_variables() == [w]
    assert tf.get_collection("mine") == tf.get_collection("yours") == [w]
    assert [v.trainable, w.trainable, u.trainable] == [False, True, False]


def test_local_variables_are_apart():
    v = tf.get_local_variable("v", [1])
    w = tf.get_local_variable("w", [1], collections=["mine"], trainable=True)
    assert tf.local_variables() == [v, w]
    assert tf.global_variables() == tf.trainable_variables() == []
    assert tf.get_collection("mine") == [w]


def test_losses_follow_the_variable():
    v = tf.get_variable("a/v", [2], initializer=tf.ones_initializer(), regularizer=tf.reduce_sum)
    (loss,) = tf.get_collection(LOSSES)
    assert (float(loss), loss.name) == (2, "a/v/Regularizer:0")
    v.assign([3, 4])
    assert (float(loss), float(loss * 2), np.asarray(loss).shape) == (7, 14, ())
    assert tf.get_collection(LOSSES, "a/v") == [loss]
    assert tf.get_collection(LOSSES, "b") == []


def test_regularizer_may_decline():
    tf.get_variable("v", [1], regularizer=lambda v: None)
    assert tf.get_collection(LOSSES) == []


def test_constraint_is_kept():
    assert tf.get_variable("v", [1], constraint=np.abs).constraint is np.abs


# ---- sharing ----


def test_sharing_ignores_initializer_and_regularizer():
    v = tf.get_variable("v", [1], initializer=tf.ones_initializer(), regularizer=tf.reduce_sum)
    assert shared("v", [1], initializer=tf.zeros_initializer(), regularizer=tf.reduce_sum) is v
    assert float(v[0]) == 1
    assert len(tf.get_collection(LOSSES)) == 1


def test_sharing_without_a_shape():
    v = tf.get_variable("v", [2, 3])
    assert shared("v") is v
    assert shared("v", [2, None]) is v


def test_sharing_with_another_shape_or_type_is_refused():
    tf.get_variable("v", [2, 3])
    with pytest.raises(ValueError, match=r"share variable v, but specified shape \(3, 2\) and found shape \(2, 3\)"):
        shared("v", [3, 2])
    with pytest.raises(ValueError, match=r"share variable v, but specified dtype float64 and found dtype float32"):
        shared("v", [2, 3], dtype=tf.float64)


def test_variables_made_by_hand_are_not_shared():
    tf.Variable(1.0, name="v")
    with pytest.raises(ValueError, match=r"Variable v does not exist, or was not created with get_variable"):
        shared("v", [])


# ---- refusals ----


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({}, "Variable v did not get an initializer, so its `shape` argument must be specified"),
        ({"shape": [1], "initializer": 3.0}, r"constant, do not specify shape. Received: `shape`=\[1\]"),
        (
            {"initializer": np.arange(3.0), "dtype": tf.float32},
            "type 'float64' and explicit dtype 'float32' don't match",
        ),
        ({"shape": [3, None]}, r"The initializer passed is not valid.*`shape`=\(3, None\)"),
        ({"initializer": tf.ones_initializer()}, "The initializer passed is not valid.*`shape`=None"),
        ({"shape": [-1]}, r"`shape` must hold dimensions >= 0. Received: \[-1\]"),
        ({"shape": [1], "custom_getter": 3}, "Passed a custom_getter which is not callable: 3"),
        ({"shape": [1], "collections": "mine"}, "`collections` must be a list, tuple, or set. Received: 'mine'"),
        ({"shape": [1], "constraint": 3}, "The `constraint` argument must be a callable. Received: 3"),
        (
            {"shape": [2], "initializer": lambda shape, dtype: np.zeros(3)},
            r"shape \(3,\) is not compatible with .*\(2,\)",
        ),
        (
            {"shape": [1], "trainable": True, "synchronization": tf.VariableSynchronization.ON_READ},
            "`synchronization` ON_READ is for variables that are not trainable",
        ),
    ],
)
def test_refusals(keywords, message):
    with pytest.raises(ValueError, match=message):
        tf.get_variable("v", **keywords)
    assert tf.global_variables() == tf.trainable_variables() == []
    assert tf.get_variable("v", [1]).name == "v:0"


def test_wrong_shapes_and_types_are_refused():
    with pytest.raises(TypeError, match=r"`shape` must hold integers or None. Received: \[1.5\]"):
        tf.get_variable("v", [1.5])
    with pytest.raises(TypeError, match=r"`dtype` must be a NumPy dtype or its name. Received: 'floaty'"):
        tf.get_variable("v", [1], dtype="floaty")
    with pytest.raises(ValueError, match=r"'my v' is not a valid root scope name"):
        tf.get_variable("my v", [1])


def test_failing_regularizer_leaves_nothing():
    def broken(v):
        raise KeyError

    with pytest.raises(KeyError):
        tf.get_variable("v", [1], regularizer=broken)
    assert tf.global_variables() == []
    assert tf.get_variable("v", [1]).name == "v:0"


# ---- custom getters ----


def test_getter_receives_everything_and_may_rename():
    asked = {}

    def getter(getter, name, **keywords):
        asked.update(keywords, name=name)
        return getter(f"{name}_x", **keywords)

    with tf.variable_scope("a", custom_getter=getter):
        v = tf.get_variable("v", [2], regularizer=tf.reduce_sum)
    assert v.name == "a/v_x:0"
    assert asked == {
        **{"name": "a/v", "shape": [2], "dtype": np.float32, "initializer": None, "regularizer": tf.reduce_sum},
        **{"reuse": False, "trainable": True, "collections": None, "caching_device": None, "partitioner": None},
        **{"validate_shape": True, "use_resource": None, "constraint": None},
        "synchronization": tf.VariableSynchronization.AUTO,
        "aggregation": tf.VariableAggregation.NONE,
    }


def test_getter_gets_a_constraint_only_if_it_takes_one():
    names = ("shape", "dtype", "initializer", "regularizer", "reuse", "trainable", "collections", "caching_device")
    more = ("partitioner", "validate_shape", "use_resource", "synchronization", "aggregation")
    source = f"lambda getter, name, {', '.join((*names, *more))}: getter(name, shape)"
    v = tf.get_variable("v", [1], custom_getter=eval(source), constraint=np.abs)
    assert v.constraint is None


def test_getter_may_pass_arguments_by_position():
    def getter(getter, name, *args, **keywords):
        return getter(name, [3], np.float64, tf.ones_initializer(), None, False, False)

    v = tf.get_variable("v", [1], custom_getter=getter)
    assert (v.numpy().tolist(), v.dtype, v.trainable) == ([1, 1, 1], np.float64, False)


def recording(log, label, getter, name, *args, **keywords):
    log.append(label)
    return getter(f"{name}{label}", *args, **keywords)


def test_nested_getters_ask_the_outer_ones_last():
    log = []
    with (
        tf.variable_scope("s", custom_getter=partial(recording, log, "a")),
        tf.variable_scope("t", custom_getter=partial(recording, log, "b")),
        tf.variable_scope("u"),
    ):
        assert tf.get_variable("v", [1]).name == "s/t/u/vba:0"
    assert log == ["b", "a"]


def test_own_getter_replaces_the_scopes():
    log = []
    with tf.variable_scope("s", custom_getter=partial(recording, log, "a")):
        tf.get_variable("v", [1], custom_getter=partial(recording, log, "b"))
    assert log == ["b"]


def test_getters_see_shared_variables_too():
    log = []
    for reuse in (None, True):
        with tf.variable_scope("s", custom_getter=partial(recording, log, "a"), reuse=reuse):
            tf.get_variable("v", [1])
    assert log == ["a", "a"]
    assert [v.name for v in tf.global_variables()] == ["s/va:0"]


def test_getter_may_return_something_else():
    def doubled(getter, *args, **keywords):
        return getter(*args, **keywords) * 2

    with tf.variable_scope("s", custom_getter=doubled, initializer=tf.ones_initializer()):
        value = tf.get_variable("v", [2])
    assert type(value) is np.ndarray
    assert value.tolist() == [2, 2]


def test_getters_run_outside_of_name_scopes():
    def getter(getter, name, *args, **keywords):
        tf.Variable(1.0, name="by_hand")
        return getter(name, *args, **keywords)

    with tf.variable_scope("s", custom_getter=getter):
        tf.get_variable("v", [1])
    assert [v.name for v in tf.global_variables()] == ["by_hand:0", "s/v:0"]
