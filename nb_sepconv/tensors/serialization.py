"""From what a caller may pass (a name, a Keras config, a callable, None) to the object it stands for, and back."""

from __future__ import annotations

from reprlib import aRepr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nb_sepconv.tensors.typing import Identifier


def interpret(identifier: Identifier, kind: str, by_name: Mapping[str, Callable[..., Any]]) -> Any:
    """The object that an identifier stands for.

    Args:
        identifier: None, a name, ``{"class_name": ..., "config": ...}`` (Keras 3 adds ``module`` and
            ``registered_name``), a callable, or a class to be called without arguments.
        kind: what is looked for, in words, for messages: ``"initializer"``.
        by_name: dict of name -> class or function that makes the object.

    Returns:
        The object, None for None.

    Raises:
        ValueError: an unknown name, an incomplete config, or something else.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        return _known(identifier, kind, by_name)()
    if isinstance(identifier, dict):
        return _from_config(identifier, kind, by_name)
    if callable(identifier):
        return identifier() if isinstance(identifier, type) else identifier
    raise ValueError(
        f"Could not interpret {kind} identifier. `{kind}` must be None, a name, a config dict or a callable. "
        f"Received: {identifier!r}"
    )


def _known(name, kind, by_name):
    if name not in by_name:
        raise ValueError(
            f"Unknown {kind}: '{name}'. `{kind}` must be a callable or one of {', '.join(sorted(by_name))}. "
            f"Received: {name!r}"
        )
    return by_name[name]


def _from_config(identifier, kind, by_name):
    name, config = identifier.get("class_name"), identifier.get("config")
    if not isinstance(name, str) or not isinstance(config, dict):
        raise ValueError(
            f"Improper config format. `{kind}` as a dict must hold `class_name` (a name) and `config` (a dict). "
            f"Received: {identifier!r}"
        )
    return _known(name, kind, by_name)(**config)


def keras_config(thing: Any, own_class: type, module: str) -> Any:
    """The Keras 3 config of one of our objects; None and what is not ours stand for themselves.

    Args:
        thing: the object.
        own_class: the base class of ours; it offers ``get_config()``.
        module: the Keras module of such objects: ``"keras.initializers"``.

    Returns:
        ``{"module", "class_name", "config", "registered_name"}``, or ``thing`` itself.
    """
    if not isinstance(thing, own_class) or not type(thing).__module__.startswith("nb_sepconv."):
        return thing
    return {"module": module, "class_name": type(thing).__name__, "config": thing.get_config(), "registered_name": None}


def config_repr(thing: Any) -> str:
    """``Class(argument=value, ...)`` on one line, from ``get_config()``; long values are cut."""
    try:
        config = thing.get_config()
    except NotImplementedError:
        config = {}
    values = ", ".join(f"{name}={' '.join(aRepr.repr(value).split())}" for name, value in config.items())
    return f"{type(thing).__name__}({values})"
