"""The error function, to float64's accuracy, in NumPy alone.

Source: W. J. Cody, "Rational Chebyshev approximations for the error function", Math. Comp. 23 (1969), 631-637:
a rational function for each of |x| <= 0.46875 (erf), |x| <= 4 and |x| > 4 (erfc times exp(x^2)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Array

_SMALL = 0.46875
_LARGE = 4.0
_VANISHES = 27.5  # erfc is below the smallest float64 from here on
_INVERSE_SQRT_PI = 5.6418958354775628695e-1

# Coefficients of each ratio's numerator and denominator, highest power first.
_SMALL_RATIO = (
    [1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2, 3.20937758913846947e3],
    [1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3],
)
_MIDDLE_RATIO = (
    [
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1),
        *(2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3),
        1.23033935479799725e3,
    ],
    [
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3),
        *(3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ],
)
_LARGE_RATIO = (
    [
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1),
        *(1.60837851487422766e-2, 6.58749161529837803e-4),
    ],
    [
        *(1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1, 6.05183413124413191e-2),
        2.33520497626869185e-3,
    ],
)


def erf(x: Array) -> np.ndarray:
    """The error function of each element.

    Args:
        x: array of real numbers, any shape.

    Returns:
        A float64 array of the same shape; NaN where ``x`` is NaN.

    Example:
        >>> erf([0.0, 0.5, -np.inf]).round(6).tolist()
        [0.0, 0.5205, -1.0]

    Source: the module's.
    """
    x = np.asarray(x, np.float64)
    magnitude = np.abs(x)
    return np.where(magnitude <= _SMALL, _erf_small(x), np.copysign(1 - _erfc_positive(magnitude), x))


def erfc(x: Array) -> np.ndarray:
    """The complement ``1 - erf(x)`` of each element, accurate where it is small.

    Args:
        x: array of real numbers, any shape.

    Returns:
        A float64 array of the same shape; NaN where ``x`` is NaN.

    Example:
        >>> [f"{tail:.12e}" for tail in erfc([0.0, 10.0])]
        ['1.000000000000e+00', '2.088487583763e-45']

    Source: the module's.
    """
    x = np.asarray(x, np.float64)
    tail = _erfc_positive(np.abs(x))
    return np.where(np.abs(x) <= _SMALL, 1 - _erf_small(x), np.where(x < 0, 2 - tail, tail))


def _erf_small(x):
    x = np.clip(x, -_SMALL, _SMALL)
    return x * _ratio(_SMALL_RATIO, x * x)


def _erfc_positive(x):
    """erfc for x > 0.46875; the factor exp(-x^2) is split so that the rounding of x^2 does not grow."""
    x = np.clip(x, _SMALL, _VANISHES)
    inverse_square = 1 / np.square(np.maximum(x, _LARGE))
    large = (_INVERSE_SQRT_PI - inverse_square * _ratio(_LARGE_RATIO, inverse_square)) / np.maximum(x, _LARGE)
    scaled = np.where(x <= _LARGE, _ratio(_MIDDLE_RATIO, np.minimum(x, _LARGE)), large)
    coarse = np.trunc(x * 16) / 16
    return np.exp(-coarse * coarse) * np.exp(-(x - coarse) * (x + coarse)) * scaled


def _ratio(coefficients, x):
    above, below = coefficients
    return np.polyval(above, x) / np.polyval(below, x)
