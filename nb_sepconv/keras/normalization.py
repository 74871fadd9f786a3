"""Keras 3's batch normalization and layer normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.checks.words import axes_of
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.keras import constraints, initializers, regularizers
from nb_sepconv.keras.layer import Layer
from nb_sepconv.layers import stages
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.pullback import FunctionPullback, refuse_own_gradient
from nb_sepconv.layers.statistics import WEIGHTS, Normalization
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.layers.weights import array_of
from nb_sepconv.nn.regularization import biased_moments, normalized
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nb_sepconv.keras.variable import KerasVariable
    from nb_sepconv.tensors.typing import Array, Config, Identifier


_OF_WEIGHTS = (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints))


class _Normalization(Streamed, Layer):
    """``gamma`` and ``beta`` of the sizes of some axes; statistics are computed in float32 at least."""

    def __init__(self, epsilon: Any, center: Any, scale: Any, of_beta: Any, of_gamma: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.epsilon: float = float(epsilon)
        self.center: bool = center
        self.scale: bool = scale
        for weight, arguments in (("beta", of_beta), ("gamma", of_gamma)):
            for (kind, module), argument in zip(_OF_WEIGHTS, arguments, strict=True):
                setattr(self, f"{weight}_{kind}", module.get(argument))
        self.gamma: KerasVariable | Any = None  # until the layer is built
        self.beta: KerasVariable | Any = None

    def _create_trained(self, shape):
        self.gamma = self._trained("gamma", shape) if self.scale else None
        self.beta = self._trained("beta", shape) if self.center else None

    def _trained(self, name, shape):
        return self.add_weight(
            shape,
            name=name,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )

    def _normalized(self, inputs, mean, variance, axes):
        """The outputs in the type that the layer computes in, from arrays that lie along ``axes``."""
        wide = self._wide(inputs)
        arrays = (mean, variance, self.beta, self.gamma)
        along = [None if array is None else self._along(array, axes, wide) for array in arrays]
        return normalized(wide, *along, self.epsilon).astype(as_dtype(self.compute_dtype), copy=False)

    def _stage(self):
        stages.refuse_unbuilt(self)
        axes = axes_of(self.axis, 3)
        if axes not in ((1,), (2,)):
            raise ValueError(
                f'The layer "{self.name}" cannot be cut over time: `axis` must be that of the channels. '
                f"Received: {self.axis!r}"
            )
        return Stage(
            self.name,
            lambda inputs, zeros, out: written(self.call(self._as_called(inputs)), out),
            channels_last=axes == (2,),
            dtype=as_dtype(self.compute_dtype),
        )

    @staticmethod
    def _wide(inputs):
        return inputs.astype(np.float64 if inputs.dtype == np.float64 else np.float32, copy=False)

    @staticmethod
    def _along(array, axes, inputs):
        array = np.asarray(getattr(array, "array", array)).astype(inputs.dtype, copy=False)
        shape = [size if axis in axes else 1 for axis, size in enumerate(inputs.shape)]
        return array if array.ndim == inputs.ndim else array.reshape(shape)

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output, which is that of the input."""
        shape = as_shape(input_shape)
        axes_of(self.axis, len(shape))
        return tuple(shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in ("axis", "epsilon", "center", "scale")},
            **{
                f"{weight}_{kind}": module.serialize(getattr(self, f"{weight}_{kind}"))
                for kind, module in _OF_WEIGHTS
                for weight in ("beta", "gamma")
            },
        }


