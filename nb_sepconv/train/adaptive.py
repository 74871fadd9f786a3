"""Optimizers that scale each element's step by its gradients so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.initializers import Constant, Ones
from nb_sepconv.kernels import optimizers
from nb_sepconv.train.numbers import number
from nb_sepconv.train.optimizer import Optimizer, computing_type, fused_update

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Hyperparameter


class AdagradOptimizer(Optimizer):
    """``accumulator += gradient**2; variable -= learning_rate * gradient / sqrt(accumulator)``.

    Args:
        learning_rate: float, a Variable, a decay, or a function that returns one.
        initial_accumulator_value: float > 0. Default 0.1.
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str. Default "Adagrad".

    Raises:
        ValueError: ``initial_accumulator_value`` is not positive.

    Source: Duchi et al. 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization".

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([1.0], name="gain")
    >>> tf.train.AdagradOptimizer(0.5, 3.0).apply_gradients([(np.float32([1]), gain)]); gain.numpy().tolist()
    [0.75]
    """

    def __init__(
        self,
        learning_rate: Hyperparameter,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"`initial_accumulator_value` must be positive. Received: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._initial_accumulator_value = initial_accumulator_value

    def _create_slots(self, var_list):
        initializer = Constant(self._initial_accumulator_value)
        for variable in var_list:
            self._get_or_make_slot_with_initializer(
                variable, initializer, variable.shape, variable.dtype, "accumulator", self._name
            )

    def _prepare(self):
        self._rate = number("learning_rate", self._learning_rate)

    def _apply_dense(self, grad, var):
        fused_update(optimizers.adagrad, var, grad, [self.get_slot(var, "accumulator")], self._rate)


class AdadeltaOptimizer(Optimizer):
    """Steps by the gradient times the ratio of the root mean squares of past steps and past gradients.

    Args:
        learning_rate: float, a Variable, a decay, or a function that returns one. Default 0.001.
        rho: float, how much of the means is kept at a step. Default 0.95.
        epsilon: float, added below both roots. Default 1e-8.
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str. Default "Adadelta".

    Source: Zeiler 2012, "ADADELTA: An Adaptive Learning Rate Method".

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([1.0], name="gain")
    >>> optimizer = tf.train.AdadeltaOptimizer(1.0)
    >>> optimizer.apply_gradients([(np.float32([1]), gain)]); optimizer.get_slot_names()
    ['accum', 'accum_update']
    """

    def __init__(
        self,
        learning_rate: Hyperparameter = 0.001,
        rho: Hyperparameter = 0.95,
        epsilon: Hyperparameter = 1e-8,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._rho = rho
        self._epsilon = epsilon

    def _create_slots(self, var_list):
        for variable in var_list:
            self._zeros_slot(variable, "accum", self._name)
            self._zeros_slot(variable, "accum_update", self._name)

    def _prepare(self):
        self._rate = number("learning_rate", self._learning_rate)
        self._kept, self._small = number("rho", self._rho), number("epsilon", self._epsilon)

    def _apply_dense(self, grad, var):
        slots = [self.get_slot(var, "accum"), self.get_slot(var, "accum_update")]
        kept = computing_type(var).type(self._kept)
        fused_update(optimizers.adadelta, var, grad, slots, self._rate, kept, 1 - kept, self._small)


class RMSPropOptimizer(Optimizer):
    """``rms += (1 - decay) * (gradient**2 - rms)``;
    ``momentum_slot = momentum * momentum_slot + learning_rate * gradient / sqrt(rms + epsilon)``;
    ``variable -= momentum_slot``.

    Args:
        learning_rate: float, a Variable, a decay, or a function that returns one.
        decay: float, how much of the means is kept at a step. Default 0.9.
        momentum: float. Default 0.
        epsilon: float, added below the root. Default 1e-10.
        use_locking: accepted as TF1 has it; it changes nothing here.
        centered: bool, whether to divide by the root of the variance, less the squared mean gradient. Default False.
        name: str. Default "RMSProp".

    Source: Tieleman and Hinton 2012, lecture 6.5 of "Neural Networks for Machine Learning"; Graves 2013, "Generating
    Sequences With Recurrent Neural Networks", for ``centered``.

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([1.0], name="gain")
    >>> optimizer = tf.train.RMSPropOptimizer(0.1, centered=True)
    >>> optimizer.apply_gradients([(np.float32([1]), gain)]); optimizer.get_slot_names()
    ['mg', 'momentum', 'rms']
    """

    def __init__(
        self,
        learning_rate: Hyperparameter,
        decay: Hyperparameter = 0.9,
        momentum: Hyperparameter = 0.0,
        epsilon: Hyperparameter = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._decay = decay
        self._momentum = momentum
        self._epsilon = epsilon
        self._centered = centered

    def _create_slots(self, var_list):
        for variable in var_list:
            self._get_or_make_slot_with_initializer(variable, Ones(), variable.shape, variable.dtype, "rms", self._name)
            if self._centered:
                self._zeros_slot(variable, "mg", self._name)
            self._zeros_slot(variable, "momentum", self._name)

    def _prepare(self):
        self._rate = number("learning_rate", self._learning_rate)
        self._kept, self._inertia = number("decay", self._decay), number("momentum", self._momentum)
        self._small = number("epsilon", self._epsilon)

    def _apply_dense(self, grad, var):
        names = ("mg", "rms", "momentum") if self._centered else ("rms", "momentum")
        kernel = optimizers.centered_rmsprop if self._centered else optimizers.rmsprop
        taken = 1 - computing_type(var).type(self._kept)
        slots = [self.get_slot(var, name) for name in names]
        fused_update(kernel, var, grad, slots, self._rate, taken, self._inertia, self._small)


class AdamOptimizer(Optimizer):
    """``m += (1 - beta1) * (gradient - m); v += (1 - beta2) * (gradient**2 - v)``;
    ``variable -= learning_rate * sqrt(1 - beta2**t) / (1 - beta1**t) * m / (sqrt(v) + epsilon)`` at step t = 1, 2, ...

    The powers of the betas are the variables ``beta1_power`` and ``beta2_power``.

    Args:
        learning_rate: float, a Variable, a decay, or a function that returns one. Default 0.001.
        beta1: float, how much of the mean gradient is kept at a step. Default 0.9.
        beta2: float, how much of the mean square is kept at a step. Default 0.999.
        epsilon: float, added to the root ("epsilon hat" in the paper). Default 1e-8.
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str. Default "Adam".
        use_own_namescope_for_non_slot_vars: bool, whether the powers go below ``name``. Default False.

    Source: Kingma and Ba 2014, "Adam: A Method for Stochastic Optimization", the form before its section 2.1.

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([1.0], name="gain")
    >>> optimizer = tf.train.AdamOptimizer()
    >>> optimizer.apply_gradients([(np.float32([1]), gain)]); optimizer.get_slot_names()
    ['m', 'v']
    """

    def __init__(
        self,
        learning_rate: Hyperparameter = 0.001,
        beta1: Hyperparameter = 0.9,
        beta2: Hyperparameter = 0.999,
        epsilon: Hyperparameter = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
        use_own_namescope_for_non_slot_vars: bool = False,
    ) -> None:
        super().__init__(use_locking, name, use_own_namescope_for_non_slot_vars)
        self._learning_rate = learning_rate
        self._beta1 = beta1
        self._beta2 = beta2
        self._epsilon = epsilon

    def _create_slots(self, var_list):
        first = min(var_list, key=lambda variable: variable.name)
        self._powers = [
            self._create_non_slot_variable(self._beta1, "beta1_power", first),
            self._create_non_slot_variable(self._beta2, "beta2_power", first),
        ]
        for variable in var_list:
            self._zeros_slot(variable, "m", self._name)
            self._zeros_slot(variable, "v", self._name)

    def _prepare(self):
        self._rate = number("learning_rate", self._learning_rate)
        self._kept = [number("beta1", self._beta1), number("beta2", self._beta2)]
        self._small = number("epsilon", self._epsilon)

    def _apply_dense(self, grad, var):
        wide = computing_type(var).type
        power1, power2 = (wide(power.array) for power in self._powers)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = wide(self._rate) * np.sqrt(1 - power2) / (1 - power1)
        taken = [1 - wide(kept) for kept in self._kept]
        slots = [self.get_slot(var, "m"), self.get_slot(var, "v")]
        fused_update(optimizers.adam, var, grad, slots, rate, *taken, self._small)

    def _finish(self):
        for power, kept in zip(self._powers, self._kept, strict=True):
            power.assign(power * kept)
