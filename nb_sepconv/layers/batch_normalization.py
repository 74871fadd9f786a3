"""TF1's function of batch normalization, with variables kept by name."""

from __future__ import annotations

from typing import Any

from nb_sepconv.layers import functional
from nb_sepconv.layers.normalization import BatchNormalization, in_training
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.tensor import of_word

_ZEROS, _ONES = functional.ZEROS, functional.ONES


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: Any = True,
    beta_initializer: Any = _ZEROS,
    gamma_initializer: Any = _ONES,
    moving_mean_initializer: Any = _ZEROS,
    moving_variance_initializer: Any = _ONES,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: bool = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: Any = 0.99,
    fused: bool | None = None,
    virtual_batch_size: Any = None,
    adjustment: Any = None,
) -> Any:
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` for each channel, with variables kept by name.

    Args:
        inputs: array of float16, bfloat16, float32 or float64.
        training: bool, whether by the batch's statistics, and with updates of the moving averages in
            ``tf.GraphKeys.UPDATE_OPS``. Default False: by the moving averages.
        name: str, the variables' scope, used as it is; or a VariableScope. Default "batch_normalization", made unique.
        reuse: True shares the variables of the same name, AUTO_REUSE shares or creates them. Default as the scope.
        axis, momentum, epsilon, center, scale, beta_initializer, gamma_initializer, moving_mean_initializer,
        moving_variance_initializer, beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint, renorm,
        renorm_clipping, renorm_momentum, fused, trainable, virtual_batch_size, adjustment: as in
            ``BatchNormalization``.

    Returns:
        array of the shape and type of ``inputs``.

    Raises:
        ValueError: when an argument is out of its range, the input does not fit, or the variables exist already and
            are not to be shared (or the reverse).
        TypeError: when an argument or the input has a wrong type.

    >>> import numpy as np
    >>> batch_normalization(np.float32([[1.0], [3.0]]), epsilon=0.0, training=True, name="doc_example").tolist()
    [[-1.0], [1.0]]
    """
    settings = (
        axis,
        momentum,
        epsilon,
        center,
        scale,
        training,
        trainable,
        renorm,
        fused,
        virtual_batch_size,
        adjustment,
    )
    made_with = None
    if not (
        beta_regularizer is gamma_regularizer is beta_constraint is gamma_constraint is None
        and beta_initializer is moving_mean_initializer is _ZEROS
        and gamma_initializer is moving_variance_initializer is _ONES
    ):
        made_with = (
            (beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer),
            (beta_regularizer, gamma_regularizer, None, None),
            (beta_constraint, gamma_constraint),
        )
    outputs = functional.again("batch_normalization", inputs, settings, None, name, reuse, made_with)
    if outputs is not None:
        return outputs
    before = functional.count_variables()
    layer = BatchNormalization(
        axis,
        momentum,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        moving_mean_initializer,
        moving_variance_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        renorm,
        renorm_clipping,
        renorm_momentum,
        fused,
        trainable,
        virtual_batch_size,
        adjustment,
        name,
        _reuse=reuse,
        _scope=name,
    )
    outputs = of_word(layer(inputs, training=training))
    if functional.count_variables() == before:
        _remember(layer, settings, training)
    return outputs


def _remember(layer, settings, training):
    rank = layer.input_spec.ndim
    computed = layer._normalization(rank)
    decay, unbiased = layer._decay, layer._is_fused(computed.axes, rank)
    functional.remember(
        "batch_normalization",
        layer,
        settings,
        {name: getattr(layer, name) for name in ("beta", "gamma", "moving_mean", "moving_variance")},
        (lambda inputs: in_training(computed, inputs, decay, unbiased)[0]) if training else computed.by_averages,
        functional.Inputs(as_dtype(layer.dtype), rank, rank, computed.axes[0], int(layer.moving_mean.shape[0])),
        opens_names=bool(training),
    )
