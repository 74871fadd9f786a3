"""Looking into TensorFlow checkpoints by the names they hold."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from nb_sepconv.weights.loading import open_checkpoint
from nb_sepconv.weights.tensorflow.checkpoint_state import FILE_NAME, latest_prefix

if TYPE_CHECKING:
    import numpy as np

    from nb_sepconv.tensors.typing import Array, FilePath


class CheckpointReader:
    """The tensors of a checkpoint by name, each read when it is asked for.

    Args:
        path: str or path-like, as for :func:`load_checkpoint`.
    """

    def __init__(self, path: FilePath) -> None:
        self._source = open_checkpoint(path)

    def __repr__(self) -> str:
        return f"<CheckpointReader of {len(self._source.tensors)} tensors, {self._source.path}>"

    def get_tensor(self, tensor_str: str) -> Array:
        """The tensor of that name as an array; KeyError where there is none."""
        if not self.has_tensor(tensor_str):
            raise KeyError(f"`tensor_str` must name a tensor of {self._source.path}. Received: {tensor_str!r}")
        return self._source.read(tensor_str)

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether the checkpoint has a tensor of that name."""
        return tensor_str in self._source.tensors

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shapes, lists of int, by name."""
        return {name: list(info.shape) for name, info in self._source.tensors.items()}

    def get_variable_to_dtype_map(self) -> dict[str, np.dtype[Any] | None]:
        """The NumPy dtypes by name; None for what no array holds."""
        return {name: info.dtype for name, info in self._source.tensors.items()}


def load_checkpoint(ckpt_dir_or_file: FilePath) -> CheckpointReader:
    """A reader of a checkpoint, V1 or V2.

    Args:
        ckpt_dir_or_file: str or path-like, the prefix of a checkpoint, or a folder whose latest one is meant; a name
            that is both is taken for the prefix, where TensorFlow takes the folder.

    Returns:
        CheckpointReader.

    Raises:
        FileNotFoundError: there is none.
        WeightsError: it is damaged.

    >>> import tempfile
    >>> from nb_sepconv import train, weights
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt"
    >>> weights.save(prefix, {"sep/bias": [1.0, 2.0]})
    >>> train.load_checkpoint(prefix).get_variable_to_shape_map()
    {'sep/bias': [2]}
    """
    return CheckpointReader(ckpt_dir_or_file)


def list_variables(ckpt_dir_or_file: FilePath) -> list[tuple[str, list[int]]]:
    """The names and shapes in a checkpoint.

    Args:
        ckpt_dir_or_file: str or path-like, as for :func:`load_checkpoint`.

    Returns:
        list of (name, list of int), in the order of the names.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def latest_checkpoint(checkpoint_dir: FilePath, latest_filename: str | None = None) -> str | None:
    """The prefix of the latest checkpoint of a folder.

    Args:
        checkpoint_dir: str or path-like.
        latest_filename: str or None, the file that names it. Default None, for ``checkpoint``.

    Returns:
        str, or None where there is no such file or what it names is gone.

    Raises:
        WeightsError: the file cannot be understood, or names a checkpoint outside the folder.
    """
    folder = os.fsdecode(checkpoint_dir)
    if not os.path.isfile(os.path.join(folder, latest_filename or FILE_NAME)):
        return None
    prefix = latest_prefix(folder, latest_filename or FILE_NAME)
    return prefix if checkpoint_exists(prefix) else None


def checkpoint_exists(prefix: FilePath) -> bool:
    """Whether files of a checkpoint are there."""
    prefix = os.fsdecode(prefix)
    return os.path.isfile(f"{prefix}.index") or os.path.isfile(prefix)
