"""TF1's batch normalization: the batch's statistics in training, moving averages of them else."""

from __future__ import annotations

import operator
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import constraints, initializers, regularizers
from nb_sepconv.checks.words import axes_of
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.stage import Stage
from nb_sepconv.framework.variables import Variable, VariableAggregation, VariableSynchronization
from nb_sepconv.layers import functional, stages
from nb_sepconv.layers.base import Layer
from nb_sepconv.layers.call_arguments import call_keywords
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.moving_averages import MovingAverageUpdate, WaitingUpdates, leave_updates
from nb_sepconv.layers.pullback import FunctionPullback, refuse_own_gradient
from nb_sepconv.layers.statistics import WEIGHTS, Normalization, normalization_of
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.dtypes import as_dtype, dtype_name_of
from nb_sepconv.tensors.quiet import quietly
from nb_sepconv.tensors.tensor_shape import as_shape
from nb_sepconv.tensors.tracing import refuse_in_trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nb_sepconv.framework.scope_object import VariableScope
    from nb_sepconv.tensors.tensor_shape import Shape
    from nb_sepconv.tensors.typing import Array, Config, Identifier, Integers

_ZEROS, _ONES = functional.ZEROS, functional.ONES
_LEAST_FUSED_EPSILON = 1.001e-5
_OWN = (Variable, type(None))


