"""What every Keras layer has: a name, a type policy, weights of its own, losses, and a call that builds once."""

from __future__ import annotations

import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.graph import get_default_graph
from nb_sepconv.framework.naming import snake_case
from nb_sepconv.keras import constraints, initializers, regularizers
from nb_sepconv.keras.building import built_once
from nb_sepconv.keras.dtype_policy import DTypePolicy, policy_of
from nb_sepconv.keras.repeated import Repeated
from nb_sepconv.keras.variable import KerasVariable
from nb_sepconv.layers.call_arguments import call_keywords
from nb_sepconv.layers.inputs import as_input, check_floating, of_type
from nb_sepconv.layers.weights import write_weights
from nb_sepconv.lazy import layers as lazy
from nb_sepconv.tensors.convert import is_floating
from nb_sepconv.tensors.dtypes import as_dtype
from nb_sepconv.tensors.lazy_value import as_loss
from nb_sepconv.tensors.tensor_shape import as_shape
from nb_sepconv.tensors.tracing import current_trace, open_traces, refuse_in_trace

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping, Sequence

    from numpy.typing import DTypeLike
    from typing_extensions import Self

    from nb_sepconv.layers.input_spec import InputSpec
    from nb_sepconv.tensors.typing import Array, Config, Identifier, ShapeInput

_SINGLE = frozenset((str, bool, int, float, type(None)))  # types of attributes that are no layers and hold none
_SEQUENTIAL = ("batch_input_shape", "batch_shape", "input_dim", "input_shape")


