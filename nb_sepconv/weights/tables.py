"""Tables on the terminal: with rich where it is installed and somebody is looking, else as plain text."""

import sys
from collections.abc import Mapping
from contextlib import contextmanager


def print_table(title, columns, rows):
    """Print a table.

    Args:
        title: str.
        columns: list of str; those that start with ">" have their values on the right.
        rows: list of lists of str.
    """
    if sys.stdout.isatty() and _has_rich():
        _print_rich(title, columns, rows)
    else:
        print("\n".join(plain_lines(title, columns, rows)))


def plain_lines(title, columns, rows):
    """The lines of a plain table: the title, the headings, a rule and the rows."""
    headings = [column.removeprefix(">") for column in columns]
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    aligned = [
        "  ".join(
            cell.rjust(width) if column.startswith(">") else cell.ljust(width)
            for cell, width, column in zip(row, widths, columns, strict=True)
        ).rstrip()
        for row in [headings, *rows]
    ]
    return [title, aligned[0], "  ".join("-" * width for width in widths), *aligned[1:]]


@contextmanager
def watched(source, description):
    """The mapping, drawing a progress bar as its arrays are read where rich is installed and somebody is looking."""
    if not (sys.stderr.isatty() and _has_rich()):
        yield source
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        yield _Watched(source, bar, bar.add_task(description, total=len(source)))


class _Watched(Mapping):
    """A mapping that moves a bar on at the first reading of each array."""

    def __init__(self, source, bar, task):
        self._source, self._bar, self._task = source, bar, task
        self._unread = set(source)

    def __getitem__(self, name):
        array = self._source[name]
        if name in self._unread:
            self._unread.discard(name)
            self._bar.advance(self._task)
        return array

    def __iter__(self):
        return iter(self._source)

    def __len__(self):
        return len(self._source)


def _has_rich():
    try:
        import rich  # noqa: F401
    except ImportError:
        return False
    return True


def _print_rich(title, columns, rows):
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title)
    for column in columns:
        table.add_column(
            column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*map(Text, row))
    Console().print(table)
