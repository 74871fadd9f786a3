"""``tf.losses``: losses of labels and predictions in float32, and what a graph has collected of them.

The losses take ``weights`` (a number, or an array of the losses' rank that broadcasts to them), ``scope`` (a name
scope), ``loss_collection`` (a key of the graph, or None) and ``reduction`` (see ``Reduction``).
"""

from typing import TYPE_CHECKING

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.framework.graph import clear_call_losses
from nb_sepconv.losses.classification import (
    hinge_loss,
    log_loss,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from nb_sepconv.losses.differences import (
    absolute_difference,
    cosine_distance,
    huber_loss,
    mean_pairwise_squared_error,
    mean_squared_error,
)
from nb_sepconv.losses.graph_losses import (
    add_loss,
    get_losses,
    get_regularization_loss,
    get_regularization_losses,
    get_total_loss,
)
from nb_sepconv.losses.weighting import Reduction, compute_weighted_loss

__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "clear_call_losses",
    "compute_weighted_loss",
    "cosine_distance",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_pairwise_squared_error",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
