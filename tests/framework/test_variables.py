"""Variables: names, values, writing, use as arrays, refusals."""

import copy
import operator
import pickle

import numpy as np
import pytest

import nb_sepconv as tf

RANDOM = np.random.default_rng(7)


def variable(*shape, dtype="float32", **keywords):
    return tf.Variable(RANDOM.standard_normal(shape).astype(dtype), **keywords)


# ---- what it is ----


def test_names_are_unique_in_their_name_scope():
    with tf.name_scope("n"):
        inner = tf.Variable(1.0)
    names = [tf.Variable(1.0, name=name).name for name in ("x", "x", None, None)]
    assert [inner.name, *names] == ["n/Variable:0", "x:0", "x_1:0", "Variable:0", "Variable_1:0"]


def test_facts():
    v = variable(2, 3, name="a", constraint=np.abs)
    assert (v.name, v.op.name, v.op.type) == ("a:0", "a", "VarHandleOp")
    assert (v.shape, v.get_shape().as_list(), v.ndim, v.size, len(v)) == ((2, 3), [2, 3], 2, 6, 2)
    assert (v.dtype, v.trainable, v.constraint, v.version) == (np.float32, True, np.abs, 0)
    assert repr(v) == "<Variable 'a:0' shape=(2, 3) dtype=float32>"


def test_graph_and_collections(graph):
    v = variable(1)
    w = variable(1, trainable=False)
    u = variable(1, collections=["mine"], trainable=False)
    assert v.graph is graph
    assert tf.global_variables() == [v, w]
    assert tf.trainable_variables() == [v]
    assert tf.get_collection("mine") == [u]
    assert tf.model_variables() == tf.moving_average_variables() == tf.local_variables() == []


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        *[(1.5, None, "float32"), ([1, 2], None, "int32"), (np.float64(1), None, "float64"), (True, None, "bool")],
        *[(np.arange(2), None, "int64"), (np.arange(2), "float16", "float16"), (3, tf.float64, "float64")],
        *[(np.arange(2, dtype=">f4"), None, "float32"), (lambda: [1.0], None, "float32")],
    ],
)
def test_types(value, dtype, expected):
    v = tf.Variable(value, dtype=dtype)
    assert v.dtype == np.dtype(expected)
    assert v.dtype.isnative
    np.testing.assert_array_equal(v.numpy(), value() if callable(value) else value)


def test_bfloat16():
    bfloat16 = pytest.importorskip("ml_dtypes").bfloat16
    v = tf.Variable([1.5, 2.5], dtype=tf.bfloat16)
    assert v.dtype == bfloat16 == tf.bfloat16
    v.assign(np.array([3.0, 4.0]))
    assert v.numpy().astype(float).tolist() == [3, 4]


def test_initial_value_is_copied_into_c_order():
    start = np.asfortranarray(RANDOM.standard_normal((3, 4)))
    v = tf.Variable(start)
    start[:] = 0
    assert v.numpy().flags.c_contiguous
    assert v.numpy().all()


def test_variable_from_variable():
    v = variable(3)
    w = tf.Variable(v)
    w.assign_add(np.ones(3))
    np.testing.assert_allclose(w.numpy() - v.numpy(), 1, rtol=1e-6)


# ---- reading and writing ----


def test_numpy_shares_memory_and_the_rest_copies():
    v = variable(3)
    live, copies = v.numpy(), [v.value(), v.read_value(), v.initialized_value(), v.eval(), np.asarray(v), v[:]]
    live[0] = 5
    assert float(v[0]) == 5
    assert all(taken[0] != 5 for taken in copies)
    assert np.shares_memory(np.asarray(v, copy=False) if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else live, live)


def test_assign_keeps_the_memory_and_counts():
    v = variable(3)
    live = v.array
    assert v.assign([1, 2, 3]) is v
    assert v.assign_add([1.0, 1.0, 1.0]).assign_sub(np.full(3, 0.5)).load([4, 5, 6]) is None
    assert v.array is live
    assert live.tolist() == [4, 5, 6]
    assert v.version == 4


def test_arithmetic_of_assignments():
    v = tf.Variable([1.0, 2.0])
    v.assign_add([0.5, 0.25])
    assert v.numpy().tolist() == [1.5, 2.25]
    v.assign_sub(v)
    assert v.numpy().tolist() == [0, 0]


@pytest.mark.parametrize("method", ["assign", "assign_add", "assign_sub", "load"])
def test_other_shapes_are_refused(method):
    v = variable(2, 3, name="a")
    before = v.value()
    with pytest.raises(ValueError, match=r"`value` must have the shape \(2, 3\) of the variable a:0. .* shape \(3,\)"):
        getattr(v, method)(np.ones(3))
    np.testing.assert_array_equal(v.value(), before)
    assert v.version == 0


