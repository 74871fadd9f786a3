"""Layers from the configurations that Keras 3 and tf_keras write, and back: data alone, nothing in it is executed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.keras import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb_sepconv.keras.layer import Layer
    from nb_sepconv.tensors.typing import Config

    Builders = Mapping[str, Callable[[Any], Layer]]

_LAYERS = {
    name: kind
    for name in layers.__all__
    if isinstance(kind := getattr(layers, name), type) and hasattr(kind, "from_config") and name != "Layer"
}
_CODE = ("Lambda", "TFOpLambda", "SlicingOpLambda")


def serialized(layer: Layer) -> Config:
    """A layer's class and configuration as Keras 3 writes them."""
    kind = type(layer)
    module = "keras.layers" if _LAYERS.get(kind.__name__) is kind else "keras"
    config = layer.get_config()
    return {
        "module": module,
        "class_name": kind.__name__,
        "config": config,
        "registered_name": None,
        "build_config": layer.get_build_config(),
    }


def layer_from_config(config: Any, known: Builders) -> Layer:
    """The layer of one configuration.

    Args:
        config: dict with ``class_name`` and ``config``.
        known: by class name, functions that make a layer of its configuration, for classes that are not here.

    Raises:
        ValueError: no such dict, or a class that is not known.
    """
    name = config.get("class_name") if isinstance(config, dict) else None
    if not isinstance(name, str) or not isinstance(config.get("config"), (dict, list)):
        raise ValueError(f"A layer's configuration must have a `class_name` and a `config`. Received: {config!r}")
    if name in known:
        return known[name](config["config"])
    if name in _LAYERS:
        return _LAYERS[name].from_config(config["config"])
    code = " It holds code, which is not executed." if name in _CODE else ""
    raise ValueError(
        f"The layer {config['config'].get('name')!r} is of a class that is not known.{code} Pass it in "
        f"`custom_objects={{{name!r}: ...}}`; known are {', '.join(sorted(_LAYERS))}. Received: {name!r}"
    )


def chain(config: Config) -> list[Config]:
    """The layers' configurations of a functional model whose layers follow one another, in their order.

    Raises:
        ValueError: a layer with several inputs, or used twice, or a model of several inputs or outputs.
    """
    by_name = {layer["config"]["name"]: layer for layer in config["layers"]}
    inputs, outputs = (_names(config[key]) for key in ("input_layers", "output_layers"))
    if len(inputs) != 1 or len(outputs) != 1:
        raise ValueError(
            f"The model {config.get('name')!r} must have one input and one output. Received: {inputs} and {outputs}"
        )
    followers = {}
    for name, layer in by_name.items():
        sources = _sources(layer.get("inbound_nodes", []))
        if name != inputs[0] and len(sources) != 1:
            raise ValueError(
                f"The layers of a model must follow one another to make a `Sequential` of it. "
                f"Received: the layer {name!r} with the inputs {sources}"
            )
        for source in sources:
            followers.setdefault(source, []).append(name)
    order = [inputs[0]]
    while order[-1] in followers:
        if len(followers[order[-1]]) > 1:
            raise ValueError(
                f"The layers of a model must follow one another to make a `Sequential` of it. "
                f"Received: {order[-1]!r} before {followers[order[-1]]}"
            )
        order += followers[order[-1]]
    if len(order) != len(by_name) or order[-1] != outputs[0]:
        raise ValueError(f"The layers of a model must lead from its input to its output. Received: {order}")
    return [by_name[name] for name in order]


def _names(references):
    """The layers' names of ``[["input", 0, 0]]``, or of the ``["input", 0, 0]`` that Keras writes for a single one."""
    references = [references] if references and isinstance(references[0], str) else references
    return [reference[0] for reference in references]


def _sources(nodes):
    """The names of the layers that feed one, whatever the version of Keras that wrote it."""
    found = []
    for node in nodes:
        if isinstance(node, dict):
            found += _tensors([node.get("args"), node.get("kwargs")])
        else:
            node = [node] if node and isinstance(node[0], str) else node
            found += [reference[0] for reference in node]
    return found


def _tensors(value):
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            return [value["config"]["keras_history"][0]]
        return _tensors(list(value.values()))
    return [name for each in value for name in _tensors(each)] if isinstance(value, list) else []
