"""Copies and pickles of layers: apart from the layer, in its graph or in the current one."""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self


class Copies:
    """What ``copy`` and ``pickle`` ask a layer."""

    def __copy__(self) -> Self:
        copied = object.__new__(type(self))
        vars(copied).update(self.__getstate__(), _scope=copy.copy(self._scope), _building=threading.RLock())
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copied = memo[id(self)] = copy.copy(self)
        own = {key: value for key, value in vars(copied).items() if key != "_building"}
        vars(copied).update(copy.deepcopy(own, memo))
        return copied

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_building": None, "_fast_path": None, "_pullbacks": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _building=threading.RLock())
        self._losses.join(self._scope.home())
