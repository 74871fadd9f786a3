"""What words come to for arrays of types and shapes that are known: NumPy's functions of plain arrays, without checks.

A trace takes such a function only where it gave, bit for bit, what the word gave in the run that is traced.
"""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import activations, clip_ops, nn
from nb_sepconv.array_ops import joining, shaping
from nb_sepconv.checks.words import axes_of, axis_of
from nb_sepconv.framework.variables import Variable
from nb_sepconv.math_ops import elementwise, products, reductions
from nb_sepconv.nn import convolution
from nb_sepconv.tensors.convert import number_in
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.symbol import Symbol, holds_symbols
from nb_sepconv.tensors.tensor import OPERATORS, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOKS_AT_INTEGERS = {"div", "floordiv", "floormod", "truncatediv", "truncatemod", "pow", "mod"}


def lean_call(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Callable[..., Any], Any] | None:
    """A function and arguments that a word's call comes to, or None.

    Args:
        function: the word, as it was before it could be traced, or an operator.
        args, kwargs: its arguments, which hold Symbols.
    """
    try:
        make = _MAKERS.get(function)
        return make and make(*args, **{key: value for key, value in kwargs.items() if key != "name"})
    except (TypeError, ValueError, AttributeError, KeyError):  # arguments that only the word itself understands
        return None


def _is_plain(x):
    """Whether a Symbol is of a tensor of a known shape, with axes, and of a type that NumPy computes in as it is."""
    return type(x) is Symbol and not x.loose and type(x.example) is Tensor and _is_simple(x.example)


def _is_simple(array):
    dtype = array.dtype
    return (
        array.ndim > 0 and dtype.isnative and dtype.kind in "fiub" and not (dtype.kind == "f" and dtype.itemsize == 2)
    )


def _of_one(function, *parameters):
    def make(x, *given, **named):
        if not _is_plain(x) or len(given) > len(parameters) or not named.keys() <= set(parameters):
            return None
        if any(map(holds_symbols, (*given, *named.values()))):
            return None
        named.update(zip(parameters, given, strict=False))
        return (partial(function, **named) if named else function), (x,)

    return make


def _of_two(function, looks_at_integers=False, variables=True):
    def make(x, y):
        leader = x if _is_plain(x) else y
        if not _is_plain(leader) or (looks_at_integers and leader.dtype.kind in "iu"):
            return None
        if not variables and Variable in (type(x), type(y)):  # whose operators are NumPy's
            return None
        given = [_operand(value, leader.dtype) for value in (x, y)]
        return None if any(value is None for value in given) else (function, tuple(given))

    return make


def _operand(value, dtype):
    """A Symbol or a variable of a type as it is, a number as an array of it; None for anything else."""
    if type(value) is Symbol or type(value) is Variable:
        fits = _is_plain(value) or (type(value) is Variable and _is_simple(value.array))
        return value if fits and value.dtype == dtype else None
    return number_in(dtype, value)


def _compared(function):
    def make(x, y):
        fits = all(_is_plain(value) or type(value) in (int, float) for value in (x, y))
        return (function, (x, y)) if fits else None

    return make


def _reduced(function):
    def make(x, axis=None, keepdims=None, **old):
        axis, keepdims = old.pop("reduction_indices", axis), old.pop("keep_dims", keepdims)
        if old or not _is_plain(x):
            return None
        axes, kept = axes_of(axis, x.example.ndim), bool(keepdims)
        if len(axes) == x.example.ndim and not kept:
            return (lambda values: np.asarray(function(values, axes, kept))), (x,)
        return (lambda values: function(values, axes, kept)), (x,)

    return make


def _element(x, key):
    return (operator.getitem, (x, key)) if _is_plain(x) and not holds_symbols(key) else None


def _cast(x, dtype):
    return (partial(np.ndarray.astype, dtype=as_dtype(dtype)), (x,)) if _is_plain(x) else None


def _reshaped(word):
    """A word that gives the same elements in another shape, which follows from that of its array."""

    def make(x, *given, **named):
        if not _is_plain(x) or any(map(holds_symbols, (*given, *named.values()))):
            return None
        shape = np.shape(word(x.example, *given, **named))
        return (lambda a: a.reshape(shape).copy()), (x,)

    return make


def _transposed(a, perm=None):
    if not _is_plain(a):
        return None
    axes = None if perm is None else tuple(axes_of(perm, a.example.ndim, "perm"))
    return (lambda x: x.transpose(axes).copy()), (a,)