class BatchNormalization(Streamed, Layer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` for each channel.

    In training, mean and variance are the batch's, and two updates of the moving averages wait in
    ``tf.GraphKeys.UPDATE_OPS`` until they are run (``for update in tf.get_collection(tf.GraphKeys.UPDATE_OPS):
    update()``), as TF1's wait for a session; else they are the moving averages.

    Args:
        axis: int or list of ints, the axes that keep statistics of their own. Default -1, the last.
        momentum: float, how much of a moving average stays in an update. Default 0.99.
        epsilon: float, added to the variance. Default 0.001.
        center, scale: bool, whether there are ``beta`` and ``gamma``. Default True.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: callable, name or
            config. Default zeros, ones, zeros and ones.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: functions of the variable. Default None.
        renorm, virtual_batch_size, adjustment: must be False or None.
        renorm_clipping, renorm_momentum: unused.
        fused: bool or None; as in TF1, inputs of rank 4 and 5 average the unbiased variance unless it is False. Default
            None.
        trainable, name, kwargs: as in ``SeparableConv1D``. ``beta`` and ``gamma`` are trained.

    Raises:
        ValueError, TypeError: for an argument out of its range; the message names it.

    Source: Ioffe and Szegedy, arXiv:1502.03167.

    >>> layer = BatchNormalization(epsilon=0.0)
    >>> layer(np.float32([[1.0], [3.0]]), training=True).tolist()
    [[-1.0], [1.0]]
    """

    def __init__(
        self,
        axis: Integers = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Identifier = _ZEROS,
        gamma_initializer: Identifier = _ONES,
        moving_mean_initializer: Identifier = _ZEROS,
        moving_variance_initializer: Identifier = _ONES,
        beta_regularizer: Identifier = None,
        gamma_regularizer: Identifier = None,
        beta_constraint: Callable[..., Any] | None = None,
        gamma_constraint: Callable[..., Any] | None = None,
        renorm: bool = False,
        renorm_clipping: object = None,
        renorm_momentum: object = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: None = None,
        adjustment: None = None,
        name: str | VariableScope | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable=trainable, name=name, **kwargs)
        _refuse(renorm=renorm, virtual_batch_size=virtual_batch_size, adjustment=adjustment)
        self.axis: int | list[int] = _axis(axis)
        self.momentum: float = momentum
        self.epsilon: float = epsilon
        self.center: bool = center
        self.scale: bool = scale
        self.beta_initializer: Any = initializers.get(beta_initializer)
        self.gamma_initializer: Any = initializers.get(gamma_initializer)
        self.moving_mean_initializer: Any = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer: Any = initializers.get(moving_variance_initializer)
        self.beta_regularizer: Any = regularizers.get(beta_regularizer)
        self.gamma_regularizer: Any = regularizers.get(gamma_regularizer)
        self.beta_constraint: Any = constraints.get(beta_constraint)
        self.gamma_constraint: Any = constraints.get(gamma_constraint)
        self.fused: bool | None = fused
        self.beta: Variable | Any = None  # until the layer is built
        self.gamma: Variable | Any = None
        self.moving_mean: Variable | Any = None
        self.moving_variance: Variable | Any = None
        self.input_spec = InputSpec(min_ndim=1)
        self._updates = WaitingUpdates()

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the variables for inputs of ``input_shape``.

        Args:
            input_shape: sequence of ints and Nones; the sizes of ``axis`` must be known.

        Raises:
            ValueError: when ``axis`` names no axis, one twice, or one of unknown size.
        """
        shape = as_shape(input_shape)
        axes = axes_of(self.axis, len(shape))
        if any(shape[axis] is None for axis in axes):
            raise ValueError(f"`axis` must name axes of known size. Received: {self.axis!r} for inputs {tuple(shape)}")
        with self._all_or_nothing():
            self.input_spec = InputSpec(ndim=len(shape), axes={axis: int(shape[axis]) for axis in axes})
            self._create_variables(_shape_of_weights(shape, axes))
            self.built = True

    def _wanted(self, shape):
        if type(self.axis) is not int or not -len(shape) <= self.axis < len(shape):
            return None
        axes, shape = axes_of(self.axis, len(shape)), tuple(shape)
        spec, each = InputSpec(ndim=len(shape), axes={axes[0]: shape[axes[0]]}), tuple(_shape_of_weights(shape, axes))
        names = ("gamma",) * bool(self.scale) + ("beta",) * bool(self.center) + ("moving_mean", "moving_variance")
        return spec, {name: (name, each) for name in names}

    def _dtype_of_weights(self, dtype):
        return "float64" if dtype == "float64" else "float32"

    def _create_variables(self, shape):
        for name, wanted in (("gamma", self.scale), ("beta", self.center)):
            weight = self._trained(name, shape) if wanted else None
            setattr(self, name, weight)
        self.moving_mean = self._averaged("moving_mean", shape)
        self.moving_variance = self._averaged("moving_variance", shape)

    def _trained(self, name, shape):
        return self.add_weight(
            name,
            shape,
            dtype=self._statistics_dtype,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
            trainable=True,
        )

    def _averaged(self, name, shape):
        return self.add_weight(
            name,
            shape,
            dtype=self._statistics_dtype,
            initializer=getattr(self, f"{name}_initializer"),
            trainable=False,
            synchronization=VariableSynchronization.ON_READ,
            aggregation=VariableAggregation.MEAN,
        )

    @property
    def _statistics_dtype(self):
        return self._dtype_of_weights(self._dtype)

    def __call__(
        self, inputs: Any, training: bool = False, *, scope: str | VariableScope | None = None, **kwargs: Any
    ) -> Any:
        """Build the layer if it is not, and normalize ``inputs``.

        Args:
            inputs: array of float16, bfloat16, float32 or float64.
            training: bool, whether by the batch's statistics. Default False: by the moving averages.
            scope: str or VariableScope, where the variables go; it counts in the first call only. Default the name.
            kwargs: passed on to ``call``.

        Returns:
            array of the shape and type of ``inputs``.

        Raises:
            ValueError: when the rank or the channels do not fit, or variables may not be shared or created.
            TypeError: when the type is not that of the first inputs.
        """
        return self._call(inputs, scope, training=training, **call_keywords(type(self).call, None, kwargs))

    def _is_blind(self, inputs, keywords):
        return (
            keywords["training"] is False
            and type(self).call is BatchNormalization.call
            and self.activity_regularizer is None
            and all(type(getattr(self, name)) in _OWN for name in WEIGHTS)
        )

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the outputs."""
        inputs = np.asarray(inputs)
        computed = self._normalization(inputs.ndim)
        if not training:
            return computed.by_averages(inputs)
        return self._in_training(computed, inputs)

    def _in_training(self, computed, inputs, scopes=None):
        unbiased = self._is_fused(computed.axes, inputs.ndim)
        outputs, left = in_training(computed, inputs, self._decay, unbiased, scopes)
        self._updates.add(left)
        return outputs

    def computation(self, inputs: Any, keywords: dict[str, Any]) -> Callable[[Any], Any] | None:
        """As of every layer; updates keep the names of the call that was made."""
        training = bool(keywords.get("training"))
        if keywords.keys() - {"training"} or not self._is_blind(inputs, {"training": False}):
            return None
        if dtype_name_of(inputs) != self._dtype:
            return None
        computed = self._normalization(inputs.ndim)
        if not training:
            return computed.by_averages
        last = self._updates.last(2) if self.trainable else []
        return partial(self._in_training, computed, scopes=[update.scope for update in last] or None)

    def value_and_pullback(self, inputs: Any, training: bool = False) -> tuple[Any, FunctionPullback]:
        """Call the layer, and get the function that turns the gradient of the outputs into those of all else.

        Args:
            inputs, training: as the layer is called with.

        Returns:
            (outputs, pullback), as of ``SeparableConv1D``. In training, the statistics are functions of the inputs.

        Raises:
            TypeError: a subclass that computes its outputs by itself.
        """
        refuse_own_gradient(self, BatchNormalization)
        outputs, inputs = self(inputs, training=training), self._as_called(inputs)
        computed = self._normalization(inputs.ndim)

        def gradients(d_outputs, weights, wanted):
            return quietly(computed.gradients, d_outputs, inputs, weights, bool(training), wanted)

        weights = {name: getattr(self, name) for name in WEIGHTS}
        return outputs, FunctionPullback(self, weights, inputs, outputs, gradients)

    _computed = None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_computed": None, "_updates": self._updates.copied()}

    def _normalization(self, rank):
        """What computes with the variables and settings as they are now."""
        given = [self.axis, rank, self.epsilon, self.fused, *(getattr(self, name) for name in WEIGHTS)]
        if self._computed is None or not all(map(operator.is_, given, self._computed[0])):
            axes = axes_of(self.axis, rank)
            epsilon = max(self.epsilon, _LEAST_FUSED_EPSILON) if self._is_fused(axes, rank) else self.epsilon
            vars(self)["_computed"] = given, normalization_of(axes, rank, epsilon, given[4:])
        return self._computed[1]

    @property
    def _decay(self):
        """How far an update moves the averages; None where they stay."""
        return 1.0 - self.momentum if self.trainable else None

    def _stage(self):
        stages.refuse_unbuilt(self)
        stages.refuse_own_call(self, BatchNormalization)
        rank = self.input_spec.ndim
        axes = axes_of(self.axis, rank)
        if rank != 3 or axes not in ((1,), (2,)):
            name, received = self.name, f"Received: {self.axis!r} of {rank} axes"
            raise ValueError(f'The layer "{name}" cannot be cut over time: `axis` must be the channels\'. {received}')
        channels = int(self.moving_mean.shape[0])
        how = {"channels_last": axes == (2,), "dtype": as_dtype(self._dtype), "channels": channels}
        return Stage(self.name, lambda inputs, zeros, out: written(self.call(self._as_called(inputs)), out), **how)

    def _is_fused(self, axes, rank):
        """Whether TF1 computes it by its fused kernel."""
        places = {4: ((1,), (3,)), 5: ((1,), (4,))}.get(rank, ())
        return self.fused is not False and axes in places and self._dtype != "float64"

    @property
    def updates(self) -> list[MovingAverageUpdate]:
        """The updates of moving averages that calls have left behind and nobody has run."""
        refuse_in_trace("`updates`", "run them after the function")
        return self._updates.pending()

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> Shape:
        """The shape of the output, which is that of the input."""
        return as_shape(input_shape)

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        names = ("beta", "gamma", "moving_mean", "moving_variance")
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in ("axis", "momentum", "epsilon", "center", "scale")},
            **{f"{name}_initializer": initializers.serialize(getattr(self, f"{name}_initializer")) for name in names},
            **{
                f"{name}_regularizer": regularizers.serialize(getattr(self, f"{name}_regularizer"))
                for name in names[:2]
            },
            **{f"{name}_constraint": constraints.serialize(getattr(self, f"{name}_constraint")) for name in names[:2]},
        }


def in_training(
    computed: Normalization, inputs: Array, decay: float | None, unbiased: bool, scopes: Any = None
) -> tuple[Array, list[MovingAverageUpdate]]:
    """The outputs for the batch's statistics, and the updates of the averages that are left for later.

    The updates have the names of ``scopes``, those of earlier ones, or by default names of their own.
    """
    outputs, mean, variance = computed.by_batch(inputs)
    if decay is None:
        return outputs, []
    if unbiased:
        count = computed.count(inputs)
        variance = variance * variance.dtype.type(count / max(count - 1, 1))
    return outputs, leave_updates(computed.weights[:2], (mean, variance), decay, scopes)


def _shape_of_weights(shape, axes):
    if len(axes) == 1:
        return [int(shape[axes[0]])]
    return [int(size) if i in axes else 1 for i, size in enumerate(shape)]


def _axis(axis):
    if isinstance(axis, (list, tuple)):
        return [int(each) for each in axis]
    if not isinstance(axis, bool) and hasattr(axis, "__index__"):
        return int(axis)
    raise TypeError(f"`axis` must be an integer or a list of integers. Received: {axis!r}")


def _refuse(**arguments):
    for name, value in arguments.items():
        if value:
            raise ValueError(f"`{name}` is not supported: leave it out. Received: {value!r}")
