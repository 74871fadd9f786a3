"""TF1's Saver: a graph's variables to checkpoints and back."""

from __future__ import annotations

import glob
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.framework.variables import Variable, global_variables
from nb_sepconv.train.assignment import fill_variables
from nb_sepconv.train.checkpoints import checkpoint_exists
from nb_sepconv.weights.tensorflow.bundle_writer import write_bundle
from nb_sepconv.weights.tensorflow.checkpoint_state import FILE_NAME, write_state

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nb_sepconv.tensors.typing import FilePath

STEP_DIGITS = 8
SECONDS_PER_HOUR = 3600.0


class Saver:
    """Saves variables of the current graph as TensorFlow V2 checkpoints, which TensorFlow reads, and restores them.

    Args:
        var_list: list of Variable, dict of name in the checkpoint to Variable, or None for all global variables of the
            current graph. Default None.
        reshape: bool, whether to restore from other shapes of the same size. Default False.
        max_to_keep: int, how many checkpoints stay; None or 0 keeps all. Default 5.
        keep_checkpoint_every_n_hours: float, of those that would go, one stays for each such time. Default 10000.
        defer_build: bool, whether the variables are looked up at the first save or restore. Default False.
        allow_empty: bool, whether there may be no variables. Default False.
        pad_step_number: bool, whether steps in names have 8 digits. Default False.
        sharded, name, restore_sequentially, saver_def, builder, write_version, save_relative_paths, filename: accepted
            as TF1 has them; they change nothing here.

    Raises:
        ValueError: no variables, or two of one name.
        TypeError: something else than variables.

    >>> import nb_sepconv as tf, tempfile
    >>> bias = tf.get_variable("sep/bias", initializer=[1.0, 2.0])
    >>> path = tf.train.Saver().save(None, tempfile.mkdtemp() + "/model.ckpt", global_step=7)
    >>> _ = bias.assign([0.0, 0.0]); tf.train.Saver().restore(None, path); bias.numpy().tolist()
    [1.0, 2.0]
    """

    def __init__(
        self,
        var_list: Sequence[Variable] | Mapping[str, Variable] | None = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: object = None,
        builder: object = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: object = 2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: object = None,
    ) -> None:
        self._var_list = var_list
        self._reshape = reshape
        self._allow_empty = allow_empty
        self._pad_step_number = pad_step_number
        self._max_to_keep = max_to_keep or 0
        self._keep_seconds = keep_checkpoint_every_n_hours * SECONDS_PER_HOUR
        self._keep_next = time.time() + self._keep_seconds
        self._checkpoints = []
        self._variables = None if defer_build else self._find_variables()

    def __repr__(self) -> str:
        variables = "variables not looked up yet" if self._variables is None else f"{len(self._variables)} variables"
        latest = f", latest {self.last_checkpoints[-1]!r}" if self._checkpoints else ""
        return f"<Saver of {variables}, {len(self._checkpoints)} checkpoints{latest}>"

    def build(self) -> None:
        """Look the variables up now; only after ``defer_build=True``."""
        self._variables = self._find_variables()

    @property
    def last_checkpoints(self) -> list[str]:
        """The prefixes of the checkpoints that are kept, the latest last."""
        return [prefix for prefix, _ in self._checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Iterable[tuple[str, float]]) -> None:
        """Take over a list of (prefix, seconds since 1970)."""
        self._checkpoints = list(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Iterable[FilePath]) -> None:
        """Take over checkpoints of an earlier run, those that are still there."""
        kept = [os.fsdecode(prefix) for prefix in checkpoint_paths if checkpoint_exists(prefix)]
        self._checkpoints = [(prefix, os.path.getmtime(_main_file(prefix))) for prefix in kept]

    def save(
        self,
        sess: object,
        save_path: FilePath,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str:
        """Write a checkpoint, name it in the folder's file ``checkpoint``, and remove those that are too many.

        Args:
            sess: accepted as TF1 has it and unused.
            save_path: str or path-like, the prefix.
            global_step: int or Variable, appended to the prefix as ``-1200``. Default None.
            latest_filename: str, instead of ``checkpoint``. Default None.
            write_state: bool, whether to write that file. Default True.
            meta_graph_suffix, write_meta_graph, strip_default_attrs, save_debug_info: accepted as TF1 has them; there
                is no graph of operations to write.

        Returns:
            str, the prefix with the step.

        Raises:
            ValueError: the folder is missing.
        """
        prefix = os.fsdecode(save_path)
        folder = os.path.dirname(prefix) or os.curdir
        if not os.path.isdir(folder) or not os.path.basename(prefix):
            raise ValueError(f"`save_path` must be a prefix in a folder that exists. Received: {prefix!r}")
        if global_step is not None:
            prefix = f"{prefix}-{self._step(global_step)}"
        write_bundle(prefix, {name: variable.numpy() for name, variable in self._named_variables()})
        self._record(prefix)
        if write_state:
            self._write_state(folder, prefix, latest_filename)
        return prefix

    def restore(self, sess: object, save_path: FilePath) -> None:
        """Fill the variables from a checkpoint, or from any file of weights, all of them or none.

        Args:
            sess: accepted as TF1 has it and unused.
            save_path: str or path-like.

        Raises:
            ValueError: there is no such file, or variables are missing in it or differ in shape or type: all are named.
            WeightsError: the file is damaged.
        """
        if save_path is None:
            raise ValueError("`save_path` must name a checkpoint. Received: None")
        if not (checkpoint_exists(save_path) or os.path.isdir(save_path)):
            raise ValueError(
                f"`save_path` must name a checkpoint. Received: {os.fsdecode(save_path)!r}, which is missing"
            )
        fill_variables(save_path, self._named_variables(), self._reshape)

    def _named_variables(self):
        if self._variables is None:
            self.build()
        return self._variables

    def _find_variables(self):
        chosen = global_variables() if self._var_list is None else self._var_list
        pairs = list(chosen.items()) if hasattr(chosen, "items") else [(None, variable) for variable in chosen]
        for _, variable in pairs:
            if not isinstance(variable, Variable):
                raise TypeError(f"`var_list` must hold variables. Received: {type(variable).__name__}")
        named = [(variable.op.name if name is None else name, variable) for name, variable in pairs]
        names = [name for name, _ in named]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"`var_list` must hold one variable of each name. Received: {twice!r} twice")
        names_of = {}
        for name, variable in named:
            if names_of.setdefault(id(variable), name) != name:
                raise ValueError(
                    f"`var_list` must hold each variable under one name. "
                    f"Received: one variable as {names_of[id(variable)]!r} and {name!r}"
                )
        if not named and not self._allow_empty:
            raise ValueError("`var_list` must hold variables to save. Received: none, and the current graph has none")
        return named

    def _step(self, global_step):
        step = np.asarray(global_step)
        if step.ndim or step.dtype.kind not in "iu":
            raise TypeError(f"`global_step` must be an integer. Received: {global_step!r}")
        return f"{int(step):0{STEP_DIGITS}d}" if self._pad_step_number else str(int(step))

    def _record(self, prefix):
        """Put a checkpoint last in the list, and remove the oldest ones beyond ``max_to_keep``."""
        if not self._max_to_keep:
            return
        self._checkpoints = [pair for pair in self._checkpoints if pair[0] != prefix] + [(prefix, time.time())]
        while len(self._checkpoints) > self._max_to_keep:
            oldest, written = self._checkpoints.pop(0)
            if written > self._keep_next:
                self._keep_next += self._keep_seconds
            else:
                _remove(oldest)

    def _write_state(self, folder, prefix, latest_filename):
        kept = [other for other in self.last_checkpoints if (os.path.dirname(other) or os.curdir) == folder]
        write_state(folder, kept if prefix in kept else [prefix], latest_filename or FILE_NAME)


def _main_file(prefix):
    return f"{prefix}.index" if os.path.isfile(f"{prefix}.index") else prefix


def _remove(prefix):
    digits = "[0-9]" * 5
    data = glob.glob(f"{glob.escape(prefix)}.data-{digits}-of-{digits}")
    for path in (f"{prefix}.index", *data, f"{prefix}.meta"):
        with suppress(FileNotFoundError):
            os.remove(path)
