"""The code of a Markdown page, and a folder to run it in."""

import os
import re
import shutil
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The page's code blocks in a language."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [block.group(2) for block in found if block.group(1) == language]


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return BLOCK.sub("", page.read_text(encoding="utf-8"))


def run(page: Path, folder: Path) -> str:
    """Run the page's blocks of Python as one program in a folder, and return what it printed.

    Folders beside the page that the program names are copied there.
    """
    program, before = "\n".join(blocks(page, "python")), Path.cwd()
    for data in page.parent.iterdir():
        if f'"{data.name}/' in program:
            shutil.copytree(data, folder / data.name)
    os.chdir(folder)
    try:
        with redirect_stdout(StringIO()) as printed:
            exec(compile(program, str(page), "exec"), {"__name__": "page"})
    finally:
        os.chdir(before)
    return printed.getvalue()
