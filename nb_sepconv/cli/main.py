"""The command ``nb-sepconv``."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from nb_sepconv.cli.tables import print_table, watched
from nb_sepconv.version import __version__
from nb_sepconv.weights.differences import differences
from nb_sepconv.weights.loading import load
from nb_sepconv.weights.renaming import FLOATS, Renamed, parse_rule
from nb_sepconv.weights.saving import holds_strings, save

if TYPE_CHECKING:
    from collections.abc import Sequence

SAME, DIFFERENT, FAILED = 0, 1, 2
SHOWN_ELEMENTS, LISTED_NAMES = 100, 20
FILE = "a file, the prefix of a checkpoint, or a folder with a checkpoint or a SavedModel"
NEW_FILE = "ends in .npz, .safetensors or .weights.h5; with .ckpt or no suffix the prefix of a TensorFlow V2 checkpoint"
DESTINATION = "a .npy, .h5 or .zarr file, a folder, or a pattern such as 'out/*.zarr'"
CHANNEL = "read this channel alone, by name or number; may repeat"
RENAMING = "replace what the regular expression matches in the names; may repeat"


def main(arguments: Sequence[str] | None = None) -> int | None:
    """Run the command and return its exit status: 0, 1 where two files differ, 2 for what cannot be done."""
    for stream in (sys.stdout, sys.stderr):
        _print_whatever(stream)
    options = _parser().parse_args(arguments)
    try:
        status = options.run(options)
        print(end="", flush=True)
        return status
    except BrokenPipeError:
        _forget_output()
        return SAME
    except (OSError, ValueError, KeyError, ImportError, TypeError) as error:
        print(f"nb-sepconv: {_message(error)}", file=sys.stderr)
        _forget_output()
        return FAILED


def _print_whatever(stream):
    """Let a stream show characters that its encoding has not, as ASCII has no umlauts, by their numbers."""
    strict = stream is not None and (stream.errors == "strict" or "utf" not in stream.encoding.lower())
    if strict and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _decoded(argument):
    """An argument as text in UTF-8, whatever the locale; paths stay as they are, for the system to take back."""
    return os.fsencode(argument).decode(errors="surrogateescape")


def _message(error):
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return error.args[0] if isinstance(error, KeyError) else error


def _forget_output():
    """Nothing more is written: Python would complain at its end about what nobody takes."""
    try:
        print(end="", flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser():
    parser = argparse.ArgumentParser(prog="nb-sepconv", description="Separable convolutions on NumPy arrays.")
    parser.add_argument("--version", action="version", version=f"nb_sepconv {__version__}")
    rooms = parser.add_subparsers(required=True, metavar="COMMAND")
    doctor = _add(
        rooms, "doctor", _doctor, "what runs here: versions, processor, engines and why not others, threads, GPU"
    )
    doctor.add_argument("--json", action="store_true", help="as one JSON object, for programs and bug reports")
    _add_apply(rooms)
    status = _add(rooms, "status", _status, "how far the job of a destination is", DESTINATION="as `apply` has it")
    status.add_argument("--json", action="store_true", help="as one JSON object")
    cache = rooms.add_parser("cache", help="compiled code on disk").add_subparsers(required=True, metavar="COMMAND")
    _add(cache, "fill", _fill_cache, "compile all that calls may need, for the processes to come")
    _add(cache, "list", _list_cache, "the units of code on disk, and whether this processor and installation use them")
    _add(cache, "clear", _clear_cache, "remove them")
    weights = rooms.add_parser("weights", help="files of weights: TensorFlow, Keras, NumPy, safetensors")
    commands = weights.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "list", _list, "name, shape, type and bytes of every variable", PATH=FILE)
    _add(commands, "show", _show, "one variable and its statistics", PATH=FILE, NAME="as `list` has it")
    _add(
        commands, "diff", _diff, "what differs in two files; the exit status is 1 where something does", A=FILE, B=FILE
    )
    convert = _add(commands, "convert", _convert, "write the variables in another format", SRC=FILE, DST=NEW_FILE)
    convert.add_argument("--rename", metavar="PATTERN=REPL", action="append", default=[], type=_decoded, help=RENAMING)
    convert.add_argument("--dtype", choices=FLOATS, help="the type of all arrays of floats")
    convert.add_argument("--slots", action="store_true", help="take what belongs to the optimizer along")
    return parser


def _add_apply(rooms):
    about = "apply a model to files of any length, in chunks; the same command goes on where it was stopped"
    status = "Exit status: 0 done, 1 done but for files that are listed, 2 refused or failed, 130 interrupted."
    parser = rooms.add_parser("apply", help=about, description=about, epilog=status)
    parser.add_argument("model", metavar="MODULE:NAME", help="a layer, a list of layers, a Stack, or a function")
    parser.add_argument("source", metavar="SOURCE", nargs="+", help="a file, a pattern or a folder")
    parser.add_argument("-o", dest="output", metavar="DESTINATION", required=True, help=DESTINATION)
    parser.add_argument("--weights", metavar="FILE", help="fill the model's variables from any file of weights")
    parser.add_argument("--channel", metavar="NAME", action="append", default=[], help=CHANNEL)
    parser.add_argument("--chunk", metavar="N", type=int, help="output steps that are computed at a time")
    parser.add_argument("--memory", metavar="SIZE", default="512MB", help="what the job may have. Default 512MB")
    parser.add_argument("--shard", metavar="I/N", help="compute the I-th of N parts. Default the task of a Slurm array")
    parser.add_argument("--on-error", choices=("raise", "skip"), default="raise", help="skip: leave out bad files")
    parser.add_argument("--overwrite", action="store_true", help="start anew, and replace outputs that are there")
    parser.add_argument("--dry-run", action="store_true", help="print chunks, memory and disk space, and do nothing")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
    parser.add_argument("-q", dest="quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=_apply)


def _add(commands, name, run, help_text, **arguments):
    parser = commands.add_parser(name, help=help_text, description=help_text)
    for argument, meaning in arguments.items():
        kind = _decoded if argument == "NAME" else str
        parser.add_argument(argument.lower(), metavar=argument, type=kind, help=meaning)
    parser.set_defaults(run=run)
    return parser


def _doctor(options):
    from nb_sepconv.cli.show_config import configuration, show_config

    if options.json:
        print(json.dumps(configuration(), indent=2))
    else:
        show_config()
    return SAME


def _apply(options):
    from nb_sepconv.cli import jobs

    return jobs.run_apply(options)


def _status(options):
    from nb_sepconv.cli import jobs

    return jobs.run_status(options)


def _fill_cache(options):
    from nb_sepconv.cli import cache

    return cache.fill()


def _list_cache(options):
    from nb_sepconv.cli import cache

    return cache.show()


def _clear_cache(options):
    from nb_sepconv.cli import cache

    return cache.clear()


def _list(options):
    with load(options.path) as file:
        rows = [*_rows(file, ""), *_rows(file.slots, "optimizer")]
        rows += [_row(name, info, "not readable") for name, info in file.unreadable.items()]
        nbytes = sum(part.info(name).nbytes for part in (file, file.slots) for name in part)
        title = f"{file.path}: {file.format}, {len(rows)} tensors, {nbytes} bytes"
    print_table(title, ["name", "shape", "type", ">bytes", "note"], rows)
    return SAME


def _rows(part, note):
    return [_row(name, part.info(name), note) for name in sorted(part)]


def _row(name, info, note):
    return [name, str(list(info.shape)), info.type_name, str(info.nbytes), note]


def _show(options):
    with load(options.path) as file:
        part = file.slots if options.name in file.slots else file
        if options.name not in part:
            raise KeyError(
                f"{file.path} has no {options.name!r}; it has {_some_names(options.name, {*file, *file.slots})}"
            )
        info, array = part.info(options.name), part[options.name]
    print(f"{options.name}: shape {list(info.shape)}, {info.type_name}, {info.nbytes} bytes")
    if array.size and array.dtype != object and array.dtype.kind not in "cSU":
        values = array.astype(np.float64)
        print(f"least {values.min():.6g}, greatest {values.max():.6g}, mean {values.mean():.6g}")
    print(np.array2string(array, threshold=SHOWN_ELEMENTS))
    return SAME


def _some_names(wanted, names):
    """The names, or where they are many those like the wanted one."""
    if len(names) <= LISTED_NAMES:
        return ", ".join(sorted(names))
    close = difflib.get_close_matches(wanted, names, LISTED_NAMES, cutoff=0)
    return f"{len(names)} tensors, among them {', '.join(close)}"


def _convert(options):
    rules = [parse_rule(rule) for rule in options.rename]
    with load(options.src) as file:
        parts = [file, file.slots] if options.slots else [file]
        left_out = {name: f"the type {info.type_name} is not read" for name, info in file.unreadable.items()}
        if not holds_strings(options.dst):
            strings = [name for part in parts for name in part if part.info(name).dtype.kind in "OSU"]
            left_out |= dict.fromkeys(strings, "the new format holds no strings")
        source = {name: part for part in reversed(parts) for name in part if name not in left_out}
        renamed = Renamed(_Chosen(source), rules, options.dtype)
        with watched(renamed, f"writing {options.dst}") as arrays:
            save(options.dst, arrays)
    print(f"{options.dst}: {len(renamed)} variables")
    for name, reason in left_out.items():
        print(f"left out: {name}: {reason}", file=sys.stderr)
    return SAME


class _Chosen(Mapping):
    """Arrays out of several mappings: {name: the mapping that has it}."""

    def __init__(self, owners):
        self._owners = owners

    def __getitem__(self, name):
        return self._owners[name][name]

    def __iter__(self):
        return iter(self._owners)

    def __len__(self):
        return len(self._owners)


def _diff(options):
    with load(options.a) as first, load(options.b) as second, watched(second, "comparing") as other:
        rows = [list(row) for row in differences(first, other)]
    if not rows:
        print("equal")
        return SAME
    print_table(f"{options.a} and {options.b} differ", ["name", "difference"], rows)
    return DIFFERENT