def _padded(tensor, paddings, mode="CONSTANT", constant_values=0):
    if not _is_plain(tensor) or mode != "CONSTANT" or constant_values != 0:
        return None
    shape, dtype = tensor.example.shape, tensor.dtype
    sizes = [before + size + after for size, (before, after) in zip(shape, paddings, strict=True)]
    inside = tuple(slice(before, before + size) for size, (before, _) in zip(shape, paddings, strict=True))

    def padded(x):
        outputs = np.zeros(sizes, dtype)
        outputs[inside] = x
        return outputs

    return padded, (tensor,)


def _joined(function):
    def make(values, axis=0):
        same = all(map(_is_plain, values)) and len({value.dtype for value in values}) == 1
        if not same:
            return None
        rank = values[0].example.ndim + (function is np.stack)
        return partial(function, axis=axis_of(axis, rank)), (list(values),)

    return make


def _multiplied(a, b, transpose_a=False, transpose_b=False):
    if not (_is_plain(a) and _is_plain(b) and a.dtype == b.dtype):
        return None
    if transpose_a:
        return (lambda x, y: np.matmul(np.swapaxes(x, -1, -2), np.swapaxes(y, -1, -2) if transpose_b else y)), (a, b)
    return ((lambda x, y: np.matmul(x, np.swapaxes(y, -1, -2))) if transpose_b else np.matmul), (a, b)


def _summed_products(equation, *inputs):
    if not all(map(_is_plain, inputs)) or len({value.dtype for value in inputs}) > 1:
        return None
    path = np.einsum_path(equation, *(value.example.view(np.ndarray) for value in inputs), optimize=True)[0]
    return (lambda *arrays: np.array(np.einsum(equation, *arrays, optimize=path))), inputs


def _convolved(value=None, filters=None, stride=None, padding=None, data_format=None, input=None, dilations=None):
    value = input if value is None else value
    if not _is_plain(value) or _operand(filters, value.dtype) is None or type(filters) is not Variable:
        return None
    return convolution.convolution_with(filters, stride, padding, data_format, dilations), (value,)


def _biased(value, bias, data_format=None):
    if not _is_plain(value) or _operand(bias, value.dtype) is None or data_format not in (None, "NWC", "NHWC"):
        return None
    return np.add, (value, bias)


def _clipped(t, clip_value_min, clip_value_max):
    low, high = _operand(clip_value_min, t.dtype), _operand(clip_value_max, t.dtype)
    if not _is_plain(t) or low is None or high is None:
        return None
    return (lambda x, low, high: np.maximum(np.minimum(x, high), low)), (t, low, high)


def _makers():
    makers = {}
    for name, (function, _, _, _) in elementwise.UNARY.items():
        makers[getattr(elementwise, name)] = _of_one(function)
    for name, (function, _, _) in elementwise.BINARY.items():
        makers[getattr(elementwise, name)] = _of_two(function, name in _LOOKS_AT_INTEGERS)
    for name, (function, *_) in reductions.REDUCTIONS.items():
        makers[getattr(reductions, name)] = _reduced(function)
    for name in ("relu", "relu6", "elu", "selu", "sigmoid", "tanh", "softplus", "softsign"):
        makers[getattr(activations, name)] = makers[getattr(nn, name)] = _of_one(_formula(name))
    for name, parameter in (("leaky_relu", "alpha"), ("swish", "beta"), ("gelu", "approximate")):
        makers[getattr(activations, name)] = makers[getattr(nn, name)] = _of_one(_formula(name), parameter)
    for name in ("softmax", "log_softmax"):
        makers[getattr(activations, name)] = makers[getattr(nn, name)] = _of_one(_formula(name), "axis")
    makers |= {nn.conv1d: _convolved, nn.bias_add: _biased}
    makers |= {elementwise.cast: _cast, clip_ops.clip_by_value: _clipped, shaping.pad: _padded}
    makers |= {each: _reshaped(each) for each in (shaping.reshape, shaping.expand_dims, shaping.squeeze)}
    makers |= {joining.concat: _joined(np.concatenate), joining.stack: _joined(np.stack)}
    makers |= {shaping.transpose: _transposed, products.matmul: _multiplied, products.einsum: _summed_products}
    makers = {word.__wrapped__: make for word, make in makers.items()}
    for name, function in OPERATORS.items():
        makers[getattr(operator, f"__{name}__")] = _of_two(function, name in _LOOKS_AT_INTEGERS, variables=False)
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        makers[getattr(operator, f"__{name}__")] = _compared(getattr(operator, name))
    for name in ("neg", "abs"):
        makers[getattr(operator, f"__{name}__")] = _of_one(getattr(operator, name))
    return {**makers, operator.getitem: _element}


def _formula(name):
    """An activation's function of a plain array of float32 or float64."""
    return getattr(activations, name).__wrapped__.__wrapped__


_MAKERS = _makers()
