"""A model on its way to the tasks of a graph: its weights as they were, and packed once in each process."""

from __future__ import annotations

import os
import pickle
import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.stage import of_one_format, stages_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.convolution.stage import Stage

MOST_MODELS = 8  # of which a process keeps the packed weights


class Frozen:
    """A pickled model. However often it is unpickled in a process, its ``stages`` are the same objects there.

    Args:
        model: what has ``_stage()`` or ``_stages()``: a layer, a stack, or an operation with its arrays.
    """

    token: str

    def __init__(self, model: Any) -> None:
        import cloudpickle

        self._pickled = cloudpickle.dumps((model, precisions.of_context()))
        self.token = blake2b(self._pickled, digest_size=16).hexdigest()

    def restored(self) -> Restored:
        """The stages, and the precision that was asked for when the model was pickled."""
        with _kept.lock:
            found = _kept.models.pop(self.token, None) or _restored(self._pickled)
            _kept.models[self.token] = found
            if len(_kept.models) > MOST_MODELS:
                _kept.models.popitem(last=False)
        return found


class Restored(NamedTuple):
    """What tasks need of a model."""

    stages: Sequence[Stage]
    precision: str | None


def stages_of(model: Any) -> list[Stage]:
    """The stages of a layer, a stack or an operation; a ValueError where they have both data formats."""
    return of_one_format(stages_in(model))


def _restored(pickled):
    model, precision = pickle.loads(pickled)
    return Restored(stages_of(model), precision)


class _Kept:
    """The models of this process, the one used last at the end."""

    def __init__(self) -> None:
        self.models: OrderedDict[str, Restored] = OrderedDict()
        self.lock = threading.Lock()


_kept = _Kept()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_kept.__init__)  # the parent's lock may have been taken
