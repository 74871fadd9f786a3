"""Orthonormal columns from any full-rank matrix, with the same bits on every platform."""

import numpy as np


def orthonormal_columns(matrix: np.ndarray) -> np.ndarray:
    """The factor Q of the matrix's QR decomposition whose R has a positive diagonal.

    Modified Gram-Schmidt, done twice so that the columns are orthogonal to rounding. Sums are halvings of the matrix
    in a fixed order, one NumPy addition each: LAPACK and ``np.sum`` choose theirs by machine.

    Args:
        matrix: float64 array of shape ``(rows, columns)``, of rank ``columns``.

    Returns:
        An array of the same shape.
    """
    return _gram_schmidt(_gram_schmidt(matrix))


def _gram_schmidt(matrix):
    left = matrix.copy()
    for column in range(matrix.shape[1]):
        vector, rest = left[:, column], left[:, column + 1 :]
        vector /= np.sqrt(_sum_of_rows(vector * vector))
        rest -= vector[:, None] * _sum_of_rows(vector[:, None] * rest)
    return left


def _sum_of_rows(rows):
    while len(rows) > 1:
        half = len(rows) // 2
        folded = rows[:half] + rows[half : 2 * half]
        rows = np.concatenate([folded, rows[2 * half :]]) if len(rows) % 2 else folded
    return rows[0]
