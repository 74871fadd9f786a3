"""The scope object: a name, a way of sharing, and defaults for ``get_variable``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.framework.graph import get_collection
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.name_scope import name_scope as open_name_scope
from nb_sepconv.framework.variable_store import constant_dtype, refuse_partitioner
from nb_sepconv.tensors.dtypes import as_dtype

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import DTypeLike

    from nb_sepconv.framework.graph_name_scope import NameScope
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
        self.opened: str | NameScope = name_scope
        self._constraint = constraint
        self.set_initializer(initializer)
        self.set_regularizer(regularizer)
        self.set_caching_device(caching_device)
        self.set_partitioner(partitioner)
        self.set_custom_getter(custom_getter)
        self.set_dtype(dtype)
        self.set_use_resource(use_resource)

    def __repr__(self) -> str:
        return f"<VariableScope {self._name!r} reuse={self._reuse} dtype={self._dtype.name}>"

    @property
    def name(self) -> str:
        """The prefix of variables' names, without the slash."""
        return self._name

    @property
    def original_name_scope(self) -> str:
        """The name scope that was opened with it."""
        opened = self.opened
        return opened if isinstance(opened, str) else opened.opened()

    def fix_name_scope(self) -> None:
        """Make the full name of its name scope, so that several threads may enter it."""
        if not isinstance(self.opened, str):
            self.opened.full_name()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "opened": self.original_name_scope}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state.setdefault("opened", state.pop("_name_scope", ""))
        vars(self).update(state)

    @property
    def reuse(self) -> bool | ReuseMode | None:
        """True, False, None or AUTO_REUSE."""
        return self._reuse

    @property
    def initializer(self) -> Any:
        """The default initializer."""
        return self._initializer

    @property
    def regularizer(self) -> Any:
        """The default regularizer."""
        return self._regularizer

    @property
    def caching_device(self) -> Any:
        """Kept for custom getters."""
        return self._caching_device

    @property
    def partitioner(self) -> None:
        """Always None."""
        return self._partitioner

    @property
    def custom_getter(self) -> Any:
        """The function asked instead of the store."""
        return self._custom_getter

    @property
    def dtype(self) -> np.dtype[Any]:
        """The default type."""
        return self._dtype

    @property
    def use_resource(self) -> bool | None:
        """Kept for custom getters."""
        return self._use_resource

    @property
    def constraint(self) -> Any:
        """The default constraint; inner scopes do not inherit it."""
        return self._constraint

    def derived(
        self,
        reuse: bool | ReuseMode | None,
        name: str,
        opened: str | NameScope,
        constraint: Callable[..., Any] | None,
    ) -> VariableScope:
        """A new scope with this one's defaults but for its constraint."""
        scope = object.__new__(VariableScope)
        scope._reuse, scope._name, scope.opened, scope._constraint = reuse, name, opened, constraint
        scope._initializer, scope._regularizer = self._initializer, self._regularizer
        scope._caching_device, scope._partitioner = self._caching_device, self._partitioner
        scope._custom_getter, scope._dtype, scope._use_resource = self._custom_getter, self._dtype, self._use_resource
        return scope

    def shared_name(self, name: str) -> str | None:
        """The full name of a variable that this scope shares, where nothing but its name is asked for; else None."""
        if not self._reuse or self._custom_getter is not None:
            return None
        return f"{self._name}/{name}" if self._name else name

    def finds_by_name(self, reuse: bool | ReuseMode | None) -> bool:
        """Whether a layer called with ``reuse`` shares variables of this scope, and their names are all that counts."""
        if not (reuse or self._reuse) or self._custom_getter is not None:
            return False
        initializer = self._initializer
        return initializer is None or (callable(initializer) and not isinstance(initializer, type))

    def reuse_variables(self) -> None:
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