class BatchNormalization(_Normalization):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` for each channel.

    In training, mean and variance are the batch's, and the moving averages go a step towards them; else they are the
    moving averages. A layer that is not trainable uses these always.

    Args:
        axis: int, the axis that keeps statistics of its own. Default -1, the last.
        momentum: float, how much of a moving average stays in an update. Default 0.99.
        epsilon: float, added to the variance. Default 0.001.
        center, scale: bool, whether there are ``beta`` and ``gamma``. Default True.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: callable, name,
            config or array. Default zeros, ones, zeros and ones.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: callables, names or configs. Default
            None.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`; ``renorm`` must be False, and
            ``synchronized`` is unused.

    Raises:
        ValueError: ``renorm``.

    Source: Ioffe and Szegedy, arXiv:1502.03167.

    Example:
        >>> import numpy as np
        >>> layer = BatchNormalization(epsilon=0.0)
        >>> layer(np.float32([[1.0], [3.0]]), training=True).tolist()
        [[-1.0], [1.0]]
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Identifier | Array = "zeros",
        gamma_initializer: Identifier | Array = "ones",
        moving_mean_initializer: Identifier | Array = "zeros",
        moving_variance_initializer: Identifier | Array = "ones",
        beta_regularizer: Identifier = None,
        gamma_regularizer: Identifier = None,
        beta_constraint: Identifier = None,
        gamma_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("renorm", False):
            raise ValueError("`renorm` is not supported: leave it out. Received: True")
        for unused in ("renorm_clipping", "renorm_momentum", "synchronized"):
            kwargs.pop(unused, None)
        of_beta = beta_initializer, beta_regularizer, beta_constraint
        of_gamma = gamma_initializer, gamma_regularizer, gamma_constraint
        super().__init__(epsilon, center, scale, of_beta, of_gamma, **kwargs)
        self.axis: int = _one_axis(axis)
        self.momentum: float = float(momentum)
        self.moving_mean_initializer: Any = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer: Any = initializers.get(moving_variance_initializer)
        self.moving_mean: KerasVariable | Any = None  # until the layer is built
        self.moving_variance: KerasVariable | Any = None

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``, a sequence of ints and Nones."""
        shape = as_shape(input_shape)
        (axis,) = axes_of(self.axis, len(shape))
        if shape[axis] is None:
            raise ValueError(
                f"`axis` must name an axis of known size. Received: {self.axis} for inputs {tuple(input_shape)}"
            )
        self.input_spec: InputSpec | None = InputSpec(ndim=len(shape), axes={axis: shape[axis]})
        self._create_trained((shape[axis],))
        self.moving_mean = self._averaged("moving_mean", (shape[axis],))
        self.moving_variance = self._averaged("moving_variance", (shape[axis],))

    def _averaged(self, name, shape):
        return self.add_weight(shape, name=name, initializer=getattr(self, f"{name}_initializer"), trainable=False)

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        """Compute the outputs."""
        axes = axes_of(self.axis, inputs.ndim)
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = self._batch_statistics(inputs, axes)
        return self._normalized(inputs, mean, variance, axes)

    def value_and_pullback(self, inputs: Any, training: bool | None = None) -> tuple[Any, FunctionPullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into those of all else.

        Args:
            inputs, training: as the layer is called with.

        Returns:
            (outputs, pullback), as of ``SeparableConv1D``. In training, the statistics are functions of the inputs; the
            moving averages have gone their step, and get no gradient.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
        """
        refuse_own_gradient(self, BatchNormalization)
        outputs, inputs = self(inputs, training=training), self._as_called(inputs)
        by_batch, wide = bool(training and self.trainable), self._wide(inputs).dtype
        variables = {name: getattr(self, name) for name in WEIGHTS}
        axes = axes_of(self.axis, inputs.ndim)
        computed = Normalization(axes, inputs.ndim, self.epsilon, list(variables.values()))

        def gradients(d_outputs, weights, wanted):
            values = [None if weight is None else weight.astype(wide, copy=False) for weight in weights]
            return quietly(computed.gradients, d_outputs, inputs, values, by_batch, wanted)

        return outputs, FunctionPullback(self, variables, inputs, outputs, gradients)

    _array = staticmethod(array_of)  # not in the type that the layer computes in

    def _batch_statistics(self, inputs, axes):
        over = tuple(axis for axis in range(inputs.ndim) if axis not in axes)
        moments = [moment.reshape(-1) for moment in quietly(biased_moments, self._wide(inputs), over)]
        for average, moment in zip((self.moving_mean, self.moving_variance), moments, strict=True):
            kept = average.array * average.array.dtype.type(self.momentum)
            average.assign(quietly(np.add, kept, moment * moment.dtype.type(1 - self.momentum)))
        return moments

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        return {
            **super().get_config(),
            "momentum": self.momentum,
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
        }

    @classmethod
    def from_config(cls, config: Config) -> BatchNormalization:
        """A new layer with the arguments ``config``; tf_keras writes the axis as a list."""
        kept = {key: value for key, value in config.items() if key != "batch_input_shape"}
        axis = kept.get("axis", -1)
        return cls(**{**kept, "axis": axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis})


class LayerNormalization(_Normalization):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta``, mean and variance over some axes of each example.

    Args:
        axis: int or list of ints, the axes. Default -1, the last.
        epsilon: float, added to the variance. Default 0.001.
        center, scale: bool, whether there are ``beta`` and ``gamma``, of the sizes of the axes. Default True.
        beta_initializer, gamma_initializer: callable, name, config or array. Default zeros and ones.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: callables, names or configs. Default
            None.
        kwargs: ``trainable``, ``dtype``, ``autocast`` and ``name`` of :class:`Layer`; ``rms_scaling`` must be False.

    Raises:
        ValueError: ``rms_scaling``.

    Source: Ba, Kiros and Hinton, arXiv:1607.06450.

    Example:
        >>> import numpy as np
        >>> LayerNormalization(epsilon=0.0)(np.float32([[1.0, 3.0]])).tolist()
        [[-1.0, 1.0]]
    """

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Identifier | Array = "zeros",
        gamma_initializer: Identifier | Array = "ones",
        beta_regularizer: Identifier = None,
        gamma_regularizer: Identifier = None,
        beta_constraint: Identifier = None,
        gamma_constraint: Identifier = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("rms_scaling", False):
            raise ValueError("`rms_scaling` is not supported: leave it out. Received: True")
        of_beta = beta_initializer, beta_regularizer, beta_constraint
        of_gamma = gamma_initializer, gamma_regularizer, gamma_constraint
        super().__init__(epsilon, center, scale, of_beta, of_gamma, **kwargs)
        self.axis: int | list[int] = [int(each) for each in axis] if isinstance(axis, (list, tuple)) else int(axis)

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``, a sequence of ints and Nones."""
        shape = as_shape(input_shape)
        axes = axes_of(self.axis, len(shape))
        if any(shape[axis] is None for axis in axes):
            raise ValueError(
                f"`axis` must name axes of known size. Received: {self.axis} for inputs {tuple(input_shape)}"
            )
        self.axis = self.axis if isinstance(self.axis, list) else [self.axis]  # as Keras writes it from now on
        self._create_trained(tuple(shape[axis] for axis in axes))

    def call(self, inputs: Array) -> Array:
        """Compute the outputs."""
        axes = axes_of(self.axis, inputs.ndim)
        return self._normalized(inputs, *quietly(biased_moments, self._wide(inputs), axes), axes)


def _one_axis(axis):
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"`axis` must be an integer. Received: {axis!r}")
    return int(axis)
