"""What every TF1 layer has: a name, a scope decided at first use, weights, losses, and a call that builds once."""

from __future__ import annotations

import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import regularizers
from nb_sepconv.checks import arguments
from nb_sepconv.framework.graph_keys import GraphKeys
from nb_sepconv.framework.shared_variable import shared_variable
from nb_sepconv.framework.variable_scope import VariableScope, get_variable, variable_scope
from nb_sepconv.framework.variables import VariableAggregation, VariableSynchronization, resolve_trainable
from nb_sepconv.layers.all_or_nothing import AllOrNothing
from nb_sepconv.layers.call_arguments import call_keywords
from nb_sepconv.layers.copies import Copies
from nb_sepconv.layers.found_weights import adopt_weights
from nb_sepconv.layers.input_spec import InputSpec
from nb_sepconv.layers.inputs import as_input, check_floating, of_type
from nb_sepconv.layers.losses import LayerLosses, mean_penalty
from nb_sepconv.layers.repeated import Repeated
from nb_sepconv.layers.scope import InCall, LayerScope, names_of
from nb_sepconv.layers.weights import HasWeights, LayerWeights, array_of, initializer_or_default, is_among
from nb_sepconv.lazy import layers as lazy
from nb_sepconv.tensors.dtypes import as_dtype, dtype_name_of
from nb_sepconv.tensors.keras_json import floatx
from nb_sepconv.tensors.tensor import Tensor, tensor
from nb_sepconv.tensors.tracing import current_trace, open_traces

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike
    from typing_extensions import Self

    from nb_sepconv.framework.variables import Variable
    from nb_sepconv.tensors.typing import Config, Identifier, ShapeInput

KEYWORDS = frozenset(
    ("input_dim", "input_shape", "batch_input_shape", "batch_size", "weights", "autocast", "implementation", "dynamic")
)


_set_attribute = object.__setattr__


