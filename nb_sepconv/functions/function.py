"""``tf.function``: a program that runs as itself once for each kind of arguments, and then as what it computed."""

from __future__ import annotations

import functools
import threading
from types import MethodType
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.current_scope import get_variable_scope_of
from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.functions.program import MOVED, compiled
from nb_sepconv.functions.programs import Programs
from nb_sepconv.functions.trace import Trace
from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.containers import items_of, rebuilt
from nb_sepconv.tensors.convert import refuse_masked
from nb_sepconv.tensors.symbol import Symbol
from nb_sepconv.tensors.tensor import Tensor
from nb_sepconv.tensors.tracing import Tracing, current_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import FunctionT

_FOREIGN = ("__array_interface__", "__cuda_array_interface__", "__dlpack__", "__array__")


class Function:
    """What :func:`function` returns; see there.

    Attributes:
        python_function: the function that is traced.
    """

    def __init__(self, python_function: Callable[..., Any]) -> None:
        if not callable(python_function):
            raise TypeError(f"`func` must be callable. Received: {python_function!r}")
        self.python_function: Callable[..., Any] = python_function
        self._lock = threading.RLock()
        functools.update_wrapper(self, python_function, updated=())

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<tf.function of {getattr(self.python_function, '__qualname__', self.python_function)}>"

    def __reduce__(self) -> Any:
        return Function, (self.python_function,)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """What the function returns for these arguments."""
        if current_trace() is not None:  # a part of another function
            return self.python_function(*args, **kwargs)
        arrays, graph = [], get_default_graph()
        thread = graph.thread
        scope = thread.variable_scope or get_variable_scope_of(thread)
        key = scope.name, scope.custom_getter, _key_of((args, kwargs), arrays)
        programs = graph.programs.get(self)
        if programs is None:
            programs = graph.programs.setdefault(self, Programs())
        outputs = programs.run(key, arrays, thread)
        if outputs is MOVED:
            with self._lock:  # another thread may have traced it meanwhile
                outputs = programs.run(key, arrays, thread)
                if outputs is MOVED:
                    with programs.names_as_before(graph, scope.name):
                        outputs = self._traced(programs, key, args, kwargs)
        return outputs

    def _traced(self, programs, key, args, kwargs):
        """Run the function as it is, and keep what it computed."""
        trace = Trace()
        given, named = (trace.symbols_for(value) for value in (args, kwargs))
        try:
            with Tracing(trace):
                outputs = trace.outputs(self.python_function(*given, **named))
            programs.keep(key, compiled(trace, outputs))
        finally:
            trace.close()
        return _given(outputs)


def function(func: FunctionT | None = None) -> Any:
    """Make a program of TF's words run without the words' own work: the counterpart of building a graph once.

    The first call with arguments of some shapes and types runs ``func`` as it is and records which arrays its words,
    layers and operators compute from which. Later calls repeat that alone: names, scopes, checks and Python's own
    statements are left out, the results are the same, bit for bit. Variables are read and random numbers drawn anew in
    each call. The first run makes the variables; runs for other shapes find them, with or without names of layers.
    Losses are in their collections while ``func`` runs, and not afterwards.

    Args:
        func: a function of arrays, numbers and anything else, in lists, tuples and dicts as well. NumPy arrays reach it
            as tensors without values; all else, and what it finds outside of its arguments, is a constant of the run.
            Without ``func``, a decorator is returned.

    Returns:
        A callable with the arguments of ``func``. It keeps up to 64 programs for each graph: for shapes and types of
        arrays, constants and variable scopes, and for the shapes in the function that follow from data and that it
        looked at.

    Raises:
        TypeError: in a call, when ``func`` wants values of an array that it computes: in a condition, by ``float``, by
            NumPy. Such lines belong outside of it, or into words of ``tf``. Arrays of other libraries are refused, too.

    >>> import nb_sepconv as tf
    >>> @tf.function
    ... def features(series):
    ...     with tf.variable_scope("doc_function", reuse=tf.AUTO_REUSE):
    ...         x = tf.layers.separable_conv1d(series, 8, 3, activation=tf.nn.relu, name="sep")
    ...     return {"mean": tf.reduce_mean(x, axis=1), "steps": x.shape[1]}
    >>> found = features(tf.ones([2, 10, 4]))
    >>> found["mean"].shape, found["steps"]
    ((2, 8), 8)

    Source: ``tf.function`` of TensorFlow 1.15, without the rewriting of Python's ``if`` and ``for``.
    """
    return function if func is None else Function(func)


def _key_of(value, arrays):
    """What another call must have in common with this one; arrays are appended to ``arrays``, as plain ones."""
    kind = type(value)
    if kind is np.ndarray or kind is Tensor:
        arrays.append(value if kind is np.ndarray else value.view(np.ndarray))
        return value.dtype, arrays[-1].shape
    if isinstance(value, dict):
        return kind, *((type(key), key, _key_of(item, arrays)) for key, item in value.items())
    if isinstance(value, (list, tuple)) or kind is slice:
        return kind, *(_key_of(item, arrays) for item in items_of(value))
    if isinstance(value, (np.ndarray, np.generic)):
        refuse_masked(value)
        arrays.append(np.asarray(value))
        return arrays[-1].dtype, arrays[-1].shape
    return kind, *_constant(value)


def _constant(value):
    if isinstance(value, (float, complex)):  # 0.0 and -0.0 are two constants
        return (repr(value),)
    if isinstance(value, frozenset):
        return (frozenset((type(item), item) for item in value),)
    if not isinstance(value, (ArrayLike, type)) and any(hasattr(value, name) for name in _FOREIGN):
        raise TypeError(
            f"The arrays of a `tf.function` must be NumPy's: use `np.asarray(x)`. Received: {type(value).__name__}"
        )
    try:
        hash(value)
    except TypeError:
        return (_Identical(value),)
    return (value,)


class _Identical:
    """What equals itself alone, for a value without a hash."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __hash__(self) -> int:
        return id(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identical) and self._value is other._value


def _given(value):
    """The outputs of the run that was traced; nothing of it is shared with what the program keeps."""
    if type(value) is Symbol:
        value = value.example
    return value.copy() if isinstance(value, np.ndarray) else rebuilt(value, _given)