@pytest.mark.parametrize(
    ("own", "given", "accepted"),
    [
        *[("float32", "float64", True), ("float32", "int64", True), ("float32", "bool", True)],
        *[("int32", "int64", True), ("int32", "float32", False), ("float32", "complex64", False)],
        *[("uint8", "int64", False), ("bool", "int32", False)],
    ],
)
def test_kinds_that_convert(own, given, accepted):
    v = tf.Variable(np.zeros(2, own))
    value = np.ones(2, given)
    if accepted:
        assert v.assign(value).numpy().tolist() == np.ones(2, own).tolist()
    else:
        with pytest.raises(TypeError, match=f"`value` must convert to the type {own} .* type {given}"):
            v.assign(value)


# ---- as an array ----


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.mod])
def test_arithmetic_both_ways(op):
    v = tf.Variable(np.array([1.5, 2.5, 3.0], "float32"))
    other = np.array([2.0, 0.5, 4.0], "float32")
    for got, want in (
        (op(v, other), op(v.array, other)),
        (op(other, v), op(other, v.array)),
        (op(v, v), op(v.array, v.array)),
    ):
        assert type(got) is np.ndarray
        assert got.dtype == np.float32
        np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(op(v, 2.0), op(v.array, 2.0))


def test_matmul_unary_and_functions():
    v, w = variable(3, 4), variable(4, 2)
    np.testing.assert_array_equal(v @ w, v.array @ w.array)
    np.testing.assert_array_equal(-v, -v.array)
    np.testing.assert_array_equal(abs(v), abs(v.array))
    np.testing.assert_array_equal(np.exp(v), np.exp(v.array))
    np.testing.assert_allclose(np.sum(v), v.array.sum())
    np.testing.assert_array_equal(np.concatenate([v, v]), np.concatenate([v.array, v.array]))
    np.testing.assert_array_equal(np.add.reduce(v, axis=1), v.array.sum(axis=1))
    np.testing.assert_array_equal(v[1:, ::2], v.array[1:, ::2])
    np.testing.assert_array_equal(list(v), list(v.array))


def test_scalars_convert():
    v = tf.Variable(2.0)
    assert (float(v), int(v), complex(v), bool(v)) == (2, 2, 2, True)
    assert list(range(5))[tf.Variable(3)] == 3


def test_comparisons():
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 3.0])
    assert (v == np.array([1.0, 3.0])).tolist() == [True, False]
    assert (v != 2.0).tolist() == [True, False]
    assert (v < w).tolist() == [False, True]
    assert (v >= w).tolist() == [True, False]
    assert np.equal(v, w).tolist() == [True, False]


def test_equality_of_variables_is_identity():
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([1.0, 2.0])
    assert v == v
    assert v != w
    assert w in tf.global_variables()
    assert [u for u in tf.global_variables() if u not in [v]] == [w]
    assert len({v, w, v}) == 2
    assert tf.global_variables().index(w) == 1


@pytest.mark.parametrize("op", [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow])
def test_in_place_operators_are_refused(op):
    v = variable(2)
    with pytest.raises(RuntimeError, match=r"`variable .*= value` is not supported: use `variable.assign"):
        op(v, 1.0)


def test_writing_around_assign_is_refused():
    v = variable(2)
    with pytest.raises(TypeError, match=r"`out` must be arrays: use `assign`"):
        np.add(v, 1, out=v)
    with pytest.raises(TypeError, match=r"does not support item assignment"):
        v[0] = 1


def test_out_may_be_an_array():
    v, out = variable(2), np.zeros(2, "float32")
    assert np.add(v, 1, out=out) is out
    np.testing.assert_array_equal(out, v.array + 1)


# ---- copies ----


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda v: pickle.loads(pickle.dumps(v))])
def test_twins_are_apart_and_belong_to_no_graph(twin_of):
    v = variable(3, name="a")
    twin = twin_of(v)
    assert (twin.name, twin.trainable, twin.graph) == ("a:0", True, None)
    np.testing.assert_array_equal(twin.numpy(), v.numpy())
    twin.assign_add(np.ones(3))
    assert (twin.numpy() != v.numpy()).all()
    assert tf.global_variables() == [v]


# ---- refusals ----


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({}, ValueError, "`initial_value` must be specified. Received: None"),
        ({"initial_value": 1.0, "collections": "a"}, ValueError, "`collections` must be a list, tuple, or set"),
        ({"initial_value": 1.0, "constraint": 3}, ValueError, "The `constraint` argument must be a callable"),
        ({"initial_value": np.array([None])}, ValueError, "`initial_value` must hold numbers"),
        (
            {"initial_value": 1.5, "dtype": "int32"},
            TypeError,
            "`dtype` int32 cannot hold an initial value of type float32",
        ),
        ({"initial_value": [1.0], "shape": [2]}, ValueError, r"shape \(1,\) is not compatible with .*`shape` \(2,\)"),
        ({"initial_value": 1.0, "name": "a b"}, ValueError, "'a b' is not a valid root scope name"),
    ],
)
def test_refusals(keywords, error, message):
    with pytest.raises(error, match=message):
        tf.Variable(**keywords)
    assert tf.global_variables() == []
    assert tf.Variable(1.0).name == "Variable:0"
