"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nb_sepconv.kernels import optimizers
from nb_sepconv.train.numbers import number
from nb_sepconv.train.optimizer import Optimizer, fused_update

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Hyperparameter


class GradientDescentOptimizer(Optimizer):
    """``variable -= learning_rate * gradient``.

    Args:
        learning_rate: float, a Variable, a decay such as ``exponential_decay`` makes, or a function that returns one.
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str. Default "GradientDescent".

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([1.0, 2.0], name="gain")
    >>> tf.train.GradientDescentOptimizer(0.5).apply_gradients([(np.float32([1, -1]), gain)]); gain.numpy().tolist()
    [0.5, 2.5]
    """

    def __init__(self, learning_rate: Hyperparameter, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _prepare(self):
        self._rate = number("learning_rate", self._learning_rate)

    def _apply_dense(self, grad, var):
        fused_update(optimizers.gradient_descent, var, grad, [], self._rate)


class MomentumOptimizer(Optimizer):
    """``momentum_slot = momentum * momentum_slot + gradient; variable -= learning_rate * momentum_slot``.

    Args:
        learning_rate: float, a Variable, a decay, or a function that returns one.
        momentum: float, the same.
        use_locking: accepted as TF1 has it; it changes nothing here.
        name: str. Default "Momentum".
        use_nesterov: bool, whether to step by ``gradient + momentum * momentum_slot`` instead. Default False.

    Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".

    >>> import nb_sepconv as tf, numpy as np
    >>> gain = tf.Variable([1.0, 2.0], name="gain")
    >>> optimizer = tf.train.MomentumOptimizer(0.5, 0.9)
    >>> optimizer.apply_gradients([(np.float32([1, -1]), gain)]); optimizer.get_slot(gain, "momentum").numpy().tolist()
    [1.0, -1.0]
    """

    def __init__(
        self,
        learning_rate: Hyperparameter,
        momentum: Hyperparameter,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._momentum = momentum
        self._use_nesterov = use_nesterov

    def _create_slots(self, var_list):
        for variable in var_list:
            self._zeros_slot(variable, "momentum", self._name)

    def _prepare(self):
        self._numbers = number("learning_rate", self._learning_rate), number("momentum", self._momentum)

    def _apply_dense(self, grad, var):
        kernel = optimizers.nesterov if self._use_nesterov else optimizers.momentum
        fused_update(kernel, var, grad, [self.get_slot(var, "momentum")], *self._numbers)