class Layer(HasWeights, Copies, Repeated):
    """The base of layers; see ``SeparableConv1D`` for the arguments."""

    def __init__(
        self,
        trainable: bool = True,
        name: str | VariableScope | None = None,
        dtype: DTypeLike | None = None,
        activity_regularizer: Identifier = None,
        **kwargs: Any,
    ) -> None:
        scope, reuse = kwargs.pop("_scope", None), kwargs.pop("_reuse", None)
        if kwargs:
            arguments.known_keywords(kwargs, KEYWORDS)
        name, base_name = names_of(type(self), name)
        vars(self).update(
            _name=name,
            _dtype=None if dtype is None else as_dtype(dtype).name,
            _autocast=bool(kwargs.get("autocast", False)),
            _initial_weights=kwargs.get("weights"),
            _batch_input_shape=arguments.batch_input_shape(**kwargs) if kwargs else None,
            _input_spec=None,
            _weights=LayerWeights(),
            _losses=LayerLosses(),
            _scope=LayerScope(base_name, reuse),
            _building=threading.RLock(),
            _is_building=False,
        )
        self.trainable = trainable
        self.built: bool = False
        self.activity_regularizer: Any = regularizers.get(activity_regularizer)
        self.dynamic: bool = kwargs.get("dynamic", False)
        self.supports_masking = False
        if scope:
            self._scope.capture(variable_scope(scope))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}, dtype={self.dtype}, built={self.built}>"

    # ---- names and scopes ----

    @property
    def name(self) -> str:
        """The layer's name; unnamed layers are counted from ``_1`` per graph."""
        return self._name

    @property
    def scope_name(self) -> str:
        """The prefix of the variables' names, decided when the layer is first used."""
        if not self._scope.decided:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been used yet. '
                "The scope name is determined the first time the layer instance is called. "
                "You must therefore call the layer before querying `scope_name`."
            )
        return self._scope.name

    @property
    def graph(self) -> None:
        """Always None, with a warning, as in TF 2, where layers no longer tell their graph."""
        warnings.warn("`Layer.graph` is deprecated: layers do not tell their graph any more", stacklevel=2)

    # ---- weights ----

    @property
    def dtype(self) -> str | None:
        """The name of the weights' type; None before the first input decides it."""
        return self._dtype

    def add_weight(
        self,
        name: str,
        shape: ShapeInput,
        dtype: DTypeLike | None = None,
        initializer: Identifier = None,
        regularizer: Callable[..., Any] | None = None,
        trainable: bool | None = None,
        constraint: Callable[..., Any] | None = None,
        use_resource: bool | None = None,
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        partitioner: None = None,
    ) -> Variable | Any:
        """Create, or get from the layer's scope, a variable of the layer.

        Args:
            name: str, appended to the scope's name.
            shape: sequence of ints.
            dtype: the type. Default the layer's, else what ``keras.json`` says or float32.
            initializer: name, config or callable. Default the scope's, else Glorot uniform.
            regularizer: a function of the variable whose value joins the layer's losses. Default None.
            trainable: bool. Default True; False in a layer that is not trainable.
            constraint: kept on the variable. Default None.
            partitioner: must be None.
            use_resource, synchronization, aggregation: passed on to custom getters.

        Returns:
            The Variable, or what the scope's custom getter made of it.
        """
        trainable = resolve_trainable(trainable, synchronization, name) and self.trainable
        dtype = as_dtype(dtype or self._dtype or floatx())
        if self._dtype is None:
            self._dtype = dtype.name
        self._scope.decide()
        with self._scope.entered(self.built) as scope:
            graph, weight, get = self._scope.graph, None, None
            known = graph.get_collection(GraphKeys.GLOBAL_VARIABLES) if regularizer else ()
            if partitioner is None:
                weight = shared_variable(name, shape, dtype, initializer)
            if weight is None:
                get = partial(
                    get_variable,
                    name,
                    shape,
                    dtype=dtype,
                    initializer=initializer_or_default(initializer, scope, dtype),
                    trainable=trainable,
                    constraint=constraint,
                    partitioner=partitioner,
                    use_resource=use_resource or scope.use_resource,
                    synchronization=synchronization,
                    aggregation=aggregation,
                )
                weight = get()
            self._weights.keep(name, weight, get)
            vars(self)["_pullbacks"] = None
            if regularizer and not is_among(weight, known):
                loss = partial(self._weight_loss, name, regularizer)
                self._losses.add_function(graph, f"{self._scope.name}/{name}/Regularizer", loss)
                self._weights.regularize(name, regularizer)
            if not (trainable and graph.collects(GraphKeys.TRAINABLE_VARIABLES, weight)):
                self._weights.freeze(name)
        return weight

    def _weight_loss(self, name, regularizer):
        return regularizer(self._weights[name])

    add_variable = add_weight

    @property
    def losses(self) -> list[Any]:
        """The losses as NumPy scalars, those of this step's calls before those of weights, which are computed anew.

        An optimizer's step forgets those of calls, and so does ``tf.losses.clear_call_losses``; without either, a graph
        keeps the last 1,000.
        """
        return self._losses.values()

    @property
    def updates(self) -> list[Any]:
        """The updates of moving averages that calls have left behind and nobody has run; see ``BatchNormalization``."""
        return []

    def add_loss(self, losses: Any, inputs: object = None) -> None:
        """Add losses to the layer and to ``REGULARIZATION_LOSSES``.

        Args:
            losses: a number, a function of no arguments that returns one, None, or a list of these. Numbers, and what
                ``call`` adds, count until the step is over; other functions stay.
            inputs: accepted as TF1 has it and unused.
        """
        graph = self._scope.home()
        add_function = self._losses.add_function_of_call if graph.thread.in_call else self._losses.add_function
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            if loss is not None:
                (add_function if callable(loss) else self._losses.add_value)(graph, f"{self.name}/loss", loss)

    def _add_activity_loss(self, outputs):
        if self.activity_regularizer:
            mean = mean_penalty(self.activity_regularizer, outputs)
            name = f"{self._scope.original_name_scope}ActivityRegularizer/truediv"
            self._losses.add_value(self._scope.graph, name, mean)

    # ---- building and calling ----

    @property
    def input_spec(self) -> InputSpec | None:
        """The InputSpec that inputs are checked against."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: InputSpec | None) -> None:
        if value is not None and not isinstance(value, InputSpec):
            raise TypeError(f"Layer input_spec must be an instance of InputSpec. Received: {value!r}")
        self._input_spec = value

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Create the weights for inputs of ``input_shape``; subclasses do it and set ``built``."""
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Compute the outputs; subclasses do it."""
        raise NotImplementedError(f"{type(self).__name__} must define `call`")

    def apply(self, inputs: Any, **kwargs: Any) -> Any:
        """The same as calling the layer."""
        return self(inputs, **kwargs)

    def __call__(
        self,
        inputs: Any,
        *args: Any,
        scope: str | VariableScope | None = None,
        training: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Build the layer if it is not, and compute its outputs; first calls of several threads wait for one build.

        Args:
            inputs: the input array.
            args, kwargs: passed on to ``call``.
            scope: str or VariableScope, where the variables go; it counts in the first call only. Default the name.
            training: passed on to a ``call`` that takes it.

        Returns:
            The output array.
        """
        return self._call(inputs, scope, *args, **call_keywords(type(self).call, training, kwargs))

    def _call(self, inputs: Any, scope: Any, *args: Any, **keywords: Any) -> Any:
        """Build the layer if it is not, and pass all else on to ``call``; a Tensor gives a Tensor."""
        if open_traces and (trace := current_trace()) is not None:
            return self._recorded(trace, inputs, args, {"scope": scope, **keywords})
        if type(inputs) is Tensor:
            return tensor(self._call(inputs.view(np.ndarray), scope, *args, **keywords))
        inputs = as_input(inputs, self._name)
        if self._is_building or not self.built:
            with self._building:
                self._scope.decide(scope)
                if not self.built:
                    return self._build_and_compute(inputs, args, keywords)
        self._scope.decide(scope)
        return self._compute_built(inputs, args, keywords)

    def _compute_built(self, inputs, args, keywords):
        if not args and self._is_blind(inputs, keywords):
            self._scope.graph.thread.scope_names.add(self._scope.path)
            return self._compute(inputs, args, keywords)
        with self._scope.entered(built=True):
            vars(self).update(self._weights.compute_anew())
            outputs = self._compute(inputs, args, keywords)
        if self._fast_path is None:  # calls with lengths and for arrays on a GPU look for it too
            vars(self)["_fast_path"] = self._build_fast_path()
        return outputs

    def _build_and_compute(self, inputs, args, keywords):
        with self._all_or_nothing():
            if not self._is_building and adopt_weights(self, inputs):
                return self._compute_built(inputs, args, keywords)
            with self._scope.entered(built=False):
                vars(self)["_is_building"] = True
                self._build_for(inputs)
                outputs = self._compute(inputs, args, keywords)
        vars(self)["_is_building"] = False
        return outputs

    def _wanted(self, shape):
        """What building for inputs of a shape makes: the InputSpec, and the kind and shape of each weight by name."""
        return (self._input_spec, {}) if type(self).build is Layer.build else None

    def _dtype_of_weights(self, dtype):
        return dtype

    def _call_in_scope(self, inputs):
        """The outputs of a built layer for inputs that fit, where what it runs may look at its scope or add losses."""
        with self._scope.entered(built=True):
            with InCall(self._scope.graph.thread, True):
                outputs = self.call(inputs)
            self._add_activity_loss(outputs)
        return outputs

    def _is_blind(self, inputs, keywords):
        """Whether nothing that a call with these keywords runs could see the scope.

        If nothing could, then that its name is taken is all that entering it would change.
        """
        short = self._short_way(inputs) if type(inputs) is np.ndarray and not keywords else None
        return short is not None and not short[-1]

    _fast_path = None

    def _short_way(self, inputs):
        """What lets a call for a plain array leave out the scopes and all checks but its own, or None.

        It is looked up in the first call of a built layer since an attribute was set, for inputs that fit.
        """
        found = self._fast_path
        if found is None and self.built and not self._is_building and self._scope.decided:
            spec = self.input_spec
            if spec is None or spec.accepts(inputs.shape):
                found = vars(self)["_fast_path"] = self._build_fast_path()
        return found

    def _build_fast_path(self):
        """What the next calls need beside the arrays, or None; setting any attribute of the layer forgets it."""

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        own["_fast_path"] = own["_pullbacks"] = None
        _set_attribute(self, name, value)

    def _compute(self, inputs, args, keywords):
        self._check(inputs)
        if self._dtype is None:  # built by ``build``, without weights
            self._dtype = dtype_name_of(inputs)
        with InCall(self._scope.home().thread, True):
            if lazy.looks_into(self, inputs):
                return lazy.called(self, self._as_called(inputs), args, keywords)
            outputs = self.call(self._as_called(inputs), *args, **keywords)
        self._add_activity_loss(outputs)
        return outputs

    def _check(self, inputs):
        if self.input_spec is not None:
            self.input_spec.check(inputs.shape, self.name)
        check_floating(inputs, self.name)

    def _as_called(self, inputs):
        return of_type(as_input(inputs, self.name), self._dtype, self.name, self._autocast)

    _array = staticmethod(array_of)

    def _regularizer_of(self, weight):
        return self._weights.regularizer_of(weight)

    def _build_for(self, inputs):
        self._check(inputs)
        self._dtype = self._dtype or dtype_name_of(inputs)
        with InCall(self._scope.home().thread, False):
            self.build(tuple(inputs.shape))
        self.built = True
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    def _all_or_nothing(self):
        """Leave neither variables nor marks on the layer behind when the block fails; the scope's name stays."""
        return AllOrNothing(self, self._scope.home())

    def get_config(self) -> Config:
        """The constructor's arguments as a dict, without the weights."""
        config = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self._batch_input_shape is not None:
            config["batch_input_shape"] = self._batch_input_shape
        return config

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """A new layer with the arguments ``config``."""
        return cls(**config)
