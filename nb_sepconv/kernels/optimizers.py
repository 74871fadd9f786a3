"""One step of each optimizer: a single pass over a variable, its gradient and its slots, all (size,) of one float type.

The formulas are those of TensorFlow's training operations, in their order of operations. Every kernel reads element i
of all arrays before it writes any, so that the gradient may be the variable's own memory.
"""

from __future__ import annotations

import inspect
from math import sqrt
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from nb_sepconv.kernels.cpu.codegen.compile_once import compile_once
from nb_sepconv.kernels.cpu.codegen.entry_points import entry_to
from nb_sepconv.kernels.cpu.codegen.numba_pointers import numba_pointer_to
from nb_sepconv.kernels.cpu.codegen.vector import INTP


class Update:
    """A step that Python calls with arrays and numbers of one float type; its machine code is kept in the store."""

    def __init__(self, function: Any) -> None:
        self.__doc__ = function.__doc__
        self._name = f"{function.__module__}.{function.__name__}"
        parameters = list(inspect.signature(function).parameters)
        self._parameters, self._arrays = len(parameters), parameters.index("rate")  # the first of the numbers
        self._function = function
        self._compiled: Any = compile_once(self._compile)

    def __call__(self, *arguments: Any) -> None:
        """Update the arrays, the first of the arguments: C-contiguous, of one axis and one size."""
        arrays = [each for each in arguments if isinstance(each, np.ndarray)]
        numbers = np.array(arguments[len(arrays) :], arrays[0].dtype)
        self._compiled(arrays[0].dtype, len(arrays))(*map(id, arrays), id(numbers), arrays[0].size)

    def compile_ahead(self, dtype: np.dtype[Any]) -> None:
        """Compile what a step of variables of a type needs."""
        self._compiled(dtype, self._arrays)

    def _compile(self, dtype, count):
        """The step as a function of the ``id`` of arrays, so many and one of the numbers, and of their size."""
        names = [f"array{i}" for i in range(count)]
        values = [f"view({name}, size)" for name in names]
        values += [f"view(numbers, {i + 1})[{i}]" for i in range(self._parameters - count)]
        code = f"def step({', '.join(names)}, numbers, size):\n    update({', '.join(values)})\n    return 0"
        scope = {"update": njit(error_model="numpy")(self._function), "view": _view_of(dtype)}
        exec(code, scope)
        return entry_to(scope["step"], numba_pointer_to(scope["step"], f"{self._name}.{dtype.name}")())


def _view_of(dtype):
    """An intrinsic ``view(array_id, size)``: that many items of the array, as one axis."""
    array_type = types.Array(getattr(types, dtype.name), 1, "C")

    @intrinsic
    def view(typingctx, array_id, size):
        def codegen(context, builder, signature, arguments):
            from numba.core.cgutils import pack_array
            from numba.np.arrayobj import make_array, populate_array  # all of Numba's arrays, which stored code spares

            field = builder.add(arguments[0], INTP(object.__basicsize__))
            array, itemsize = make_array(array_type)(context, builder), INTP(dtype.itemsize)
            populate_array(
                array,
                data=builder.load(builder.inttoptr(field, array.data.type.as_pointer())),
                shape=pack_array(builder, [arguments[1]]),
                strides=pack_array(builder, [itemsize]),
                itemsize=itemsize,
                meminfo=None,
            )
            return array._getvalue()

        return array_type(types.intp, types.intp), codegen

    return view


@Update
def gradient_descent(w: Any, g: Any, rate: Any) -> None:
    """``w[i] -= g[i] * rate``"""
    for i in range(w.size):
        w[i] -= g[i] * rate


@Update
def momentum(w: Any, g: Any, accumulated: Any, rate: Any, momentum: Any) -> None:
    """``a[i] = a[i] * momentum + g[i]; w[i] -= a[i] * rate``"""
    for i in range(w.size):
        a = accumulated[i] * momentum + g[i]
        w[i] -= a * rate
        accumulated[i] = a


@Update
def nesterov(w: Any, g: Any, accumulated: Any, rate: Any, momentum: Any) -> None:
    """``a[i] = a[i] * momentum + g[i]; w[i] -= g[i] * rate + a[i] * momentum * rate``"""
    for i in range(w.size):
        gradient = g[i]
        a = accumulated[i] * momentum + gradient
        w[i] -= gradient * rate + a * momentum * rate
        accumulated[i] = a


@Update
def adagrad(w: Any, g: Any, squares: Any, rate: Any) -> None:
    """``s[i] += g[i]**2; w[i] -= g[i] * rate / sqrt(s[i])``"""
    for i in range(w.size):
        gradient = g[i]
        s = squares[i] + gradient * gradient
        w[i] -= gradient * rate / sqrt(s)
        squares[i] = s


