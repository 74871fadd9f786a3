"""Keras's initializers: other defaults than TF1's, no type of their own, and a seed that is fixed for life.

An initializer without a seed takes one when it is made, so that it gives the same values each time it is called.
A seed means the same values whatever the graph's seed. Source: ``keras.initializers``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.initializers import fixed, random
from nb_sepconv.initializers.fixed import constant_values
from nb_sepconv.initializers.seeds import operation_seeds, stateless_seeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.tensors.typing import ArrayInput, Config


class _Typeless:
    """Configs of Keras hold no type, and their calls mean float32 unless they say another."""

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        config = super().get_config()
        del config["dtype"]
        return config


class _Fixed(_Typeless):
    def _seeds(self):
        return self._own_seeds

    def _fix(self):
        self._own_seeds = operation_seeds(None) if self.seed is None else stateless_seeds(self.seed)


class Zeros(_Typeless, fixed.Zeros):
    """Zeros.

    Example:
        >>> Zeros()((2,)).tolist()
        [0.0, 0.0]
    """

    def __init__(self) -> None:
        super().__init__()


class Ones(_Typeless, fixed.Ones):
    """Ones.

    Example:
        >>> Ones()((2,)).tolist()
        [1.0, 1.0]
    """

    def __init__(self) -> None:
        super().__init__()


class Constant(_Typeless, fixed.Constant):
    """Given values, broadcast to the shape.

    Args:
        value: a number, a list or an array of numbers. Default 0.

    Raises:
        TypeError: a value that is none of these or does not fit the type.
        ValueError: on calling, values that do not broadcast to the shape.

    Example:
        >>> Constant([1.0, 2.0])((2, 2)).tolist()
        [[1.0, 2.0], [1.0, 2.0]]
    """

    def __init__(self, value: ArrayInput | Config = 0.0) -> None:
        super().__init__(value)

    def _values(self, shape, dtype):
        values = constant_values(self.value, dtype)
        try:
            return np.broadcast_to(values, shape).copy()
        except ValueError:
            raise ValueError(f"`value` must broadcast to the shape {shape}. Received: shape {values.shape}") from None


class Identity(_Typeless, fixed.Identity):
    """``gain`` times the identity matrix.

    Args:
        gain: float. Default 1.

    Raises:
        ValueError: on calling, a shape that is not a matrix's.

    Example:
        >>> Identity()((2, 2)).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__(gain)


class RandomNormal(_Fixed, random.RandomNormal):
    """Normally distributed numbers.

    Args:
        mean: float. Default 0.
        stddev: float, the standard deviation. Default 0.05.
        seed: int or None. Default None, drawn once from the graph's seed or entropy.

    Example:
        >>> RandomNormal(seed=7).get_config()
        {'mean': 0.0, 'stddev': 0.05, 'seed': 7}
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(mean, stddev, seed)
        self._fix()


class RandomUniform(_Fixed, random.RandomUniform):
    """Numbers spread evenly over [minval, maxval).

    Args:
        minval: float, the lower end. Default -0.05.
        maxval: float, the upper end. Default 0.05.
        seed: int or None. Default None, drawn once from the graph's seed or entropy.

    Example:
        >>> RandomUniform(seed=7).get_config()
        {'minval': -0.05, 'maxval': 0.05, 'seed': 7}
    """

    def __init__(self, minval: float = -0.05, maxval: float | None = 0.05, seed: int | None = None) -> None:
        super().__init__(minval, maxval, seed)
        self._fix()


class TruncatedNormal(_Fixed, random.TruncatedNormal):
    """Normally distributed numbers, drawn again where they are two standard deviations or more from the mean.

    Args:
        mean: float. Default 0.
        stddev: float, the standard deviation before the truncation. Default 0.05.
        seed: int or None. Default None, drawn once from the graph's seed or entropy.

    Example:
        >>> TruncatedNormal(seed=7).get_config()
        {'mean': 0.0, 'stddev': 0.05, 'seed': 7}
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(mean, stddev, seed)
        self._fix()


