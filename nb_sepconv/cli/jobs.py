"""The commands ``nb-sepconv apply`` and ``nb-sepconv status``."""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv import batch
from nb_sepconv.batch.sources.finding import find
from nb_sepconv.framework.variables import global_variables
from nb_sepconv.stacks.stages import is_known
from nb_sepconv.train.initialization import init_from_checkpoint

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

DONE, LEFT_OUT, FAILED, INTERRUPTED = 0, 1, 2, 130
LENGTHS = (1, 64, 4096, 1 << 18)
SLURM = "SLURM_ARRAY_TASK_"


def run_apply(options: Namespace) -> int:
    """Apply a model to sources, or print what that would do."""
    try:
        return _apply(options)
    except KeyboardInterrupt as error:
        print(f"nb-sepconv: {str(error) or 'stopped before the job started'}", file=sys.stderr)
        return INTERRUPTED


def _apply(options):
    picked = [int(one) if one.lstrip("-").isdigit() else one for one in options.channel] or None
    model = load_model(options.model, options.weights, options.source, picked)
    chosen = {"chunk": options.chunk, "memory_limit": options.memory, "on_error": options.on_error, "channels": picked}
    if options.dry_run:
        _print(batch.plan(model, options.source, options.output, **chosen), options.json)
        return DONE
    shard = options.shard or shard_of_slurm(os.environ)
    if shard is not None and not options.quiet:
        print(f"nb-sepconv: shard {shard}", file=sys.stderr)
    chosen |= {"overwrite": options.overwrite, "shard": shard, "progress": False if options.quiet else None}
    try:
        report = batch.apply(model, options.source, options.output, **chosen)
    except (OSError, ValueError):
        if batch.status(options.output).state == "stopped":
            print("nb-sepconv: what is done is kept: the same command goes on where it was", file=sys.stderr)
        raise
    if options.json or not options.quiet:
        _print(report, options.json)
    else:
        for name, reason in report.skipped.items():
            print(f"left out: {name}: {reason}", file=sys.stderr)
    return LEFT_OUT if report.skipped else DONE


def run_status(options: Namespace) -> int:
    """Print how far a job is."""
    found = batch.status(options.destination)
    _print(found, options.json)
    return FAILED if found.state == "none" else DONE


def load_model(name: str, weights: str | None, source: Any, channels: Any = None) -> Any:
    """The model that ``MODULE:NAME`` stands for, with the weights of a file.

    Args:
        name: str; modules are looked for in the current folder first.
        weights: str or None, the file; of a function it fills the variables that its first call makes.
        source: of the job, whose first input tells the channels of layers that are not built and of functions.
        channels: those that are read of the source.

    Raises:
        ImportError: there is no such module.
        ValueError: it has no such name, or the weights do not fit.
    """
    module_name, _, attributes = name.partition(":")
    if not module_name or not attributes:
        raise ValueError(f"`model` must be MODULE:NAME, as `detectors:heartbeat`. Received: {name!r}")
    sys.path.insert(0, os.getcwd())
    model: Any = import_module(module_name)
    for attribute in attributes.split("."):
        if not hasattr(model, attribute):
            raise ValueError(f"`model` must name what the module has. Received: {name!r}, without {attribute!r}")
        model = getattr(model, attribute)
    if weights is not None:
        before = {variable.op.name for variable in global_variables()}
        _make_variables(model, source, channels)
        made = [variable for variable in global_variables() if variable.op.name not in before]
        variables = [one for layer in _layers(model) for one in layer.variables] or made or global_variables()
        init_from_checkpoint(weights, [(variable.op.name, variable) for variable in variables])
    return model


def _layers(model: Any) -> list[Any]:
    """The layers of a model, none of a function."""
    if isinstance(model, (list, tuple)) or hasattr(model, "_stages"):
        return [layer for each in model for layer in _layers(each)]
    return [model] if hasattr(model, "variables") else []


def _make_variables(model: Any, source: Any, channels: Any) -> None:
    """Call a model once with zeros of the source's channels, which makes the variables that it lacks."""
    channels_last = all(getattr(layer, "data_format", None) != "channels_first" for layer in _layers(model))
    first = find(source, channels)[0].open(channels_last, None)
    if is_known(model) and all(getattr(layer, "built", True) for layer in _layers(model)):
        return
    for length in LENGTHS:
        zeros = np.zeros((1, length, first.shape[2]) if channels_last else (1, first.shape[1], length), first.dtype)
        try:
            for layer in model if isinstance(model, (list, tuple)) else [model]:
                zeros = layer(zeros)
        except ValueError:  # a kernel that is longer
            if length == LENGTHS[-1]:
                raise
        else:
            return


def shard_of_slurm(environment: Mapping[str, str]) -> str | None:
    """The part of the job that a task of a Slurm array has, or None outside of one.

    Args:
        environment: the process's variables, among them the ``SLURM_ARRAY_TASK_ID`` that Slurm gives to a task.

    Raises:
        ValueError: the numbers of the array are not evenly spaced.

    >>> task = {"ID": "7", "MIN": "1", "MAX": "9", "STEP": "2", "COUNT": "5"}
    >>> shard_of_slurm({f"SLURM_ARRAY_TASK_{name}": value for name, value in task.items()})
    '4/5'
    """
    if SLURM + "ID" not in environment:
        return None
    number, first, count = (int(environment[SLURM + name]) for name in ("ID", "MIN", "COUNT"))
    index, rest = divmod(number - first, int(environment.get(SLURM + "STEP", 1)))
    if rest or not index < count:
        numbers = f"{SLURM}ID={number}, {SLURM}MIN={first}, {SLURM}COUNT={count}"
        raise ValueError(f"`--shard` is needed in an array whose numbers have gaps. Received: {numbers}")
    return f"{index + 1}/{count}"


def _print(found: Any, as_json: bool) -> None:
    print(json.dumps(_plain(found), indent=2) if as_json else found)


def _plain(value: Any) -> Any:
    """A report as JSON has it."""
    if hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value
