"""What a model consists of, as a table of text."""

from __future__ import annotations

from typing import Any

_TITLES = ("Layer (type)", "Output shape", "Params")


def summary(model: Any) -> list[str]:
    """The lines of a table with a line a layer: its name and class, the shape of its outputs, its parameters."""
    shapes = model._shapes[1:] if model._shapes else [None] * len(model.layers)
    rows = [_row(layer, shape) for layer, shape in zip(model.layers, shapes, strict=True)]
    widths = [max(map(len, column)) for column in zip(_TITLES, *rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (_TITLES, *rows)]
    rule = "-" * len(lines[0])
    return [
        f'Model "{model.name}"',
        rule,
        lines[0].rstrip(),
        rule,
        *(line.rstrip() for line in lines[1:]),
        rule,
        *_totals(model),
    ]


def _row(layer, shape):
    parameters = f"{sum(weight.size for weight in layer.weights):,}" if layer.built else "not built"
    return f"{layer.name} ({type(layer).__name__})", "?" if shape is None else str(shape), parameters


def _totals(model):
    trained = sum(weight.size for weight in model.trainable_weights)
    total = sum(weight.size for weight in model.weights)
    return [f"Parameters: {total:,}, of them trained: {trained:,}"]
