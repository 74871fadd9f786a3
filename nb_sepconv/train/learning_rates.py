"""Learning rates that fall with the global step, under TF1's names.

Each function returns a :class:`DecayedRate`, which reads the step whenever its value is used.
Source of the formulas: the docstrings of ``tf.compat.v1.train``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.tensors.array_like import ArrayLike
from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.train.numbers import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class DecayedRate(ArrayLike):
    """A number that follows the global step: read anew at each use, and so are expressions of it, as TF1's tensors are.

    Args:
        compute: a function of no arguments that returns the number now.

    >>> import nb_sepconv as tf
    >>> step = tf.Variable(0, name="step", trainable=False)
    >>> rate = 0.5 * tf.train.exponential_decay(1.0, step, decay_steps=1, decay_rate=0.5)
    >>> before = float(rate); _ = step.assign(2); before, float(rate)
    (0.5, 0.125)
    """

    def __init__(self, compute: Callable[[], Any]) -> None:
        self._compute = compute

    def read(self) -> Any:
        """The value now, a NumPy scalar."""
        return self._compute()

    __call__ = read

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the value."""
        return self.read().dtype

    @property
    def shape(self) -> tuple[()]:
        """Always ``()``."""
        return ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs or any(np.ndim(value) for value in inputs):
            return super().__array_ufunc__(ufunc, method, *inputs, **kwargs)
        return DecayedRate(
            lambda: ufunc(*(value.read() if isinstance(value, ArrayLike) else value for value in inputs))
        )

    def __repr__(self) -> str:
        return f"<DecayedRate, now {self.read()!r}>"


def exponential_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> DecayedRate:
    """``learning_rate * decay_rate ** (global_step / decay_steps)``.

    Args:
        learning_rate: float, the rate at step 0.
        global_step: integer Variable, or an int.
        decay_steps: int, after how many steps the rate has fallen by ``decay_rate`` once.
        decay_rate: float.
        staircase: bool, whether the exponent is rounded down. Default False.
        name: accepted as TF1 has it and unused.

    Returns:
        DecayedRate.

    >>> float(exponential_decay(0.5, 3, decay_steps=2, decay_rate=0.25, staircase=True))
    0.125
    """

    def compute(rate, step):
        p = _periods(step, decay_steps, staircase)
        return rate * np.power(_like(rate, "decay_rate", decay_rate), p)

    return _decay(learning_rate, global_step, compute)


def natural_exp_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> DecayedRate:
    """``learning_rate * exp(-decay_rate * global_step / decay_steps)``; arguments as in ``exponential_decay``.

    >>> round(float(natural_exp_decay(1.0, 3, decay_steps=3, decay_rate=1.0)), 6)
    0.367879
    """

    def compute(rate, step):
        p = _periods(step, decay_steps, staircase)
        return rate * np.power(np.exp(-_like(rate, "decay_rate", decay_rate)), p)

    return _decay(learning_rate, global_step, compute)


def inverse_time_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    decay_rate: Any,
    staircase: bool = False,
    name: str | None = None,
) -> DecayedRate:
    """``learning_rate / (1 + decay_rate * global_step / decay_steps)``; arguments as in ``exponential_decay``.

    >>> float(inverse_time_decay(1.0, 6, decay_steps=2, decay_rate=1.0))
    0.25
    """

    def compute(rate, step):
        p = _periods(step, decay_steps, staircase)
        return rate / (1 + _like(rate, "decay_rate", decay_rate) * p)

    return _decay(learning_rate, global_step, compute)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> DecayedRate:
    """``(learning_rate - end_learning_rate) * (1 - step / decay_steps) ** power + end_learning_rate``.

    Args:
        learning_rate: float, the rate at step 0.
        global_step: integer Variable, or an int.
        decay_steps: int, when the end is reached.
        end_learning_rate: float, the rate from there on. Default 0.0001.
        power: float. Default 1, a straight line.
        cycle: bool, whether the rate rises again whenever the end is passed, ``decay_steps`` growing to the next
            multiple. Default False.
        name: accepted as TF1 has it and unused.

    Returns:
        DecayedRate.

    >>> float(polynomial_decay(1.0, 1, decay_steps=2, end_learning_rate=0.0, power=2.0))
    0.25
    """

    def compute(rate, step):
        end, exponent = _like(rate, "end_learning_rate", end_learning_rate), _like(rate, "power", power)
        steps = _like(rate, "decay_steps", decay_steps)
        if cycle:
            steps = steps * (np.ceil(step / steps) if step != 0 else type(rate)(1))
        p = min(step, steps) / steps
        return (rate - end) * np.power(1 - p, exponent) + end

    return _decay(learning_rate, global_step, compute)


