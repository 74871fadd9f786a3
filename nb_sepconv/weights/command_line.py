"""The command ``nb-sepconv``."""

import argparse
import os
import sys
from collections import ChainMap

import numpy as np

from nb_sepconv.version import __version__
from nb_sepconv.weights.differences import differences
from nb_sepconv.weights.loading import load
from nb_sepconv.weights.renaming import FLOATS, Renamed, parse_rule
from nb_sepconv.weights.saving import save
from nb_sepconv.weights.tables import print_table, watched

SAME, DIFFERENT, FAILED = 0, 1, 2
SHOWN_ELEMENTS = 100


def main(arguments=None):
    """Run the command and return its exit status: 0, 1 where two files differ, 2 for what cannot be done."""
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SAME
    except (OSError, ValueError, KeyError, ImportError, TypeError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        print(f"nb-sepconv: {message}", file=sys.stderr)
        return FAILED


def _parser():
    parser = argparse.ArgumentParser(prog="nb-sepconv", description="Separable convolutions on NumPy arrays.")
    parser.add_argument("--version", action="version", version=f"nb_sepconv {__version__}")
    rooms = parser.add_subparsers(required=True, metavar="COMMAND")
    weights = rooms.add_parser("weights", help="files of weights: TensorFlow, Keras, NumPy, safetensors")
    commands = weights.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "list", _list, "name, shape, type and bytes of every variable", "PATH")
    _add(commands, "diff", _diff, "what differs between two files; the exit status is 1 where something does", "A", "B")
    _add(commands, "show", _show, "one variable and its statistics", "PATH", "NAME")
    convert = _add(commands, "convert", _convert, "write the variables in the format of DST", "SRC", "DST")
    convert.add_argument(
        "--rename", metavar="PATTERN=REPL", action="append", default=[], help="regular expression; may repeat"
    )
    convert.add_argument("--dtype", choices=FLOATS, help="the type of all arrays of floats")
    convert.add_argument("--slots", action="store_true", help="take what belongs to the optimizer along")
    return parser


def _add(commands, name, run, help_text, *paths):
    parser = commands.add_parser(name, help=help_text, description=help_text)
    for path in paths:
        parser.add_argument(path.lower(), metavar=path)
    parser.set_defaults(run=run)
    return parser


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
            raise KeyError(f"{file.path} has no {options.name!r}; it has {', '.join(sorted({*file, *file.slots}))}")
        info, array = part.info(options.name), part[options.name]
    print(f"{options.name}: shape {list(info.shape)}, {info.type_name}, {info.nbytes} bytes")
    if array.size and array.dtype != object and array.dtype.kind not in "cSU":
        values = array.astype(np.float64)
        print(f"least {values.min():.6g}, greatest {values.max():.6g}, mean {values.mean():.6g}")
    print(np.array2string(array, threshold=SHOWN_ELEMENTS))
    return SAME


def _convert(options):
    rules = [parse_rule(rule) for rule in options.rename]
    with load(options.src) as file:
        source = ChainMap(file, file.slots) if options.slots else file
        renamed = Renamed(source, rules, options.dtype)
        with watched(renamed, f"writing {options.dst}") as arrays:
            save(options.dst, arrays)
    print(f"{options.dst}: {len(renamed)} variables")
    return SAME


def _diff(options):
    with load(options.a) as first, load(options.b) as second, watched(second, "comparing") as other:
        rows = [list(row) for row in differences(first, other)]
    if not rows:
        print("equal")
        return SAME
    print_table(f"{options.a} and {options.b} differ", ["name", "difference"], rows)
    return DIFFERENT
