"""The derivatives of the penalties: against differences of the penalties themselves."""

import numpy as np
import pytest

from nb_sepconv import regularizers

REGULARIZERS = [
    regularizers.L1(0.3),
    regularizers.L2(0.7),
    regularizers.L1L2(0.3, 0.7),
    regularizers.OrthogonalRegularizer(1.3),
    regularizers.OrthogonalRegularizer(1.3, mode="columns"),
]


def by_name(regularizer):
    return f"{type(regularizer).__name__}{regularizer.get_config()}"


def differences(function, x, step=1e-6):
    """Central differences by each element."""
    result = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        around = [x.copy(), x.copy()]
        around[0][place] += step
        around[1][place] -= step
        result[place] = (function(around[0]) - function(around[1])) / (2 * step)
    return result


@pytest.mark.parametrize("regularizer", REGULARIZERS, ids=by_name)
@pytest.mark.parametrize("shape", [(4, 3), (3, 5)])
def test_gradient_is_the_slope_of_the_penalty(regularizer, shape):
    x = np.random.default_rng(shape).standard_normal(shape)
    found = regularizers.gradient(regularizer, x)
    np.testing.assert_allclose(found, differences(regularizer, x), rtol=1e-6, atol=1e-9)
    assert found.shape == x.shape


@pytest.mark.parametrize("regularizer", REGULARIZERS, ids=by_name)
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_gradient_has_the_type_of_the_weights(regularizer, dtype):
    x = np.random.default_rng(3).standard_normal((4, 3)).astype(dtype)
    found = regularizers.gradient(regularizer, x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, regularizers.gradient(regularizer, x.astype(float)), rtol=2e-3, atol=2e-3)


def test_corners_are_flat():
    assert regularizers.gradient(regularizers.L1(0.5), np.float32([0, -0.0, 2])).tolist() == [0, 0, 0.5]
    with_zeros = np.array([[0.0, 0.0], [1.0, 2.0], [3.0, -1.0]])
    assert np.isfinite(regularizers.gradient(regularizers.OrthogonalRegularizer(), with_zeros)).all()


def test_none_has_none():
    np.testing.assert_array_equal(regularizers.gradient(None, np.float32([1, 2])), np.zeros(2, np.float32))


def test_callable_brings_its_own_or_is_refused():
    class Cubes:
        def __call__(self, x):
            return np.sum(x**3)

        def gradient(self, x):
            return 3 * x**2

    assert regularizers.gradient(Cubes(), np.float64([1, 2])).tolist() == [3, 12]
    with pytest.raises(TypeError, match=r"`regularizer` must be one .* a method `gradient` .*Received: <built-in"):
        regularizers.gradient(sum, np.float64([1, 2]))
    with pytest.raises(NotImplementedError, match="Regularizer does not implement `gradient`"):
        regularizers.gradient(regularizers.Regularizer(), np.float64([1, 2]))