def cosine_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, alpha: Any = 0.0, name: str | None = None
) -> DecayedRate:
    """``learning_rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)``, then constant.

    Args:
        learning_rate: float, the rate at step 0.
        global_step: integer Variable, or an int.
        decay_steps: int, when the end is reached.
        alpha: float, the part of the rate that is left then. Default 0.
        name: accepted as TF1 has it and unused.

    Returns:
        DecayedRate.

    >>> float(cosine_decay(1.0, 1, decay_steps=2, alpha=0.5))
    0.75
    """

    def compute(rate, step):
        steps, part = _like(rate, "decay_steps", decay_steps), _like(rate, "alpha", alpha)
        return rate * ((1 - part) * _half_wave(min(step, steps) / steps) + part)

    return _decay(learning_rate, global_step, compute)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> DecayedRate:
    """``cosine_decay`` again and again, each time ``t_mul`` times as long and from ``m_mul`` times the rate.

    Args:
        learning_rate: float, the rate at step 0.
        global_step: integer Variable, or an int.
        first_decay_steps: int, how long the first period is.
        t_mul: float >= 1. Default 2.
        m_mul: float. Default 1.
        alpha: float, the part of the rate that is left at a period's end. Default 0.
        name: accepted as TF1 has it and unused.

    Returns:
        DecayedRate.

    >>> [round(float(cosine_decay_restarts(1.0, step, 2)), 3) for step in (0, 1, 2, 4, 6)]
    [1.0, 0.5, 1.0, 0.5, 1.0]
    """

    def compute(rate, step):
        part, longer = _like(rate, "alpha", alpha), _like(rate, "t_mul", t_mul)
        restarts, done = _restarts(step / _like(rate, "first_decay_steps", first_decay_steps), longer)
        height = _like(rate, "m_mul", m_mul) ** restarts
        return rate * ((1 - part) * height * _half_wave(done) + part)

    return _decay(learning_rate, global_step, compute)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> DecayedRate:
    """``learning_rate * ((alpha + 1 - p) * (1 + cos(2 * pi * num_periods * p)) / 2 + beta)``, p = step / decay_steps.

    Args:
        learning_rate: float, the rate at step 0.
        global_step: integer Variable, or an int.
        decay_steps: int, when the end is reached.
        num_periods: float, periods of the cosine until then. Default 0.5.
        alpha, beta: floats of the formula. Default 0 and 0.001.
        name: accepted as TF1 has it and unused.

    Returns:
        DecayedRate.

    >>> round(float(linear_cosine_decay(1.0, 1, decay_steps=2, beta=0.0)), 6)
    0.25
    """

    def compute(rate, step):
        steps = _like(rate, "decay_steps", decay_steps)
        p = min(step, steps) / steps
        wave = _half_wave(2 * _like(rate, "num_periods", num_periods) * p)
        return rate * ((_like(rate, "alpha", alpha) + (1 - p)) * wave + _like(rate, "beta", beta))

    return _decay(learning_rate, global_step, compute)


def piecewise_constant(
    x: Any, boundaries: Sequence[Any], values: Sequence[Any], name: str | None = None
) -> DecayedRate:
    """``values[0]`` up to and including ``boundaries[0]``, ``values[1]`` up to ``boundaries[1]``, and so on.

    Args:
        x: the global step, an integer Variable or an int.
        boundaries: increasing list of numbers of the type of ``x``.
        values: list of numbers, one more than boundaries.
        name: accepted as TF1 has it and unused.

    Returns:
        DecayedRate.

    Raises:
        ValueError: types that differ, or another number of values.

    >>> [float(piecewise_constant(step, [10, 20], [1.0, 0.5, 0.25])) for step in (10, 11, 21)]
    [1.0, 0.5, 0.25]
    """
    limits = [number("boundaries", boundary) for boundary in boundaries]
    levels = [number("values", value) for value in values]
    if len(levels) != len(limits) + 1:
        raise ValueError(
            f"`values` must be one more than `boundaries`. Received: {len(levels)} values and {len(limits)} boundaries"
        )
    kinds = {limit.dtype.kind for limit in limits} | {number("x", x).dtype.kind}
    if len(kinds) > 1:
        raise ValueError(
            f"`boundaries` must have the type of `x`, {number('x', x).dtype.name}. Received: {boundaries!r}"
        )
    if len({level.dtype for level in levels}) > 1:
        raise ValueError(f"`values` must all be of one type. Received: {values!r}")
    return DecayedRate(lambda: levels[int(np.searchsorted(limits, number("x", x), side="left"))])


piecewise_constant_decay = piecewise_constant


def _decay(learning_rate, global_step, compute):
    number("global_step", global_step)

    def now():
        rate = number("learning_rate", learning_rate)
        if not is_floating(rate.dtype):
            raise TypeError(f"`learning_rate` must be a float. Received: {learning_rate!r}")
        with np.errstate(all="ignore"):
            return type(rate)(compute(rate, _like(rate, "global_step", global_step)))

    now()
    return DecayedRate(now)


def _like(rate, name, value):
    return type(rate)(number(name, value))


def _periods(step, decay_steps, staircase):
    p = step / _like(step, "decay_steps", decay_steps)
    return np.floor(p) if staircase else p


def _half_wave(fraction):
    """From 1 at 0 to 0 at 1."""
    kind = type(fraction)
    return kind(0.5) * (1 + np.cos(kind(np.pi) * fraction))


def _restarts(periods, longer):
    """How often a new period has begun, and the part of the present one that is done."""
    if longer == 1:
        restarts = np.floor(periods)
        return restarts, periods - restarts
    restarts = np.floor(np.log(1 - periods * (1 - longer)) / np.log(longer))
    length = longer**restarts
    return restarts, (periods - (1 - length) / (1 - longer)) / length
