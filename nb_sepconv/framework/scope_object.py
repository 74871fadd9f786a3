"""The scope object: a name, a way of sharing, and defaults for ``get_variable``."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph import get_collection
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.name_scope import name_scope as open_name_scope
from nb_sepconv.framework.variable_store import constant_dtype, refuse_partitioner
from nb_sepconv.tensors.dtypes import as_dtype

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike

    from nb_sepconv.framework.variable_store import ReuseMode, VariableStore
    from nb_sepconv.framework.variables import Variable


class VariableScope:
    """What ``variable_scope`` enters: a name, a way of sharing, and defaults for ``get_variable``.

    Args:
        reuse: True, False, None or AUTO_REUSE.
        name: str, the prefix of variables' names. Default "".
        initializer, regularizer, caching_device, custom_getter, use_resource, constraint: defaults for
            ``get_variable``. Default None.
        partitioner: must be None.
        name_scope: str, what ``original_name_scope`` answers. Default "".
        dtype: the default type. Default float32.
    """

    def __init__(
        self,
        reuse: bool | ReuseMode | None,
        name: str = "",
        initializer: Any = None,
        regularizer: Callable[..., Any] | None = None,
        caching_device: object = None,
        partitioner: None = None,
        custom_getter: Callable[..., Any] | None = None,
        name_scope: str = "",
        dtype: DTypeLike = "float32",
        use_resource: bool | None = None,
        constraint: Callable[..., Any] | None = None,
    ) -> None:
        self._reuse = reuse
        self._name = name
        self._name_scope = name_scope
        self._constraint = constraint
        self.set_initializer(initializer)
        self.set_regularizer(regularizer)
        self.set_caching_device(caching_device)
        self.set_partitioner(partitioner)
        self.set_custom_getter(custom_getter)
        self.set_dtype(dtype)
        self.set_use_resource(use_resource)

    name = property(attrgetter("_name"), doc="The prefix of variables' names, without the slash.")
    original_name_scope = property(attrgetter("_name_scope"), doc="The name scope that was opened with it.")
    reuse = property(attrgetter("_reuse"), doc="True, False, None or AUTO_REUSE.")
    initializer = property(attrgetter("_initializer"), doc="The default initializer.")
    regularizer = property(attrgetter("_regularizer"), doc="The default regularizer.")
    caching_device = property(attrgetter("_caching_device"), doc="Kept for custom getters.")
    partitioner = property(attrgetter("_partitioner"), doc="Always None.")
    custom_getter = property(attrgetter("_custom_getter"), doc="The function asked instead of the store.")
    dtype = property(attrgetter("_dtype"), doc="The default type.")
    use_resource = property(attrgetter("_use_resource"), doc="Kept for custom getters.")
    constraint = property(attrgetter("_constraint"), doc="The default constraint; inner scopes do not inherit it.")

    def reuse_variables(self) -> list[Variable]:
        """From now on share the variables of this scope."""
        self._reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self._initializer = initializer

    def set_regularizer(self, regularizer: Callable[..., Any] | None) -> None:
        """Set the default regularizer."""
        self._regularizer = regularizer

    def set_caching_device(self, caching_device: object) -> None:
        """Set what custom getters receive as ``caching_device``."""
        self._caching_device = caching_device

    def set_partitioner(self, partitioner: None) -> None:
        """Refuse a partitioner; None is accepted."""
        refuse_partitioner(partitioner)
        self._partitioner = partitioner

    def set_custom_getter(self, custom_getter: Callable[..., Any] | None) -> None:
        """Set the function asked instead of the store."""
        self._custom_getter = custom_getter

    def set_dtype(self, dtype: DTypeLike) -> None:
        """Set the default type."""
        self._dtype = as_dtype(dtype)

    def set_use_resource(self, use_resource: bool | None) -> None:
        """Set what custom getters receive as ``use_resource``."""
        self._use_resource = use_resource

    def get_collection(self, name: str) -> list[Any]:
        """The items of the collection ``name`` whose names begin with this scope's."""
        return get_collection(name, f"{self._name}/" if self._name else "")

    def trainable_variables(self) -> list[Variable]:
        """The trainable variables of this scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def global_variables(self) -> list[Variable]:
        """The variables of this scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Variable]:
        """The local variables of this scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_variable(
        self,
        var_store: VariableStore,
        name: str,
        *,
        reuse: bool | ReuseMode | None = None,
        dtype: DTypeLike | None = None,
        initializer: Any = None,
        **settings: Any,
    ) -> Variable:
        """Get or create the variable ``name`` of this scope in ``var_store``; see the function ``get_variable``."""
        _check_constant(initializer, dtype)
        for default in ("regularizer", "caching_device", "custom_getter", "use_resource", "constraint"):
            if settings.get(default) is None:
                settings[default] = getattr(self, default)
        with open_name_scope(None):
            return var_store.get_variable(
                f"{self._name}/{name}" if self._name else name,
                reuse=self._reuse if reuse is None else reuse,
                dtype=self._dtype if dtype is None else dtype,
                initializer=self._initializer if initializer is None else initializer,
                **settings,
            )


def _check_constant(initializer, dtype):
    if dtype is None or initializer is None or callable(initializer):
        return
    found = constant_dtype(initializer)
    if found != as_dtype(dtype):
        raise ValueError(f"Initializer type '{found.name}' and explicit dtype '{as_dtype(dtype).name}' don't match.")
