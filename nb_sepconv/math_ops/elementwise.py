"""Functions of each element, of one array or of two; NumPy's, by TF's rules of types."""

import numpy as np

from nb_sepconv.activations import error_function
from nb_sepconv.activations.formulas import log_one_plus_exp, logistic
from nb_sepconv.tensors.convert import is_floating, widely
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor import (
    floor_divide,
    floor_modulo,
    matched,
    matched_all,
    plain,
    tensor,
    true_divide,
)
from nb_sepconv.tensors.tracing import word

_ANY, _REAL, _FLOATS, _BOOLS = "numbers", "integers or floats", "floats", "bools"


def _accepts(kind, dtype):
    floating = is_floating(dtype)
    if kind == _FLOATS:
        return floating or dtype.kind == "c"
    if kind == _BOOLS:
        return dtype.kind == "b"
    return floating or dtype.kind in ("iu" if kind == _REAL else "iuc")


def _checked(x, kind, name="x"):
    x = plain(x)
    if not _accepts(kind, x.dtype):
        raise TypeError(f"`{name}` must be an array of {kind}. Received: {x.dtype}")
    return x


def _reciprocal_root(x):
    return 1 / np.sqrt(x)


def _half_to_even(x):
    return np.rint(x) if is_floating(x.dtype) else x.copy()


def _sign(x):
    return np.where(np.isnan(x), x, np.sign(x)) if is_floating(x.dtype) else np.sign(x)


def _reciprocal(x):
    return x.dtype.type(1) / x if x.dtype.kind not in "iu" else _integer_reciprocal(x)


def _integer_reciprocal(x):
    if not np.all(x):
        raise ZeroDivisionError("`x` must not be zero where integers are divided. Received: 0")
    return np.where(np.abs(x) == 1, x, x.dtype.type(0))


# name: (the function of a plain array, what it accepts, whether 16-bit floats need float32 for it, the docstring)
UNARY = {
    "abs": (np.abs, _ANY, False, "The magnitude of each element, real where the elements are complex."),
    "negative": (np.negative, _ANY, False, "Each element with the other sign."),
    "sign": (_sign, _ANY, False, "-1, 0 or 1 by the sign of each element; NaN stays NaN."),
    "reciprocal": (_reciprocal, _ANY, True, "``1 / x``."),
    "square": (np.square, _ANY, False, "Each element times itself."),
    "sqrt": (np.sqrt, _FLOATS, False, "The square root of each element; NaN for negative ones."),
    "rsqrt": (_reciprocal_root, _FLOATS, True, "``1 / sqrt(x)``."),
    "exp": (np.exp, _FLOATS, False, "``e`` to the power of each element."),
    "expm1": (np.expm1, _FLOATS, False, "``exp(x) - 1``, exact for small ``x``."),
    "log": (np.log, _FLOATS, False, "The natural logarithm of each element; -inf for 0, NaN for negative ones."),
    "log1p": (np.log1p, _FLOATS, False, "``log(1 + x)``, exact for small ``x``."),
    "log_sigmoid": (lambda x: -log_one_plus_exp(-x), _FLOATS, True, "``log(1 / (1 + exp(-x)))``."),
    "sigmoid": (logistic, _FLOATS, True, "``1 / (1 + exp(-x))``."),
    "sin": (np.sin, _FLOATS, False, "The sine of each element."),
    "cos": (np.cos, _FLOATS, False, "The cosine of each element."),
    "tan": (np.tan, _FLOATS, False, "The tangent of each element."),
    "asin": (np.arcsin, _FLOATS, False, "The inverse sine of each element."),
    "acos": (np.arccos, _FLOATS, False, "The inverse cosine of each element."),
    "atan": (np.arctan, _FLOATS, False, "The inverse tangent of each element."),
    "sinh": (np.sinh, _FLOATS, False, "The hyperbolic sine of each element."),
    "cosh": (np.cosh, _FLOATS, False, "The hyperbolic cosine of each element."),
    "tanh": (np.tanh, _FLOATS, False, "The hyperbolic tangent of each element."),
    "asinh": (np.arcsinh, _FLOATS, False, "The inverse hyperbolic sine of each element."),
    "acosh": (np.arccosh, _FLOATS, False, "The inverse hyperbolic cosine of each element."),
    "atanh": (np.arctanh, _FLOATS, False, "The inverse hyperbolic tangent of each element."),
    "erf": (error_function.erf, _FLOATS, True, "The error function of each element."),
    "erfc": (error_function.erfc, _FLOATS, True, "``1 - erf(x)``, exact for large ``x``."),
    "floor": (np.floor, _FLOATS, False, "Each element rounded down."),
    "ceil": (np.ceil, _FLOATS, False, "Each element rounded up."),
    "rint": (np.rint, _FLOATS, False, "Each element rounded to the nearest integer, a half to the even one."),
    "round": (_half_to_even, _ANY, False, "Each element rounded to the nearest integer, a half to the even one."),
    "is_nan": (np.isnan, _FLOATS, False, "Whether each element is NaN."),
    "is_inf": (np.isinf, _FLOATS, False, "Whether each element is an infinity."),
    "is_finite": (np.isfinite, _FLOATS, False, "Whether each element is neither an infinity nor NaN."),
    "logical_not": (np.logical_not, _BOOLS, False, "True where the element is False."),
}


