"""The gradients of tests/training_cases.py by hand, in the type of the weights."""

import numpy as np
from reference import zeros_around
from training_cases import L1, L2, LAYERS

import nb_sepconv as tf
from nb_sepconv import regularizers


def loss_and_gradients(layers, inputs, targets):
    """The loss, and the gradient of every weight in the order of the layers' weights.

    Args:
        layers: dict of name -> (depthwise_kernel, pointwise_kernel, bias), variables.
        inputs, targets: a batch.
    """
    (first, second), (outer, inner) = (map(np.array, layers["sep1"]), map(np.array, layers["sep2"])), LAYERS.values()
    first, second = list(first), list(second)
    hidden = np.tanh(convolve(inputs, *first, outer))
    outputs = convolve(hidden, *second, inner)
    off = outputs.mean(axis=1) - targets
    d_outputs = np.broadcast_to((2 / off.size / outputs.shape[1] * off)[:, None], outputs.shape)
    d_hidden, *d_second = gradients(d_outputs, hidden, *second, inner)
    _, *d_first = gradients(d_hidden * (1 - hidden**2), inputs, *first, outer)
    weights, found = [*layers["sep1"], *layers["sep2"]], [*d_first, *d_second]
    penalties = [tf.keras.regularizers.L2(L2), tf.keras.regularizers.L1(L1), None] * 2
    found = [
        gradient.astype(inputs.dtype) + regularizers.gradient(penalty, weight.value())
        for gradient, penalty, weight in zip(found, penalties, weights, strict=True)
    ]
    return np.mean(off**2) + tf.losses.get_regularization_loss(), found


def convolve(inputs, depthwise, pointwise, bias, settings):
    """The layer without its activation."""
    seen = taps(inputs, depthwise, settings)
    mixed = np.einsum("kntc,kcm->ntcm", seen, depthwise).reshape(*seen.shape[1:3], -1)
    return mixed @ pointwise[0] + bias


def taps(inputs, depthwise, settings):
    """What each tap sees: (K, N, T, C)."""
    dilation = settings.get("dilation_rate", 1)
    around = zeros_around(inputs.shape[1], len(depthwise), 1, dilation, settings.get("padding", "valid"))
    padded = np.pad(inputs, ((0, 0), around, (0, 0)))
    steps = padded.shape[1] - (len(depthwise) - 1) * dilation
    return np.stack([padded[:, k * dilation : k * dilation + steps] for k in range(len(depthwise))])


def gradients(d_outputs, inputs, depthwise, pointwise, bias, settings):
    """By the inputs, the two kernels and the bias."""
    dilation = settings.get("dilation_rate", 1)
    before, after = zeros_around(inputs.shape[1], len(depthwise), 1, dilation, settings.get("padding", "valid"))
    seen = taps(inputs, depthwise, settings)
    mixed = np.einsum("kntc,kcm->ntcm", seen, depthwise).reshape(*seen.shape[1:3], -1)
    d_mixed = (d_outputs @ pointwise[0].T).reshape(*seen.shape[1:], -1)
    d_padded = np.zeros((len(inputs), inputs.shape[1] + before + after, inputs.shape[2]), inputs.dtype)
    for k, tap in enumerate(depthwise):
        d_padded[:, k * dilation : k * dilation + seen.shape[2]] += np.einsum("ntcm,cm->ntc", d_mixed, tap)
    return (
        d_padded[:, before : before + inputs.shape[1]],
        np.einsum("kntc,ntcm->kcm", seen, d_mixed),
        np.einsum("nti,ntf->if", mixed, d_outputs)[None],
        d_outputs.sum(axis=(0, 1)),
    )
