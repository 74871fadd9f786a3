"""The defaults that a user has written down for Keras: ``keras.json`` in ``$KERAS_HOME`` or in ``~/.keras``."""

import json
import os
from functools import lru_cache
from pathlib import Path

_ACCEPTED = {
    "floatx": ("float32", "float16", "bfloat16", "float64"),
    "image_data_format": ("channels_last", "channels_first"),
}


def floatx() -> str:
    """The float type of layers that are given none: "float32" where nothing else is written."""
    return _setting("floatx")


def image_data_format() -> str:
    """What ``data_format=None`` stands for: "channels_last" where nothing else is written."""
    return _setting("image_data_format")


def _setting(name):
    path = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "keras.json"
    accepted = _ACCEPTED[name]
    value = _read(path).get(name, accepted[0])
    if value not in accepted:
        raise ValueError(f"`{name}` in {path} must be one of {', '.join(accepted)}. Received: {value!r}")
    return value


@lru_cache
def _read(path):
    """What the file holds, read once; nothing where it cannot be read, as in Keras."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
