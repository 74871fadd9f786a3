"""Whole models as TF1 programs are written. TensorFlow's answers are recorded by ``tests.record.programs``.

A program is a function of ``tf`` and its input arrays; it returns a dict of outputs and knows nothing of sessions or
placeholders: with ``tf = tensorflow.compat.v1`` it builds a graph, with ``tf = nb_sepconv`` it computes.
"""

from __future__ import annotations

import importlib
import zlib

import numpy as np

SUBJECTS = ("speech", "signals", "language", "structure", "training")


def inputs(**arrays):
    """Mark a program and say what its inputs are.

    (type, shape) are normal numbers, (type, shape, low, high) whole numbers with both ends, (type, list) these.
    """

    def mark(program):
        program.inputs = arrays
        return program

    return mark


def all_programs():
    """Every program by name."""
    modules = [importlib.import_module(f"tests.programs.{subject}") for subject in SUBJECTS]
    return {name: value for module in modules for name, value in vars(module).items() if hasattr(value, "inputs")}


def numbers(name):
    """The stream of random numbers that belongs to a name."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def make_inputs(name, program):
    """The arrays that a program is called with."""
    return {argument: _made(f"{name}.{argument}", *what) for argument, what in program.inputs.items()}


def _made(name, dtype, what, low=None, high=None):
    if isinstance(what, list):
        return np.array(what, dtype)
    draw = numbers(name)
    return (draw.standard_normal(what) if low is None else draw.randint(low, high + 1, what)).astype(dtype)


def make_weight(name, shape, dtype):
    """The value that a variable is given: positive for variances, near 1 for factors, else small numbers around 0."""
    values = np.asarray(numbers(name).standard_normal(tuple(shape)))
    own = name.rpartition("/")[2].removesuffix(":0")
    if "variance" in own:
        values = 0.5 + np.abs(values)
    elif own in ("gamma", "scale"):
        values = 1 + values / 4
    else:
        values = values / np.sqrt(max(np.prod(shape[:-1], dtype=int), 1)) if len(shape) > 1 else values / 4
    return values.astype(dtype)
