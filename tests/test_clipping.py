"""Clipping: types, and what it refuses; the values are compared with TensorFlow's in tests/conformance."""

import numpy as np
import pytest

import nb_sepconv as tf


def test_16_bit_norms_do_not_overflow():
    array = np.full(100, 200, np.float16)
    clipped, norm = tf.clip_by_global_norm([array], 1000.0)
    assert (norm.dtype, float(norm), clipped[0].dtype) == (np.float16, 2000, np.float16)
    np.testing.assert_array_equal(clipped[0], np.full(100, 100, np.float16))
    np.testing.assert_array_equal(tf.clip_by_norm(array, 1000.0), np.full(100, 100, np.float16))


def test_arrays_stay_as_they_are():
    arrays = [np.float64([3, 4]), np.float64([12])]
    before = [array.copy() for array in arrays]
    clipped, norm = tf.clip_by_global_norm(arrays, 6.5)
    assert (norm, [array.tolist() for array in clipped]) == (13, [[1.5, 2], [6]])
    tf.clip_by_norm(arrays[0], 1.0)
    tf.clip_by_value(arrays[0], 0, 1)
    for array, wanted in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, wanted)


def test_nan_stays_visible():
    assert np.isnan(tf.clip_by_norm(np.float32([np.nan, 1]), 2.0)).all()
    assert np.isnan(tf.clip_by_value(np.float32([np.nan, 1]), 0, 1)).tolist() == [True, False]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((np.zeros(2), 1.0), TypeError, r"`t_list` must be a list of arrays\. Received: ndarray"),
        (([np.array([1])], 1.0), TypeError, r"`t_list` must be an array of float16, .*\. Received: int64"),
        (([None], 1.0), ValueError, r"`t_list` must hold an array\. Received: none"),
        (([np.zeros(2), np.float32([1])], 1.0), TypeError, r"arrays of one type\. Received: float32, float64"),
        (([np.zeros(2)], 0.0), ValueError, r"`clip_norm` must be positive\. Received: 0.0"),
        (([np.zeros(2)], [1.0]), ValueError, r"`clip_norm` must be a single number\. Received: .* shape \(1,\)"),
        (([np.zeros(2)], 1.0, [1.0]), ValueError, r"`use_norm` must be a single number"),
    ],
)
def test_clip_by_global_norm_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        tf.clip_by_global_norm(*arguments)


def test_others_refuse():
    with pytest.raises(TypeError, match=r"`t` must be an array of float16, .*\. Received: int32"):
        tf.clip_by_norm([1, 2], 1.0)
    with pytest.raises(ValueError, match=r"`clip_norm` must be a single number"):
        tf.clip_by_norm([1.0, 2.0], [1.0])
    with pytest.raises(TypeError, match=r"`t` must be an array of integers or floats\. Received: complex"):
        tf.clip_by_value(np.zeros(2, complex), 0, 1)