class VarianceScaling(_Fixed, random.VarianceScaling):
    """Numbers of variance ``scale / fan``; see :class:`nb_sepconv.initializers.VarianceScaling`.

    Args:
        scale: positive float. Default 1.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``. Default ``"fan_in"``.
        distribution: ``"truncated_normal"``, ``"untruncated_normal"`` or ``"uniform"``. Default ``"truncated_normal"``.
        seed: int or None. Default None, drawn once from the graph's seed or entropy.
        input_axes, output_axes: the axes whose sizes multiply to the fans. Default None, as for a kernel.

    Raises:
        ValueError: another scale, mode or distribution, or one kind of axes without the other.

    Example:
        >>> VarianceScaling(2.0, seed=7).get_config()["scale"]
        2.0
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        input_axes: int | Sequence[int] | None = None,
        output_axes: int | Sequence[int] | None = None,
    ) -> None:
        super().__init__(scale, mode, distribution, seed)
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                "`input_axes` and `output_axes` go together. "
                f"Received: input_axes={input_axes!r}, output_axes={output_axes!r}"
            )
        self._axes = {} if input_axes is None else {"input_axes": input_axes, "output_axes": output_axes}
        self._fix()

    def _fans(self, shape):
        fans = [math.prod(shape[axis] for axis in axes) for axes in self._axes.values()]
        return fans or super()._fans(shape)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {**super().get_config(), **self._axes}


class _Scaling(VarianceScaling):
    """A :class:`VarianceScaling` whose class says all but the seed.

    Args:
        seed: int or None. Default None, drawn once from the graph's seed or entropy.
        input_axes, output_axes: as of :class:`VarianceScaling`. Default None.
    """

    _arguments = (1.0, "fan_in", "truncated_normal")

    def __init__(
        self,
        seed: int | None = None,
        input_axes: int | Sequence[int] | None = None,
        output_axes: int | Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._arguments, seed, input_axes, output_axes)

    def get_config(self) -> Config:
        """The arguments that make this initializer again, as a dict for JSON."""
        return {"seed": self.seed, **self._axes}


class GlorotNormal(_Scaling):
    """Truncated normal numbers of variance ``2 / (fan_in + fan_out)`` (Glorot and Bengio, AISTATS 2010)."""

    _arguments = (1.0, "fan_avg", "truncated_normal")


class GlorotUniform(_Scaling):
    """Numbers spread evenly over ``sqrt(6 / (fan_in + fan_out)) * [-1, 1)`` (Glorot and Bengio, AISTATS 2010)."""

    _arguments = (1.0, "fan_avg", "uniform")


class HeNormal(_Scaling):
    """Truncated normal numbers of variance ``2 / fan_in`` (He et al., arXiv:1502.01852)."""

    _arguments = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Scaling):
    """Numbers spread evenly over ``sqrt(6 / fan_in) * [-1, 1)`` (He et al., arXiv:1502.01852)."""

    _arguments = (2.0, "fan_in", "uniform")


class LecunNormal(_Scaling):
    """Truncated normal numbers of variance ``1 / fan_in`` (LeCun et al., "Efficient BackProp", 1998)."""

    _arguments = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaling):
    """Numbers spread evenly over ``sqrt(3 / fan_in) * [-1, 1)`` (LeCun et al., "Efficient BackProp", 1998)."""

    _arguments = (1.0, "fan_in", "uniform")


class Orthogonal(_Fixed, random.Orthogonal):
    """``gain`` times a random orthogonal matrix; see :class:`nb_sepconv.initializers.Orthogonal`.

    Args:
        gain: float. Default 1.
        seed: int or None. Default None, drawn once from the graph's seed or entropy.

    Raises:
        ValueError: on calling, a shape of fewer than two axes.

    Example:
        >>> Orthogonal(seed=7).get_config()
        {'gain': 1.0, 'seed': 7}
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(gain, seed)
        self._fix()