class Layer(Repeated):
    """The base of Keras layers.

    A subclass makes weights by ``add_weight`` in ``__init__`` or in ``build(input_shape)``, and defines
    ``call(inputs)``, which may take ``training`` and arguments of its own. Layers that are attributes of a layer, alone
    or in a list or dict, belong to it with their weights and losses.

    Args:
        activity_regularizer: name, config or function of the output; its value over the batch size joins the losses.
            Default None.
        trainable: bool, whether the weights are trained. Default True.
        dtype: type, name, policy or policy config; ``"mixed_float16"`` keeps float32 weights. Default float32.
        autocast: bool, convert floating inputs to the type that the layer computes in. Default True.
        name: str without a slash. Default the class's name in snake case, made unique in the current graph.

    Raises:
        ValueError: an argument of another type or value, or an unknown one.
    """

    def __init__(
        self,
        *,
        activity_regularizer: Identifier = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        _refuse_unknown(type(self).__name__, kwargs)
        self._dtype_policy = policy_of(dtype)
        self.autocast = autocast
        self.name: str = _unique_name(type(self).__name__) if name is None else _checked_name(name)
        self.activity_regularizer: Any = regularizers.get(activity_regularizer)
        self.input_spec: InputSpec | None = None
        self._trainable = _checked_trainable(trainable)
        self._build_shape = self._builder = None
        self._building = threading.RLock()
        self.built = False
        self._own_weights = []
        self._losses = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls):
            cls.build = built_once(cls.build)

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self)["_fast_path"] = vars(self)["_pullbacks"] = None  # setting any attribute forgets what follows from it
        super().__setattr__(name, value)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_building": None, "_builder": None, "_fast_path": None, "_pullbacks": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _building=threading.RLock())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}, dtype={self.dtype}, built={self.built}>"

    # ---- types ----

    @property
    def dtype_policy(self) -> DTypePolicy:
        """The types of the layer; it may be set to whatever ``dtype`` may be."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = policy_of(value)

    @property
    def variable_dtype(self) -> str:
        """The name of the weights' type."""
        return self.dtype_policy.variable_dtype

    dtype = variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The name of the type that the layer computes in."""
        return self.dtype_policy.compute_dtype

    # ---- weights ----

    @property
    def path(self) -> str | None:
        """The layer's name once it is built, else None."""
        return self.name if self.built else None

    def add_weight(
        self,
        shape: ShapeInput | None = None,
        initializer: Identifier | Array = None,
        dtype: DTypeLike | None = None,
        *,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Identifier = None,
        constraint: Identifier = None,
        aggregation: str | None = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> KerasVariable:
        """Create a variable of the layer.

        Args:
            shape: sequence of ints. Default ``()``.
            initializer: name, config, array or function. Default Glorot uniform for floats, else zeros.
            dtype: the type. Default the policy's for variables.
            trainable: bool. Default True.
            regularizer: name, config or function of the variable; its value joins the losses. Default None.
            constraint: name, config or function, kept on the variable. Default None.
            name: str. Default "variable".
            autocast, aggregation, overwrite_with_gradient: accepted as Keras has them and unused.

        Returns:
            The variable.

        Raises:
            ValueError: a name in the place of the shape, as Keras 2 had it.
        """
        if isinstance(shape, str):
            raise ValueError(
                f"`name` must be passed by its name: add_weight(shape=..., name={shape!r}). Received: {shape!r}"
            )
        dtype = as_dtype(dtype or self.variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if is_floating(dtype) else "zeros"
        initializer = initializers.get(initializer)
        name = name or "variable"
        weight = KerasVariable(
            np.asarray(initializer(as_shape(shape or ()), dtype=dtype), dtype),
            name,
            f"{self.name}/{name}",
            bool(trainable),
            regularizers.get(regularizer),
            constraints.get(constraint),
        )
        self._own_weights.append(weight)
        return weight

    def _sublayers(self):
        """The layers that are attributes of this one, alone or in a list, tuple or dict."""
        values = [value for value in vars(self).values() if type(value) not in _SINGLE]
        values = [value.values() if isinstance(value, dict) else value for value in values]
        listed = [value if isinstance(value, (list, tuple, type({}.values()))) else (value,) for value in values]
        return [each for value in listed for each in value if isinstance(each, Layer)]

    def _array(self, weight):
        """The weight's value in the type that the layer computes in."""
        return weight.array.astype(as_dtype(self.compute_dtype), copy=False)

    @property
    def trainable(self) -> bool:
        """Whether the weights are trained; setting it sets each variable's ``trainable`` too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for weight in self._own_weights:
            weight.trainable = weight.created_trainable and self._trainable
        for layer in self._sublayers():
            layer.trainable = value

    @property
    def weights(self) -> list[KerasVariable]:
        """All variables in the order of creation, those first that were created to be trained; then the sublayers'."""
        return list(
            dict.fromkeys([*self._own_in_order(), *(weight for layer in self._sublayers() for weight in layer.weights)])
        )

    variables = weights

    def _own_in_order(self):
        return sorted(self._own_weights, key=lambda weight: not weight.created_trainable)

    @property
    def trainable_weights(self) -> list[KerasVariable]:
        """The variables that are trained; none in a layer that is not trainable."""
        return [weight for weight in self.weights if weight.trainable] if self.trainable else []

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[KerasVariable]:
        """The variables that are not trained."""
        return [weight for weight in self.weights if not weight.trainable] if self.trainable else self.weights

    non_trainable_variables = non_trainable_weights

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            ValueError: the layer is not built.
        """
        if not self.built:
            raise ValueError(
                f"You tried to call `count_params` on layer '{self.name}', but the layer isn't built. "
                "You can build it manually via: `layer.build(input_shape)`."
            )
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[Array]:
        """Copies of the weights as a list of arrays."""
        return [weight.value() for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Write arrays into the weights.

        Args:
            weights: list of arrays in the order of ``weights``, each of its shape.

        Raises:
            ValueError: there are more or fewer, or a shape differs; then none is written.
        """
        write_weights(self.weights, weights, self.name)

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put the weights into ``store``, a mapping, under ``"0"``, ``"1"``, ..."""
        for index, weight in enumerate(self._own_in_order()):
            store[str(index)] = weight.value()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Take the weights from ``store``; see :meth:`save_own_variables` and :meth:`set_weights`."""
        write_weights(self._own_in_order(), [np.asarray(store[str(index)]) for index in range(len(store))], self.name)

    # ---- losses ----

    @property
    def losses(self) -> list[Any]:
        """The losses as NumPy scalars, those of the last call before those of the trained weights, computed anew."""
        regularized = [weight for weight in self.trainable_weights if weight.regularizer is not None]
        return [*self._losses_of_calls(), *(as_loss(weight.regularizer(weight)) for weight in regularized)]

    def _losses_of_calls(self):
        if self._losses:
            refuse_in_trace("What calls added to `losses`", "compute it in the function, from the layer's outputs")
        return [*self._losses, *(loss for layer in self._sublayers() for loss in layer._losses_of_calls())]

    def add_loss(self, loss: Any) -> None:
        """Add a number or a list of them to the losses, until the next call."""
        refuse_in_trace("`add_loss`", "return the loss from the function")
        self._losses.extend(as_loss(each) for each in (loss if isinstance(loss, (list, tuple)) else [loss]))

    def _add_activity_loss(self, outputs):
        """The mean over the batch; 0 for an empty one."""
        if self.activity_regularizer is not None:
            loss = as_loss(self.activity_regularizer(outputs))
            self.add_loss(loss / loss.dtype.type(len(outputs)) if len(outputs) else loss.dtype.type(0))

    # ---- building and calling ----

    @built_once
    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``; subclasses do it."""

    def call(self, inputs: Any) -> Any:
        """Compute the outputs; subclasses do it."""
        raise NotImplementedError(f"{type(self).__name__} must define `call`")

    def __call__(self, inputs: Any, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Build the layer if it is not, and compute its outputs; first calls of several threads wait for one build.

        Args:
            inputs: the input array.
            args, kwargs: passed on to ``call``.
            training: passed on to a ``call`` that takes it.

        Returns:
            The output array.

        Raises:
            ValueError: the rank, the channels or the length do not fit.
            TypeError: the type is no float.
        """
        if open_traces and (trace := current_trace()) is not None:
            return self._recorded(trace, partial(Layer.__call__, self), inputs, args, training, kwargs)
        inputs = as_input(inputs, self.name)
        check_floating(inputs, self.name)
        inputs = self._as_called(inputs)
        if self.input_spec is not None:
            self.input_spec.check(inputs.shape, self.name)
        if self._builder is not None or not self.built:
            with self._building:
                if not self.built:
                    self.build(tuple(inputs.shape))
        self._losses = []
        keywords = call_keywords(type(self).call, training, kwargs)
        if lazy.looks_into(self, inputs):
            return lazy.called(self, inputs, args, keywords)
        outputs = self.call(inputs, *args, **keywords)
        self._add_activity_loss(outputs)
        return outputs

    def _as_called(self, inputs):
        return of_type(as_input(inputs, self.name), self.compute_dtype, self.name, self.autocast)

    @staticmethod
    def _regularizer_of(weight):
        return weight.regularizer

    def get_config(self) -> Config:
        """The constructor's arguments as a dict that JSON can hold, without the weights."""
        activity = self.activity_regularizer
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype_policy.serialized(),
            **({} if activity is None else {"activity_regularizer": regularizers.serialize(activity)}),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``; the inputs' shape, which tf_keras adds, is a model's to know."""
        return cls(**{key: value for key, value in config.items() if key != "batch_input_shape"})

    def get_build_config(self) -> Config | None:
        """``{"input_shape": ...}`` of a built layer, else None."""
        return {"input_shape": self._build_shape} if self.built else None

    def build_from_config(self, config: Config | None) -> None:
        """Build the layer from what :meth:`get_build_config` returned."""
        if config:
            self.build(config["input_shape"])


def _refuse_unknown(class_name, keywords):
    unknown = {name: value for name, value in keywords.items() if name not in _SEQUENTIAL}
    if unknown:
        raise ValueError(f"Unrecognized keyword arguments passed to {class_name}: {unknown}")
    if keywords:
        warnings.warn(
            f"`{next(iter(keywords))}` is for models and ignored by a layer: call or build the layer", stacklevel=4
        )


def _unique_name(class_name):
    base = snake_case(class_name)
    number = get_default_graph().next_layer_number(f"keras/{base}")
    return f"{base}_{number}" if number else base


def _checked_name(name):
    if not isinstance(name, str) or "/" in name:
        raise ValueError(f"Argument `name` must be a string and cannot contain character `/`. Received: name={name!r}")
    return name


def _checked_trainable(value):
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"Expected `trainable` to be a boolean. Received: trainable={value!r} of type {type(value)}")
    return bool(value)
