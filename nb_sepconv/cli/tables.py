"""Tables on the terminal: with rich where it is installed and somebody is looking, else as plain text."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nb_sepconv.tensors.typing import Array

LEAST_NAME_WIDTH, BORDER_WIDTH = 16, 3


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, without the columns that are empty.

    Args:
        title: str.
        columns: list of str; those that start with ">" have their values on the right.
        rows: list of lists of str.
    """
    filled = [index for index in range(len(columns)) if not rows or any(row[index] for row in rows)]
    columns = [columns[index] for index in filled]
    rows = [[row[index] for index in filled] for row in rows]
    print(title)
    if not (_is_seen(sys.stdout) and _has_rich() and _drawn(columns, rows)):
        print("\n".join(plain_lines(columns, rows)))


def plain_lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a plain table: the headings, a rule and the rows."""
    headings = [column.removeprefix(">") for column in columns]
    widths = _widths(headings, rows)
    aligned = [
        "  ".join(
            cell.rjust(width) if column.startswith(">") else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in [headings, *rows]
    ]
    return [aligned[0], "  ".join("-" * width for width in widths), *aligned[1:]]


@contextmanager
def watched(source: Any, description: str) -> Iterator[Any]:
    """The mapping, drawing a progress bar as its arrays are read where rich is installed and somebody is looking."""
    if not (_is_seen(sys.stderr) and _has_rich()):
        yield source
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield _Watched(source, bar, bar.add_task(description, total=len(source)))


class _Watched(Mapping[str, "Array"]):
    """A mapping that moves a bar on at the first reading of each array."""

    def __init__(self, source: Any, bar: Any, task: Any) -> None:
        self._source, self._bar, self._task = source, bar, task
        self._unread = set(source)

    def __getitem__(self, name: str) -> Array:
        array = self._source[name]
        if name in self._unread:
            self._unread.discard(name)
            self._bar.advance(self._task)
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)


def _is_seen(stream):
    """Whether somebody is looking; a closed stream is None."""
    return stream is not None and stream.isatty()


def _has_rich():
    return find_spec("rich") is not None


def _drawn(columns, rows):
    """Draw the table with rich, names folded to fit the terminal; whether there was room for that."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console, table = Console(), Table()
    for index, column in enumerate(columns):
        justify = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=justify, overflow="fold", no_wrap=index > 0)
    for row in rows:
        table.add_row(*map(Text, row))
    least_width = LEAST_NAME_WIDTH + sum(_widths(columns, rows)[1:]) + BORDER_WIDTH * len(columns) + 1
    if least_width > console.width:
        return False
    console.print(table)
    return True


def _widths(columns, rows):
    return [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
