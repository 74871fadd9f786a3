"""The weights of a layer by name: which are trained, and which are computed from variables by custom getters."""

from __future__ import annotations

import itertools
import operator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import initializers
from nb_sepconv.framework.variables import Variable
from nb_sepconv.tensors.convert import is_floating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.tensors.typing import Array, Identifier


class LayerWeights:
    """A layer's weights by name in the order of their creation, and the names of those that are not trained."""

    def __init__(self, by_name: Mapping[str, Any] = MappingProxyType({}), frozen: Iterable[str] = ()) -> None:
        self._by_name = dict(by_name)
        self._frozen = frozenset(frozen)
        self._getters = {}
        self._regularizers = {}

    def __getitem__(self, name: str) -> Any:
        return self._by_name[name]

    def copied(self) -> LayerWeights:
        """A copy, which does not see what is added later."""
        copied = object.__new__(LayerWeights)
        vars(copied).update(vars(self))
        return copied

    def keep(self, name: str, weight: Any, get: Callable[[], Any] | None) -> None:
        """Add a weight; ``get`` makes it anew if it is no variable but an array that a custom getter computed."""
        self._by_name = {**self._by_name, name: weight}
        if not isinstance(weight, Variable):
            self._getters = {**self._getters, name: get}

    def freeze(self, name: str) -> None:
        """Count a weight among those that are not trained."""
        self._frozen |= {name}

    def regularize(self, name: str, regularizer: Identifier) -> None:
        """Note whose penalty on a weight is among the layer's losses."""
        self._regularizers = {**self._regularizers, name: regularizer}

    def regularizer_of(self, weight: Any) -> Any:
        """The regularizer of a weight whose penalty is among the layer's losses, or None."""
        names = (name for name, kept in self._by_name.items() if kept is weight)
        return self._regularizers.get(next(names, None))

    def compute_anew(self) -> dict[str, Any]:
        """Ask custom getters again for the arrays that they computed; returns these by name."""
        computed = {name: get() for name, get in self._getters.items()}
        self._by_name = self._by_name | computed
        return computed

    def trained(self) -> list[Any]:
        """The weights that are trained, as a list."""
        if not self._frozen:
            return [*self._by_name.values()]
        return [weight for name, weight in self._by_name.items() if name not in self._frozen]

    def frozen(self) -> list[Any]:
        """The weights that are not trained, as a list."""
        return [weight for name, weight in self._by_name.items() if name in self._frozen]


def array_of(weight: Any) -> np.ndarray:
    """The values of a weight: a variable, or an array that a custom getter computed."""
    try:
        return weight.array
    except AttributeError:
        return np.asarray(weight)


def is_among(weight: Any, weights: Sequence[Any]) -> bool:
    """Whether a weight is one of ``weights``, whatever else has the same values."""
    return any(map(operator.is_, weights, itertools.repeat(weight)))


def initializer_or_default(initializer: Identifier, scope: VariableScope, dtype: np.dtype[Any]) -> Any:
    """The initializer of a weight: its own, else the scope's, else Glorot's, and zeros for integers."""
    initializer = initializers.get(scope.initializer if initializer is None else initializer)
    return initializer or initializers.get("glorot_uniform" if is_floating(dtype) else "zeros")


def write_weights(variables: Sequence[Variable], values: Sequence[Any], layer_name: str) -> None:
    """Assign arrays to variables one by one, or raise a ValueError before the first when they do not fit."""
    if len(values) != len(variables):
        raise ValueError(
            f'You called `set_weights(weights)` on layer "{layer_name}" with a weight list of length {len(values)}, '
            f"but the layer was expecting {len(variables)} weights. Provided weights: {str(values)[:50]}..."
        )
    for variable, value in zip(variables, values, strict=True):
        shape = tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
        if tuple(variable.shape) != shape:
            raise ValueError(
                f"Layer weight shape {tuple(variable.shape)} not compatible with provided weight shape {shape}"
            )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


class HasWeights:
    """What a layer with ``LayerWeights`` tells of them."""

    @property
    def trainable_weights(self) -> list[Variable]:
        """The variables that are trained; none in a layer that is not trainable."""
        return self._weights.trained() if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The variables that are not trained."""
        return self._weights.frozen() if self.trainable else self._weights.trained() + self._weights.frozen()

    @property
    def weights(self) -> list[Variable]:
        """All variables, trained ones first, in the order of creation."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def variables(self) -> list[Variable]:
        """The same as ``weights``."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as ``trainable_weights``."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The same as ``non_trainable_weights``."""
        return self.non_trainable_weights

    def count_params(self) -> int:
        """The number of elements of all weights; a ValueError before the layer is built."""
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. "
                f"You can build it manually via: `{self.name}.build(batch_input_shape)`."
            )
        return sum(int(np.size(weight)) for weight in self.weights)

    def get_weights(self) -> list[Array]:
        """Copies of the weights as a list of arrays, in the order of ``weights``."""
        return [np.array(weight) for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Write arrays into the weights.

        Args:
            weights: list of arrays in the order of ``weights``, each of its shape.

        Raises:
            ValueError: when there are more or fewer, or a shape differs; then none is written.
        """
        write_weights(self.weights, weights, self.name)
