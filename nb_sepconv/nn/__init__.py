"""``tf.nn``: activations, normalization, dropout, cross entropies and look-ups.

``name`` arguments are TF1's operation names; arrays have none, so they are accepted and unused.
"""

from typing import TYPE_CHECKING

from nb_sepconv.activations import exponential, hard_sigmoid, linear, mish
from nb_sepconv.checks.missing_names import explain
from nb_sepconv.nn.activations import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from nb_sepconv.nn.convolution import conv1d
from nb_sepconv.nn.cross_entropy import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from nb_sepconv.nn.lookup import embedding_lookup, in_top_k, top_k
from nb_sepconv.nn.regularization import (
    batch_normalization,
    bias_add,
    crelu,
    dropout,
    l2_loss,
    l2_normalize,
    moments,
    xw_plus_b,
    zero_fraction,
)

__all__ = [
    "batch_normalization",
    "bias_add",
    "conv1d",
    "crelu",
    "dropout",
    "elu",
    "embedding_lookup",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "in_top_k",
    "l2_loss",
    "l2_normalize",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "moments",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "sigmoid_cross_entropy_with_logits",
    "silu",
    "softmax",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy_with_logits",
    "swish",
    "tanh",
    "top_k",
    "weighted_cross_entropy_with_logits",
    "xw_plus_b",
    "zero_fraction",
]


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
