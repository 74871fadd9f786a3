"""Variables: named arrays that a graph owns and that layers, regularizers and optimizers share."""

from __future__ import annotations

import enum
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.name_scope import name_scope
from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.convert import as_array, is_floating, refuse_masked
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor_shape import Shape, as_shape
from nb_sepconv.tensors.tracing import ASSIGNS, refuse_in_trace, word, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike
    from typing_extensions import Self

    from nb_sepconv.framework.graph import Graph
    from nb_sepconv.tensors.typing import Array, ArrayInput, ShapeInput


class VariableSynchronization(enum.Enum):
    """When a distributed variable would be aggregated; ON_READ makes a variable not trainable."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How a distributed variable would be aggregated; kept for custom getters."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


class VariableOp(NamedTuple):
    """What ``variable.op`` answers: the variable's name without ``:0``."""

    name: str
    type: str = "VarHandleOp"


class Variable(ArrayLike):
    """An array with a name, a home graph and a place in its collections.

    It works wherever an array does. ``==`` between two variables asks whether they are the same one, as in TF1's
    graphs, so that ``v in tf.trainable_variables()`` works; against anything else it compares the elements.

    Args:
        initial_value: array_like, or a function of no arguments that returns one. Python floats become float32 and
            Python ints int32; arrays keep their type.
        trainable: bool, whether it joins ``TRAINABLE_VARIABLES``. Default True (False with ON_READ).
        collections: list of collection keys. Default ``[GraphKeys.GLOBAL_VARIABLES]``.
        validate_shape, caching_device, variable_def, expected_shape, import_scope, use_resource, aggregation:
            accepted as TF1 has them; they change nothing here.
        name: str, made unique in the current name scope. Default "Variable".
        dtype: the type to convert ``initial_value`` to. Default its own.
        constraint: a function of the value that optimizers apply after an update. Default None.
        synchronization: VariableSynchronization. Default AUTO.
        shape: the shape that ``initial_value`` must have. Default any.

    Raises:
        ValueError: no initial value, another shape, collections that are no list, or a constraint that is no callable.

    >>> v = Variable([1.0, 2.0], name="gain")
    >>> v.name, v.shape, (v * 2).tolist()
    ('gain:0', (2,), [2.0, 4.0])
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Sequence[str] | None = None,
        validate_shape: bool = True,
        caching_device: object = None,
        name: str | None = None,
        variable_def: object = None,
        dtype: DTypeLike | None = None,
        expected_shape: object = None,
        import_scope: object = None,
        constraint: Callable[..., Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: ShapeInput | None = None,
    ) -> None:
        _check(initial_value, collections, constraint)
        self.graph: Graph | None = get_default_graph()
        self.trainable: bool = resolve_trainable(trainable, synchronization, name)
        self.constraint: Callable[..., Any] | None = constraint
        self._version, self._handed_out = 0, False
        self.kept: dict[str, Any] = {}  # what others compute from it and keep with it; copies keep nothing
        with self.graph.undo_on_failure(), name_scope(name, "Variable") as scope:
            self._op_name = scope.removesuffix("/")
            self.graph.keep_name(self._op_name)
            self.array: Array = _initial_array(initial_value, dtype, shape)
            for key in _collections(collections, self.trainable):
                self.graph.add_to_collection(key, self)

    # ---- what it is ----

    @property
    def name(self) -> str:
        """The name of the value, as ``scope/bias:0``."""
        return f"{self._op_name}:0"

    @property
    def op(self) -> VariableOp:
        """The operation behind it; ``variable.op.name`` is the name without ``:0``."""
        return VariableOp(self._op_name)

    @property
    def shape(self) -> Shape:
        """The shape, a tuple of ints that also has ``as_list()``."""
        return Shape(self.array.shape)

    def get_shape(self) -> Shape:
        """The same as ``shape``."""
        return self.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype."""
        return self.array.dtype

    @property
    def ndim(self) -> int:
        """How many dimensions it has."""
        return self.array.ndim

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.array.size

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} shape={tuple(self.shape)} dtype={self.dtype.name}>"

    # ---- reading ----

    def read(self) -> Array:
        """The array itself."""
        refuse_in_trace("`variable.read()`", "use the variable itself, or `variable.value()`")
        return self.array

    def numpy(self) -> Array:
        """The array itself: writing to it writes to the variable."""
        refuse_in_trace("`variable.numpy()`", "use the variable itself, or `variable.value()`")
        self._handed_out = True
        return self.array

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Array:
        self._handed_out = self._handed_out or copy is False
        return super().__array__(dtype, copy)

    @property
    def version(self) -> int:
        """A number that differs from an earlier one if the value may have changed since.

        ``assign`` changes it; and so does every look at it while somebody else holds the array that ``numpy`` gave.
        """
        if self._handed_out:
            self._version += 1
            self._handed_out = sys.getrefcount(self.array) > _REFERENCES_OF_OURS
        return self._version

    @word
    def value(self) -> Array:
        """A copy of the value as it is now."""
        return self.array.copy()

    read_value = value
    initialized_value = value

    def eval(self, session: object = None) -> Array:
        """A copy of the value as it is now; ``session`` is accepted as TF1 has it and unused."""
        return self.value()

    # ---- writing ----

    @word_of(ASSIGNS)
    def assign(
        self, value: ArrayInput, use_locking: bool = False, name: object = None, read_value: bool = True
    ) -> Self:
        """Write ``value`` into the variable, in place.

        Args:
            value: array_like of the variable's shape; its type must convert without changing kind (float64 to float32
                is fine, float to int is not).
            use_locking, name, read_value: accepted as TF1 has them and unused.

        Returns:
            The variable.

        Raises:
            ValueError: when the shape differs.
            TypeError: when the type does not convert.
        """
        self.array[...] = self._checked(value)
        self._version += 1
        return self

    @word_of(ASSIGNS)
    def assign_add(
        self, delta: ArrayInput, use_locking: bool = False, name: object = None, read_value: bool = True
    ) -> Self:
        """Add ``delta``, an array of the variable's shape, in place; see ``assign``."""
        return self.assign(self.array + self._checked(delta))

    @word_of(ASSIGNS)
    def assign_sub(
        self, delta: ArrayInput, use_locking: bool = False, name: object = None, read_value: bool = True
    ) -> Self:
        """Subtract ``delta``, an array of the variable's shape, in place; see ``assign``."""
        return self.assign(self.array - self._checked(delta))

    def load(self, value: ArrayInput, session: object = None) -> None:
        """Write ``value`` into the variable; ``session`` is accepted as TF1 has it and unused."""
        self.assign(value)

    def written(self, values: Array) -> None:
        """Take what was computed: an array of its size, or its own memory after a computation in place."""
        refuse_in_trace("An optimizer's step", "take it after the function")
        if not np.may_share_memory(values, self.array):
            self.array.reshape(-1)[:] = values.reshape(-1)
        self._version += 1

    def _checked(self, value):
        refuse_masked(value)
        value = np.asarray(value.read() if isinstance(value, ArrayLike) else value)
        if value.shape != self.array.shape:
            raise ValueError(
                f"`value` must have the shape {tuple(self.shape)} of the variable {self.name}. "
                f"Received: an array of shape {value.shape}"
            )
        if not _converts(value.dtype, self.dtype):
            raise TypeError(
                f"`value` must convert to the type {self.dtype.name} of the variable {self.name} in kind. "
                f"Received: an array of type {value.dtype.name}"
            )
        return value.astype(self.dtype, copy=False)

    # ---- comparing, copying ----

    def __eq__(self, other: object) -> Any:
        return self is other if isinstance(other, Variable) else super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return self is not other if isinstance(other, Variable) else super().__ne__(other)

    def __hash__(self) -> int:
        return id(self)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "graph": None, "kept": {}}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = memo[id(self)] = object.__new__(type(self))
        copied.__dict__.update(self.__dict__, graph=None, kept={}, array=self.array.copy())
        return copied


