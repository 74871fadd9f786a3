"""Check types as users meet them: `make lint` runs this.

The programs in `tests/typing` and the code of the README and the tutorial must satisfy mypy and pyright, both strict;
pyright must know the type of nearly every name that the package offers.
"""

import ast
import doctest
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "tests" / "typing"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs" / "tutorial").glob("*.md"))]
CODE_BLOCK = re.compile(r"^```(python|pycon)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAVED = re.compile(r"(?m)^(\w+\.savefig\(.*\))$")  # matplotlib leaves the types of its arguments open
LEAST_KNOWN = 98.0  # percent of the public names


def program_of(document: str) -> str:
    """The code of a Markdown document as one program; what a session would echo is printed."""
    return "\n".join(
        block if language == "python" else "".join(map(statement_of, doctest.DocTestParser().get_examples(block)))
        for language, block in CODE_BLOCK.findall(document)
    )


def statement_of(example: doctest.Example) -> str:
    """An example of a session; an expression that is no call becomes the argument of ``print``."""
    first = ast.parse(example.source).body[0]
    is_value = isinstance(first, ast.Expr) and not isinstance(first.value, ast.Call)
    return f"print({example.source.rstrip()})\n" if is_value else example.source


def write_programs(folder: Path) -> list[Path]:
    """The code of each document in a file of its own."""
    paths = [folder / f"{document.stem.lower().replace('-', '_')}_code.py" for document in DOCUMENTS]
    for path, document in zip(paths, DOCUMENTS, strict=True):
        program = program_of(document.read_text(encoding="utf-8"))
        program = SAVED.sub(r"\1  # pyright: ignore[reportUnknownMemberType]", program)
        path.write_text(program, encoding="utf-8")
    return paths


def percentage(report: str) -> float:
    """The type completeness score that pyright printed; 0 where there is none."""
    found = re.search(r"Type completeness score: ([\d.]+)%", report)
    return float(found[1]) if found else 0.0


def main() -> int:
    """Run the checkers side by side and print what they find; the exit status."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pyright = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
    with tempfile.TemporaryDirectory() as folder:
        files = [*sorted(PROGRAMS.glob("*.py")), *write_programs(Path(folder))]
        commands = {
            "mypy": [sys.executable, "-m", "mypy", *map(str, files)],
            "pyright": [*pyright, *map(str, files)],
            "verifytypes": [*pyright, "--verifytypes", "nb_sepconv", "--ignoreexternal"],
        }
        running = {
            name: subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
            for name, command in commands.items()
        }
        reports = {name: process.communicate()[0] for name, process in running.items()}
    known = percentage(reports["verifytypes"])
    print(f"mypy: {reports['mypy'].strip()}\npyright: {reports['pyright'].strip()}")
    print(f"verifytypes: the types of {known:.1f}% of the public names are known, at least {LEAST_KNOWN}% must be")
    if known < LEAST_KNOWN:
        print(reports["verifytypes"])
    return int(running["mypy"].returncode or running["pyright"].returncode or known < LEAST_KNOWN)


if __name__ == "__main__":
    sys.exit(main())
