"""Follow the regularized leader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.initializers import Constant
from nb_sepconv.kernels import optimizers
from nb_sepconv.train.numbers import number
from nb_sepconv.train.optimizer import Optimizer, fused_update

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Hyperparameter

_SMALLEST_RATE = 1e-36


class FtrlOptimizer(Optimizer):
    """Proximal descent whose L1 penalty leaves elements at exactly zero.

    Args:
        learning_rate: float, a Variable, a decay, or a function that returns one.
        learning_rate_power: float <= 0, how the rate falls with the sum of squared gradients. Default -0.5.
        initial_accumulator_value: float >= 0, where that sum starts. Default 0.1.
        l1_regularization_strength: float >= 0. Default 0.
        l2_regularization_strength: float >= 0, a penalty on what is kept. Default 0.
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str. Default "Ftrl".
        accum_name: str, the name of the variable with the sum. Default ``name``.
        linear_name: str, the name of the variable with the linear term. Default ``name``.
        l2_shrinkage_regularization_strength: float >= 0, a penalty that is part of the gradient. Default 0.
        beta: float, of the paper's rate; it adds to the L2 strength. Default 0.

    Raises:
        ValueError: a number out of its range.

    Source: McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches".

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([0.0, 0.0], name="gain")
    >>> optimizer = tf.train.FtrlOptimizer(0.5, -0.5, 0.0, l1_regularization_strength=1.0)
    >>> optimizer.apply_gradients([(np.float32([0.2, 4]), gain)]); gain.numpy().tolist()
    [0.0, -0.375]
    """

    def __init__(
        self,
        learning_rate: Hyperparameter,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        super().__init__(use_locking, name)
        _check_at_least_zero("initial_accumulator_value", initial_accumulator_value)
        _check_at_least_zero("l1_regularization_strength", l1_regularization_strength)
        _check_at_least_zero("l2_regularization_strength", l2_regularization_strength)
        _check_at_least_zero("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength)
        if learning_rate_power > 0.0:
            raise ValueError(f"`learning_rate_power` must be negative or zero. Received: {learning_rate_power}")
        self._learning_rate = learning_rate
        self._power = learning_rate_power
        self._initial_accumulator_value = initial_accumulator_value
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength
        self._shrinkage = l2_shrinkage_regularization_strength
        self._accum_name, self._linear_name = accum_name or name, linear_name or name
        self._beta = 0.0 if beta is None else beta

    def _create_slots(self, var_list):
        initializer = Constant(self._initial_accumulator_value)
        for variable in var_list:
            self._get_or_make_slot_with_initializer(
                variable, initializer, variable.shape, variable.dtype, "accum", self._accum_name
            )
            self._zeros_slot(variable, "linear", self._linear_name)

    def _prepare(self):
        rate = number("learning_rate", self._learning_rate)
        l2 = type(rate)(self._l2 + self._beta / (2 * max(rate, type(rate)(_SMALLEST_RATE))))
        power, l1, shrinkage = map(np.float32, (self._power, self._l1, self._shrinkage))
        self._numbers = rate, -power, l1, 2 * l2, 2 * shrinkage

    def _apply_dense(self, grad, var):
        slots = [self.get_slot(var, "accum"), self.get_slot(var, "linear")]
        fused_update(optimizers.ftrl, var, grad, slots, *self._numbers)


def _check_at_least_zero(name, value):
    if value < 0.0:
        raise ValueError(f"`{name}` must be positive or zero. Received: {value}")