_REFERENCES_OF_OURS = 2  # the variable's, and the question's own


def _in_place(symbol, method):
    def refuse(self, other):
        raise RuntimeError(
            f"`variable {symbol} value` is not supported: use `variable.{method}` to change the variable, "
            f"or `variable = variable {symbol[0]} value` for a new array"
        )

    return refuse


for _name, _symbol, _method in (
    *(("__iadd__", "+=", "assign_add(value)"), ("__isub__", "-=", "assign_sub(value)")),
    *(("__imul__", "*=", "assign(variable * value)"), ("__itruediv__", "/=", "assign(variable / value)")),
    *(("__ifloordiv__", "//=", "assign(variable // value)"), ("__imod__", "%=", "assign(variable % value)")),
    *(("__ipow__", "**=", "assign(variable ** value)"), ("__imatmul__", "@=", "assign(variable @ value)")),
):
    setattr(Variable, _name, _in_place(_symbol, _method))


def resolve_trainable(trainable: bool | None, synchronization: VariableSynchronization, name: str | None) -> bool:
    """Whether a variable is trainable: as asked, else True unless it is synchronized on reads."""
    on_read = synchronization is VariableSynchronization.ON_READ
    if on_read and trainable:
        raise ValueError(
            f"`synchronization` ON_READ is for variables that are not trainable. Received: trainable=True for {name!r}"
        )
    return not on_read if trainable is None else trainable


