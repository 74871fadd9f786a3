"""Names in object-based checkpoints, whose keys are paths through Python objects (trackable_object_graph.proto)."""

from collections import Counter
from typing import Any, NamedTuple

from nb_sepconv.weights.tensorflow.protobuf import BYTES, VARINT, last, message, text

GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"
VARIABLE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
SLOT_MARK = "/.OPTIMIZER_SLOT/"
ITERATIONS = ("_iterations", "iter", "iterations")
LEARNING_RATES = ("_learning_rate", "learning_rate")


class Names(NamedTuple):
    """The name of the variable behind each key, and the keys that belong to optimizers."""

    variables: dict[str, str]
    slots: frozenset[str]


def variable_names(graph: bytes, keys: Any) -> Names:
    """The names for the keys of a checkpoint.

    Args:
        graph: bytes-like, the TrackableObjectGraph.
        keys: the keys that the checkpoint holds.

    Returns:
        Names.
    """
    full_names, slots = {}, set()
    nodes = [_parse_node(node) for node in message(graph, {1: BYTES})[1]]
    for node in nodes:
        full_names.update({key: name for key, name in node.attributes if name})
        slots.update(key for slot in node.slots if slot < len(nodes) for key, _ in nodes[slot].attributes)
    optimizers = _optimizer_prefixes(set(keys))
    slots.update(key for key in keys if SLOT_MARK in key or key.startswith(optimizers))
    counts = Counter(full_names.get(key) for key in keys)
    names = {
        key: full_names[key] if counts[full_names.get(key)] == 1 and key in full_names else _path(key) for key in keys
    }
    return Names(names, frozenset(slots))


class _Node(NamedTuple):
    attributes: list[Any]
    slots: list[Any]


def _parse_node(data):
    known = message(data, {2: BYTES, 3: BYTES})
    return _Node([_parse_attribute(item) for item in known[2]], [_parse_slot(item) for item in known[3]])


def _parse_attribute(data):
    known = message(data, {2: BYTES, 3: BYTES})
    return text(last(known[3], b"")), text(last(known[2], b""))


def _parse_slot(data):
    return last(message(data, {3: VARINT})[3])


def _optimizer_prefixes(keys):
    """Paths of objects that count steps and have a learning rate."""
    prefixes = []
    for rate in LEARNING_RATES:
        ending = f"{rate}{VARIABLE_SUFFIX}"
        paths = [key[: -len(ending)] for key in keys if key.endswith(f"/{ending}")]
        prefixes += [path for path in paths if any(f"{path}{count}{VARIABLE_SUFFIX}" in keys for count in ITERATIONS)]
    return tuple(prefixes)


def _path(key):
    """The object path of a key, its escapes undone."""
    parts = key.removesuffix(VARIABLE_SUFFIX).split("/")
    return "/".join(part.replace(".S", "/").replace("..", ".") for part in parts)
