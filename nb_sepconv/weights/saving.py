"""Writing a mapping of arrays in the format that the file's name asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nb_sepconv.weights.keras.h5_writer import write_keras_h5
from nb_sepconv.weights.npz import write_npz
from nb_sepconv.weights.safetensors import write_safetensors
from nb_sepconv.weights.tensorflow.bundle_writer import write_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

    from nb_sepconv.tensors.typing import FilePath

WRITERS: dict[str, Callable[..., None]] = {
    ".npz": write_npz,
    ".safetensors": write_safetensors,
    ".weights.h5": write_keras_h5,
    ".ckpt": write_bundle,
}


def save(path: FilePath, mapping: Mapping[str, Any], format: str | None = None) -> None:
    """Write arrays to a file; what stood there before stays whole until the new file is complete.

    Args:
        path: str, bytes or path-like. ``.npz``, ``.safetensors`` and ``.weights.h5`` (which Keras 3 reads) choose the
            format; a name with ``.ckpt`` or without a suffix is the prefix of a TensorFlow V2 checkpoint.
        mapping: mapping of str to array.
        format: str or None, one of those suffixes, whatever the name. Default None.

    Raises:
        ValueError: the format is unknown or cannot hold an array.

    >>> import tempfile
    >>> from nb_sepconv import weights
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt-3"
    >>> weights.save(prefix, {"sep/bias": [0.5, 1.5]})
    >>> weights.load(prefix)["sep/bias"]
    array([0.5, 1.5])
    """
    path = os.fsdecode(path)
    if not isinstance(mapping, Mapping):
        raise TypeError(f"`mapping` must map names to arrays. Received: {type(mapping).__name__}")
    odd = [name for name in mapping if not isinstance(name, str) or not name or "\0" in name]
    if odd:
        raise ValueError(f"The names in `mapping` must be str, not empty and without NUL. Received: {odd[0]!r}")
    WRITERS[suffix_of(path, format)](path, mapping)


def holds_strings(path: FilePath) -> bool:
    """Whether the format that a file's name asks for has arrays of strings."""
    return suffix_of(os.fsdecode(path)) in (".npz", ".ckpt")


def suffix_of(path: str, format: str | None = None) -> str:
    """The suffix that stands for the format of a file: ``format``, or what the name asks for."""
    if format is not None:
        if format not in WRITERS:
            raise ValueError(f"`format` must be one of {', '.join(WRITERS)}. Received: {format!r}")
        return format
    name = os.path.basename(path)
    suffix = next((suffix for suffix in WRITERS if name.endswith(suffix)), None)
    if suffix is None and (".ckpt" in name or "." not in name) and name:
        suffix = ".ckpt"
    if suffix is None:
        raise ValueError(f"`path` must end in one of {', '.join(WRITERS)}, or give `format`. Received: {path!r}")
    return suffix
