"""What calls of a layer come to for arrays like those of a call that was made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from nb_sepconv.tensors.dtypes import dtype_name_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Repeated:
    """What a program that was traced asks a layer."""

    def computation(self, inputs: Any, args: Any, keywords: Any) -> Callable[[Any], Any] | None:
        """What further calls with such arguments compute from a plain array, without scopes and checks.

        Args:
            inputs: the plain array of the call that was made.
            args, keywords: its other arguments, those that are not None.

        Returns:
            A function of a plain array, or None where nothing but a call does the same.
        """
        if args or self.activity_regularizer or dtype_name_of(inputs) != self._dtype:
            return None
        short = None if keywords else self._short_way(inputs)
        if short is not None:
            compute, *_, weights, _, _, watched = short
            return None if watched else partial(compute.by, weights)
        own = type(self).call.__module__.startswith("nb_sepconv.") and not self.weights
        return partial(self.call, **keywords) if own else None
