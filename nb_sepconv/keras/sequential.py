"""Keras' ``Sequential``: layers one after the other, called as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.convolution.stage import stages_in
from nb_sepconv.keras.layer import Layer
from nb_sepconv.keras.model_config import layer_from_config, serialized
from nb_sepconv.keras.model_weights import read_weights
from nb_sepconv.keras.shape_layers import InputLayer
from nb_sepconv.keras.summary import summary
from nb_sepconv.layers.streamed import Streamed
from nb_sepconv.tensors.tensor_shape import as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array, Config, FilePath

_INSTEAD = {
    **dict.fromkeys(
        ("compile", "evaluate", "fit", "train_on_batch"),
        "train by `value_and_pullback` of the layers and the optimizers of `nb_sepconv.train`",
    ),
    **dict.fromkeys(
        ("predict", "predict_on_batch"), "call the model; inputs that fill memory go through `nb_sepconv.batch.apply`"
    ),
    **dict.fromkeys(("save", "save_weights", "export"), "`nb_sepconv.weights.save` writes weights by name"),
}


class Sequential(Streamed, Layer):
    """Layers one after the other, called as one.

    The first one may be an ``Input``, which gives the shape and builds the model; else its first call builds it.

    Args:
        layers: list of Keras layers. Default none: :meth:`add` appends.
        trainable: bool, whether the weights are trained. Default True.
        name: str. Default "sequential", made unique.

    Raises:
        TypeError: what is added is no Keras layer.
        ValueError: two layers of one name, or an ``Input`` behind another.

    Example:
        >>> import numpy as np
        >>> from nb_sepconv import keras
        >>> layers = [keras.Input((100, 4)), keras.layers.SeparableConv1D(8, 5), keras.layers.GlobalMaxPooling1D()]
        >>> model = keras.Sequential(layers)
        >>> model.output_shape, model(np.zeros((2, 100, 4), np.float32)).shape, model.count_params()
        ((None, 8), (2, 8), 60)
    """

    def __init__(self, layers: Iterable[Layer] | None = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        self._shapes: list[tuple[int | None, ...]] | None = None
        for layer in layers or ():
            self._append(layer)
        self._build_again()

    def __repr__(self) -> str:
        return f"<Sequential name={self.name!r}, built={self.built}, layers={[layer.name for layer in self.layers]}>"

    def __len__(self) -> int:
        return len(self.layers)

    def __bool__(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        if name in ("input_shape", "output_shape"):  # their properties found no shapes
            raise AttributeError(f"the model {self.name!r} is not built: build or call it, or put an `Input` first")
        instead = f": {_INSTEAD[name]}" if name in _INSTEAD else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{instead}")

    # ---- layers ----

    @property
    def layers(self) -> list[Layer]:
        """The layers in their order, without the ``Input``."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def add(self, layer: Layer) -> None:
        """Append a layer; where the shapes are known, the model is built anew."""
        self._append(layer)
        self._build_again()

    def pop(self) -> Layer:
        """Take the last layer off, and return it.

        Raises:
            ValueError: there is none.
        """
        if not self._layers:
            raise ValueError(f"The model {self.name!r} must have layers to take one off. Received: none")
        layer = self._layers.pop()
        self._build_again()
        return layer

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of a name, or at an index.

        Raises:
            ValueError: no layer has the name, no or both arguments are given, or the index is too large.
        """
        if (name is None) == (index is None):
            raise ValueError(f"Give `name` or `index`, one of them. Received: name={name!r}, index={index!r}")
        if index is not None:
            if not -len(self) <= index < len(self):
                raise ValueError(f"`index` must be one of {len(self)} layers. Received: {index}")
            return self.layers[index]
        for layer in self._layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in self._layers]
        raise ValueError(f"`name` must be one of {names}. Received: {name!r}")

    def _append(self, layer):
        if not isinstance(layer, Layer):
            raise TypeError(f"A Sequential model takes Keras layers. Received: {layer!r} of type {type(layer)}")
        if layer.name in {each.name for each in self._layers}:
            raise ValueError(f"The layers of a model must have names of their own. Received: {layer.name!r} again")
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(f"An `Input` must come first. Received: {layer.name!r} behind {self._layers[-1].name!r}")
        self._layers.append(layer)

    # ---- shapes ----

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape that the model is built for, with None where any size goes."""
        return self._known_shapes()[0]

    @property
    def output_shape(self) -> tuple[int | None, ...]:
        """The shape of the outputs for inputs of :attr:`input_shape`."""
        return self._known_shapes()[-1]

    def _known_shapes(self):
        if self._shapes is None:
            raise AttributeError  # __getattr__ says why
        return self._shapes

    def compute_output_shape(self, input_shape: Sequence[int | None]) -> tuple[int | None, ...]:
        """The shape of the output for inputs of ``input_shape``, a sequence of ints and Nones."""
        return self._shapes_through(tuple(as_shape(input_shape)))[-1]

    def _shapes_through(self, shape):
        shapes = [shape]
        for layer in self.layers:
            shapes.append(tuple(layer.compute_output_shape(shapes[-1])))
        return shapes

    def build(self, input_shape: Sequence[int | None]) -> None:
        """Build all layers for inputs of ``input_shape``.

        Raises:
            ValueError: there are no layers, the shape is another than that of the ``Input``, or a layer refuses it.
        """
        shape = tuple(as_shape(input_shape))
        if not self.layers:
            raise ValueError(f"The model {self.name!r} has no layers to build: call `add`. Received: {shape}")
        self._check_input(shape)
        if all(hasattr(layer, "compute_output_shape") for layer in self.layers):
            shapes = self._shapes_through(self._general(shape))
            for layer, layer_shape in zip(self.layers, shapes[:-1], strict=True):
                if not layer.built:
                    layer.build(layer_shape)
            self._shapes = shapes
        else:  # each layer is built by the first call
            self._shapes = None

    def _general(self, shape):
        first = self._layers[0]
        return first.batch_shape if isinstance(first, InputLayer) else (None, *shape[1:])

    def _check_input(self, shape):
        first = self._layers[0]
        if isinstance(first, InputLayer):
            wanted = first.batch_shape
            fits = len(shape) == len(wanted) and all(
                size in (None, given) or given is None for size, given in zip(wanted, shape, strict=True)
            )
            if not fits:
                raise ValueError(f"The model {self.name!r} takes inputs of shape {wanted}. Received: {shape}")

    def _build_again(self):
        self.built = False
        self._shapes = None
        if isinstance(self._layers[0] if self._layers else None, InputLayer) and len(self._layers) > 1:
            self.build(self._layers[0].batch_shape)

    # ---- calls ----

    def call(self, inputs: Array, training: bool | None = None) -> Any:
        """Call the layers one after the other."""
        self._check_input(inputs.shape)
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs

    def _as_called(self, inputs):
        return inputs

    def _stages(self):
        """What a ``Stack`` of the layers would have."""
        return [stage for layer in self.layers for stage in stages_in(layer)]

    # ---- weights, configuration ----

    def load_weights(self, path: FilePath) -> None:
        """Take the weights from a file that Keras wrote.

        Args:
            path: str or path-like: a ``.weights.h5``, ``.keras`` or ``.h5`` file.

        Raises:
            ValueError: the model is not built, or the weights of a layer do not fit; then none is written.
            FileNotFoundError: nothing is there.
            WeightsError: the file is damaged, or no such file.
        """
        read_weights(self, path)

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print the layers, the shapes of their outputs and the numbers of their parameters.

        Args:
            print_fn: function of a line. Default ``print``.
        """
        for line in summary(self):
            print_fn(line)

    def get_config(self) -> Config:
        """The layers' configurations as a dict that JSON can hold, without the weights."""
        config = {**super().get_config(), "layers": [serialized(layer) for layer in self._layers]}
        if self._shapes is not None:
            config["build_input_shape"] = self._shapes[0]
        return config

    @classmethod
    def from_config(cls, config: Config, custom_objects: dict[str, type] | None = None) -> Self:
        """A new model of new layers, with the arguments ``config``.

        Args:
            config: dict, what :meth:`get_config` returned, or Keras 3 or tf_keras.
            custom_objects: dict of class name to class, for layers of the caller's own. Default none.

        Raises:
            ValueError: a layer that is not known; the message names it.
        """
        return _from_config(cls, config, {name: kind.from_config for name, kind in (custom_objects or {}).items()})


def _from_config(kind, config, known):
    known = {"Sequential": lambda inner: _from_config(Sequential, inner, known), **known}
    layers = config if isinstance(config, list) else config["layers"]  # Keras 1 wrote the list alone
    named = {} if isinstance(config, list) else {key: config[key] for key in ("name", "trainable") if key in config}
    model = kind(_with_input([layer_from_config(each, known) for each in layers], layers), **named)
    shape = None if isinstance(config, list) else config.get("build_input_shape")
    if shape and model.layers and not model.built:
        model.build(shape)
    return model


def _with_input(layers, configs):
    """The layers with an ``InputLayer`` before them where tf_keras wrote its shape into the first one."""
    shape = configs[0]["config"].get("batch_input_shape") if configs else None
    return layers if shape is None or isinstance(layers[0], InputLayer) else [InputLayer(batch_shape=shape), *layers]