def _check(initial_value, collections, constraint):
    if initial_value is None:
        raise ValueError("`initial_value` must be specified. Received: None")
    if collections is not None and not isinstance(collections, (list, tuple, set)):
        raise ValueError(
            "`collections` must be a list, tuple, or set. "
            f"Received: {collections!r} of type {type(collections).__name__}"
        )
    if constraint is not None and not callable(constraint):
        raise ValueError(f"The `constraint` argument must be a callable. Received: {constraint!r}")


def _collections(collections, trainable):
    keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
        keys.append(GraphKeys.TRAINABLE_VARIABLES)
    return dict.fromkeys(keys)


def _initial_array(value, dtype, shape):
    value = as_array(value() if callable(value) else value)
    if value.dtype == object:
        raise ValueError(f"`initial_value` must hold numbers. Received: {value!r}")
    if shape is not None and not as_shape(shape).is_compatible_with(value.shape):
        raise ValueError(
            f"The initial value's shape {value.shape} is not compatible with the explicitly supplied `shape` "
            f"{tuple(as_shape(shape))}"
        )
    dtype = value.dtype.newbyteorder("=") if dtype is None else as_dtype(dtype)
    if is_floating(value.dtype) and not is_floating(dtype):
        raise TypeError(f"`dtype` {dtype.name} cannot hold an initial value of type {value.dtype.name}")
    return np.array(value, dtype, order="C", copy=True)


def _converts(source, target):
    if is_floating(target):
        return source.kind in "iub" or is_floating(source)
    return not is_floating(source) and np.can_cast(source, target, "same_kind")


def global_variables(scope: str | None = None) -> list[Variable]:
    """The current graph's variables in the order of their creation.

    Args:
        scope: a regular expression that names must match at their start. Default all.
    """
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """The current graph's trainable variables; ``scope`` as in ``global_variables``."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def local_variables(scope: str | None = None) -> list[Variable]:
    """The current graph's local variables; ``scope`` as in ``global_variables``."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Variable]:
    """The current graph's model variables; ``scope`` as in ``global_variables``."""
    return get_default_graph().get_collection(GraphKeys.MODEL_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Variable]:
    """The current graph's variables with moving averages; ``scope`` as in ``global_variables``."""
    return get_default_graph().get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)
