import ml_dtypes
import numpy as np
import pytest

import nb_sepconv as tf
from nb_sepconv.tensors.convert import as_array

FLOATS = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
AXES = (None, 0, -1, (0, 2), [1])


@pytest.fixture
def x():
    return np.random.default_rng(8).normal(size=(3, 4, 5))


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [None, False, True])
def test_reductions_are_those_of_numpy(x, axis, keepdims):
    numpy_axis = tuple(axis) if isinstance(axis, list) else axis
    for ours, theirs in ((tf.reduce_sum, np.sum), (tf.reduce_mean, np.mean)):
        want = theirs(x, axis=numpy_axis, keepdims=bool(keepdims))
        for got in (
            ours(x, axis, keepdims, "name"),
            ours(x, reduction_indices=axis, keep_dims=keepdims),
        ):
            np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-15)
            assert got.shape == want.shape


@pytest.mark.parametrize("dtype", FLOATS)
def test_types_are_kept_and_narrow_ones_summed_wide(dtype):
    many = np.full((10_000,), 0.1, dtype)
    total = float(many.astype(np.float64).sum())
    tolerance = 4e-3 if np.dtype(dtype).itemsize == 2 else 1e-5
    assert tf.reduce_sum(many).dtype == dtype
    assert float(tf.reduce_sum(many)) == pytest.approx(total, rel=tolerance)
    assert float(tf.reduce_mean(many)) == pytest.approx(total / 10_000, rel=tolerance)
    assert tf.square(many).dtype == dtype
    assert tf.abs(-many).dtype == dtype


def test_integers():
    values = np.array([[-1, -2, -4], [1, 2, 4]])
    assert tf.reduce_sum(values, 1).tolist() == [-7, 7]
    assert tf.reduce_mean(values, 1).tolist() == [-2, 2]
    assert tf.square(values).tolist() == [[1, 4, 16], [1, 4, 16]]
    assert tf.abs(values).tolist() == [[1, 2, 4], [1, 2, 4]]
    assert {f(values).dtype for f in (tf.reduce_sum, tf.reduce_mean, tf.square, tf.abs)} == {np.dtype(np.int64)}


def test_complex_numbers():
    values = np.array([3 - 4j, 1j])
    assert tf.abs(values).tolist() == [5, 1]
    assert tf.reduce_sum(values) == 3 - 3j


def test_nothing_to_reduce():
    nothing = np.zeros((0, 2), np.float32)
    assert tf.reduce_sum(nothing, 0).tolist() == [0, 0]
    assert np.isnan(tf.reduce_mean(nothing, 0)).all()
    assert np.isnan(tf.reduce_mean(nothing))


def test_variables_and_regularizers_written_as_callables(x):
    with tf.Graph().as_default():
        variable = tf.Variable(x, name="w")
        assert float(0.5 * tf.reduce_sum(tf.square(variable))) == pytest.approx(0.5 * (x**2).sum())
        assert float(tf.reduce_mean(tf.abs(variable))) == pytest.approx(np.abs(x).mean())


@pytest.mark.parametrize(("value", "dtype"), [([1.5, 2.0], np.float32), ([1, 2], np.int32), (2**40, np.int64)])
def test_python_numbers_take_the_types_of_tf(value, dtype):
    assert tf.square([2]).dtype == np.int32
    assert as_array(value).dtype == dtype
    assert as_array(np.asarray(value)).dtype == np.asarray(value).dtype
    assert as_array([]).dtype == np.float32


@pytest.mark.parametrize("function", [tf.reduce_sum, tf.reduce_mean])
def test_an_argument_under_both_its_names(function, x):
    with pytest.raises(ValueError, match=r"`axis` and `reduction_indices` are two names.*Received: axis=0, reduction"):
        function(x, axis=0, reduction_indices=1)
    with pytest.raises(ValueError, match=r"`keepdims` and `keep_dims` are two names.*Received: keepdims=False, keep"):
        function(x, keepdims=False, keep_dims=True)


@pytest.mark.parametrize("values", [np.array([True]), np.array(["a"]), np.array([None])])
def test_only_numbers(values):
    for function, name in ((tf.reduce_sum, "input_tensor"), (tf.reduce_mean, "input_tensor")):
        with pytest.raises(TypeError, match=rf"`{name}` must be an array of numbers\. Received: {values.dtype}"):
            function(values)
    for function in (tf.square, tf.abs):
        with pytest.raises(TypeError, match=rf"`x` must be an array of numbers\. Received: {values.dtype}"):
            function(values)