def _unary(name, function, kind, wide, docstring):
    def of_one(x, name=None):
        x = _checked(x, kind)
        return tensor(widely(function, x) if wide else quietly(function, x))

    return _named(of_one, name, docstring)


def _named(function, name, docstring):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = docstring
    return word(function)


def _truncated(x, y):
    if is_floating(x.dtype):
        return np.trunc(np.true_divide(x, y))
    quotient = floor_divide(x, y)
    return quotient + ((np.remainder(x, y) != 0) & ((x < 0) != (y < 0)))


def _truncated_remainder(x, y):
    return np.fmod(x, y) if is_floating(x.dtype) else x - _truncated(x, y) * y


def _divide_or_zero(x, y):
    return np.where(y == 0, x.dtype.type(0), np.true_divide(x, y))


def _multiply_or_zero(x, y):
    return np.where(y == 0, x.dtype.type(0), np.multiply(x, y))


def _python_2_division(x, y):
    return np.true_divide(x, y) if is_floating(x.dtype) else floor_divide(x, y)


def _power(x, y):
    if x.dtype.kind in "iu" and (y < 0).any():
        raise ValueError(f"`y` must not be negative where integers are raised to it. Received: {y.min()}")
    return np.power(x, y)


# name: (the function of two plain arrays, what it accepts, the docstring)
BINARY = {
    "add": (np.add, _ANY, "``x + y``."),
    "subtract": (np.subtract, _ANY, "``x - y``."),
    "multiply": (np.multiply, _ANY, "``x * y``."),
    "divide": (true_divide, _ANY, "``x / y``; integers give floats, float64 if they have 32 bits or more."),
    "truediv": (true_divide, _ANY, "``x / y``; integers give floats, float64 if they have 32 bits or more."),
    "realdiv": (np.true_divide, _FLOATS, "``x / y`` of floats."),
    "div": (_python_2_division, _ANY, "``x / y``, which is rounded down for integers, as in Python 2."),
    "div_no_nan": (_divide_or_zero, _FLOATS, "``x / y``, and 0 where ``y`` is 0."),
    "multiply_no_nan": (_multiply_or_zero, _FLOATS, "``x * y``, and 0 where ``y`` is 0, whatever ``x`` is."),
    "floordiv": (floor_divide, _REAL, "``x / y`` rounded down."),
    "floormod": (floor_modulo, _REAL, "``x - floor(x / y) * y``, which has the sign of ``y``."),
    "truncatediv": (_truncated, _REAL, "``x / y`` cut to an integer."),
    "truncatemod": (_truncated_remainder, _REAL, "What ``truncatediv`` leaves, which has the sign of ``x``."),
    "pow": (_power, _ANY, "``x`` to the power ``y``."),
    "maximum": (np.maximum, _REAL, "The larger one of ``x`` and ``y``; NaN where one is NaN."),
    "minimum": (np.minimum, _REAL, "The smaller one of ``x`` and ``y``; NaN where one is NaN."),
    "squared_difference": (lambda x, y: np.square(x - y), _ANY, "``(x - y) ** 2``."),
    "equal": (np.equal, None, "Whether ``x == y``."),
    "not_equal": (np.not_equal, None, "Whether ``x != y``."),
    "less": (np.less, _REAL, "Whether ``x < y``."),
    "less_equal": (np.less_equal, _REAL, "Whether ``x <= y``."),
    "greater": (np.greater, _REAL, "Whether ``x > y``."),
    "greater_equal": (np.greater_equal, _REAL, "Whether ``x >= y``."),
    "logical_and": (np.logical_and, _BOOLS, "Whether ``x`` and ``y`` are both True."),
    "logical_or": (np.logical_or, _BOOLS, "Whether ``x`` or ``y`` is True."),
    "logical_xor": (np.logical_xor, _BOOLS, "Whether one of ``x`` and ``y`` alone is True."),
}


