"""A block in which a layer is built, and taken back whole when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nb_sepconv.framework.graph import Graph


class AllOrNothing:
    """Leaves neither variables nor marks on a layer behind when the block fails; the name of its scope stays.

    Args:
        layer: the layer.
        graph: the graph that it adds its variables to.
    """

    __slots__ = ("_before", "_layer", "_undo")

    def __init__(self, layer: Any, graph: Graph) -> None:
        self._layer, self._undo = layer, graph.undo_on_failure()

    def __enter__(self) -> None:
        own = vars(self._layer)
        self._before = {**own, "_weights": own["_weights"].copied(), "_losses": own["_losses"].copied()}
        self._undo.__enter__()

    def __exit__(self, kind: object, *error: object) -> None:
        self._undo.__exit__(kind, *error)
        if kind is not None:
            own, before = vars(self._layer), self._before
            own.update(before)
            for added in own.keys() - before.keys():
                del own[added]
