"""Logarithm, sine and cosine built from ``+ - * /`` alone, each one NumPy operation.

IEEE 754 rounds these correctly, so the results have the same bits on every platform, which no libm promises.
Accurate to a few units of the last place of float64.
"""

import math

import numpy as np

_LN2_HIGH = 6.93147180369123816490e-01  # 33 bits: its product with an exponent is exact
_LN2_LOW = 1.90821492927058770002e-10
_HALF_PI_HIGH = 1.57079632673412561417  # 33 bits
_HALF_PI_LOW = 6.07710050650619224932e-11

_ARTANH_SERIES = [1 / (2 * n + 1) for n in range(12, -1, -1)]
_SINE_SERIES = [(-1) ** n / math.factorial(2 * n + 1) for n in range(9, -1, -1)]
_COSINE_SERIES = [(-1) ** n / math.factorial(2 * n) for n in range(9, -1, -1)]


def log(x: np.ndarray) -> np.ndarray:
    """The natural logarithm of positive normal float64 numbers.

    Source: ``log m = 2 artanh((m - 1) / (m + 1))`` after taking out the power of two.
    """
    mantissa, exponent = np.frexp(x)
    low = mantissa < math.sqrt(0.5)
    mantissa = np.where(low, 2 * mantissa, mantissa)
    exponent = exponent - low
    s = (mantissa - 1) / (mantissa + 1)
    return 2 * s * np.polyval(_ARTANH_SERIES, s * s) + exponent * _LN2_LOW + exponent * _LN2_HIGH


def sine_and_cosine(angle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sine and cosine of float64 angles from 0 to 2 pi.

    Source: Taylor's series on the nearest quarter turn.
    """
    quarters = np.rint(angle * (2 / math.pi))
    rest = (angle - quarters * _HALF_PI_HIGH) - quarters * _HALF_PI_LOW
    sine = rest * np.polyval(_SINE_SERIES, rest * rest)
    cosine = np.polyval(_COSINE_SERIES, rest * rest)
    quarter = quarters.astype(np.int64) % 4
    return (
        np.choose(quarter, [sine, cosine, -sine, -cosine]),
        np.choose(quarter, [cosine, -sine, -cosine, sine]),
    )