def _binary(name, function, kind, docstring):
    def of_two(x, y, name=None):
        x, y = matched(x, y)
        if kind is not None:
            _checked(x, kind)
        try:
            return tensor(quietly(function, x, y))
        except ValueError as error:
            if "broadcast" not in str(error):
                raise
            raise ValueError(f"`y` must broadcast with the shape {x.shape} of `x`. Received: {y.shape}") from None

    return _named(of_two, name, docstring)


for _name, _row in UNARY.items():
    globals()[_name] = _unary(_name, *_row)
for _name, _row in BINARY.items():
    globals()[_name] = _binary(_name, *_row)

floor_div = globals()["floordiv"]
mod = globals()["floormod"]


@word
def atan2(y, x, name=None):
    """The angle of the point ``(x, y)``, between -pi and pi."""
    y, x = matched(y, x, ("y", "x"))
    return tensor(quietly(np.arctan2, _checked(y, _FLOATS, "y"), x))


@word
def scalar_mul(scalar, x, name=None):
    """``x`` times a single number."""
    x, scalar = matched(x, scalar, ("x", "scalar"))
    if scalar.ndim:
        raise ValueError(f"`scalar` must be a single number. Received: an array of shape {scalar.shape}")
    return tensor(quietly(np.multiply, x, scalar))


@word
def add_n(inputs, name=None):
    """The sum of a list of arrays of one shape and type.

    >>> add_n([[1, 2], [3, 4], [5, 6]]).tolist()
    [9, 12]
    """
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError(f"`inputs` must be a list of arrays. Received: {inputs!r}")
    arrays = matched_all(inputs, [f"inputs[{i}]" for i in range(len(inputs))])
    if len({array.shape for array in arrays}) > 1:
        raise ValueError(f"`inputs` must have one shape. Received: {', '.join(str(array.shape) for array in arrays)}")
    total = arrays[0].copy()
    for array in arrays[1:]:
        total = quietly(np.add, total, array)
    return tensor(total)


accumulate_n = add_n


@word
def cast(x, dtype, name=None):
    """The elements in another type; floats are cut to integers, and anything but 0 is True.

    >>> cast([1.8, -1.8], "int32").tolist()
    [1, -1]
    """
    return tensor(_cast(plain(x), as_dtype(dtype)))


def _cast(x, dtype):
    return quietly(x.astype, dtype, copy=True)


@word
def saturate_cast(value, dtype, name=None):
    """The elements in another type, and its largest or smallest number where they lie beyond it.

    >>> saturate_cast([300, -5], "uint8").tolist()
    [255, 0]
    """
    value, dtype = _checked(value, _REAL, "value"), as_dtype(dtype)
    if dtype.kind not in "iu":
        return tensor(_cast(value, dtype))
    limits, wide = np.iinfo(dtype), np.float64 if is_floating(value.dtype) else np.int64
    low, high = max(limits.min, np.iinfo(np.int64).min), min(limits.max, np.iinfo(np.int64).max)
    result = _cast(np.clip(value.astype(wide), low, high), dtype)
    return tensor(
        np.where(value.astype(wide) >= high, dtype.type(limits.max), result) if wide is np.float64 else result
    )


def _cast_to(name, dtype):
    def of_one(x, name=None):
        return tensor(_cast(plain(x), as_dtype(dtype)))

    return _named(of_one, name, f"The elements in {dtype}; see ``cast``.")


to_float = _cast_to("to_float", "float32")
to_double = _cast_to("to_double", "float64")
to_int32 = _cast_to("to_int32", "int32")
to_int64 = _cast_to("to_int64", "int64")
to_bfloat16 = _cast_to("to_bfloat16", "bfloat16")