@Update
def adadelta(
    w: Any, g: Any, squares: Any, squared_updates: Any, rate: Any, kept: Any, taken: Any, epsilon: Any
) -> None:
    """``s[i] = s[i] * kept + g[i]**2 * taken; u = g[i] * sqrt(v[i] + epsilon) / sqrt(s[i] + epsilon)``;
    ``w[i] -= u * rate; v[i] = v[i] * kept + u**2 * taken``, where ``taken = 1 - kept``
    """
    for i in range(w.size):
        gradient = g[i]
        s = squares[i] * kept + gradient * gradient * taken
        update = gradient * sqrt(squared_updates[i] + epsilon) / sqrt(s + epsilon)
        w[i] -= update * rate
        squares[i] = s
        squared_updates[i] = squared_updates[i] * kept + update * update * taken


@Update
def rmsprop(
    w: Any, g: Any, mean_squares: Any, moments: Any, rate: Any, taken: Any, momentum: Any, epsilon: Any
) -> None:
    """``s[i] += (g[i]**2 - s[i]) * taken; m[i] = m[i] * momentum + g[i] * rate / sqrt(s[i] + epsilon)``;
    ``w[i] -= m[i]``
    """
    for i in range(w.size):
        gradient = g[i]
        s = mean_squares[i]
        s += (gradient * gradient - s) * taken
        m = moments[i] * momentum + gradient * rate / sqrt(s + epsilon)
        w[i] -= m
        mean_squares[i] = s
        moments[i] = m


@Update
def centered_rmsprop(
    w: Any,
    g: Any,
    mean_gradients: Any,
    mean_squares: Any,
    moments: Any,
    rate: Any,
    taken: Any,
    momentum: Any,
    epsilon: Any,
) -> None:
    """As ``rmsprop``, with the mean gradient ``a[i] += (g[i] - a[i]) * taken`` and ``s[i] - a[i]**2`` below the root"""
    for i in range(w.size):
        gradient = g[i]
        s, a = mean_squares[i], mean_gradients[i]
        s += (gradient * gradient - s) * taken
        a += (gradient - a) * taken
        m = moments[i] * momentum + gradient * rate / sqrt(s - a * a + epsilon)
        w[i] -= m
        mean_squares[i] = s
        mean_gradients[i] = a
        moments[i] = m


@Update
def adam(w: Any, g: Any, means: Any, mean_squares: Any, rate: Any, taken1: Any, taken2: Any, epsilon: Any) -> None:
    """``m[i] += (g[i] - m[i]) * taken1; v[i] += (g[i]**2 - v[i]) * taken2``;
    ``w[i] -= m[i] * rate / (sqrt(v[i]) + epsilon)``, where the caller corrects ``rate`` for the start from zero
    """
    for i in range(w.size):
        gradient = g[i]
        m, v = means[i], mean_squares[i]
        m += (gradient - m) * taken1
        v += (gradient * gradient - v) * taken2
        w[i] -= m * rate / (sqrt(v) + epsilon)
        means[i] = m
        mean_squares[i] = v


@Update
def ftrl(
    w: Any, g: Any, squares: Any, linear: Any, rate: Any, power: Any, l1: Any, twice_l2: Any, twice_shrinkage: Any
) -> None:
    """With ``s = squares[i] + g[i]**2`` and ``h(s) = s**power / rate``:
    ``z[i] += g[i] + twice_shrinkage * w[i] - (h(s) - h(squares[i])) * w[i]; squares[i] = s``;
    ``w[i] = (sign(z[i]) * l1 - z[i]) / (h(s) + twice_l2) if |z[i]| > l1 else 0``
    """
    for i in range(w.size):
        gradient, before, z = g[i], squares[i], linear[i]
        after = before + gradient * gradient
        if power == 0.5:
            height, height_before = sqrt(after), sqrt(before)
        else:
            height, height_before = after**power, before**power
        z += gradient + twice_shrinkage * w[i] - (height - height_before) / rate * w[i]
        if z > l1:
            w[i] = (l1 - z) / (height / rate + twice_l2)
        elif z < -l1:
            w[i] = (-l1 - z) / (height / rate + twice_l2)
        else:
            w[i] = 0
        squares[i] = after
        linear[i] = z


_UPDATES = (
    *(gradient_descent, momentum, nesterov, adagrad, adadelta),
    *(rmsprop, centered_rmsprop, adam, ftrl),
)


def compile_ahead(dtype: str) -> None:
    """Compile what the optimizers' steps need for variables of a type; those of 16 bits are updated in float32."""
    for update in _UPDATES:
        update.compile_ahead(np.dtype("float64" if dtype == "float64" else "float32"))
