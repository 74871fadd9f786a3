"""The commands of docs/how-to/batch.md do what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from docs.programs import blocks, run
from nb_sepconv.cli.main import main

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "how-to" / "batch.md"
PROMPT = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a POSIX shell")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the model, weights and recordings of the guide, and an environment with the command."""
    folder = tmp_path_factory.mktemp("guide")
    run(GUIDE, folder)
    (folder / "detector.py").write_text(next(code for code in blocks(GUIDE, "python") if "# detector.py" in code))
    (folder / "bin").mkdir()
    command = folder / "bin" / "nb-sepconv"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m nb_sepconv "$@"\n')
    command.chmod(0o755)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return folder, {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}


def shell(command, place, **more):
    folder, environment = place
    done = subprocess.run(command, shell=True, cwd=folder, env={**environment, **more}, capture_output=True, text=True)
    return done.stdout + done.stderr


def pattern(expected):
    """What a command prints, where dots stand for what differs from run to run."""
    return ".*".join(map(re.escape, expected.split("...")))


@pytest.mark.parametrize("page", [GUIDE, ROOT / "README.md"], ids=lambda page: page.name)
def test_commands_print_what_the_page_says(page, place, capsys, monkeypatch):
    monkeypatch.chdir(place[0])
    monkeypatch.setattr(sys, "path", [*sys.path])
    sessions = PROMPT.findall("".join(blocks(page, "console")))
    assert sessions
    for command, expected in sessions:
        printed = answer(command, capsys) if command.startswith("nb-sepconv ") else shell(command, place)
        assert re.fullmatch(pattern(expected), printed), command


def answer(command, capsys):
    """What a single command prints, without a process of its own, whose start takes seconds."""
    main(shlex.split(command)[1:])
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_the_script_for_slurm_computes_a_part_for_each_task(place):
    (script,) = blocks(GUIDE, "sh")
    for task in range(1, 3):
        numbers = {"ID": task, "MIN": 1, "MAX": 2, "COUNT": 2, "STEP": 1}
        variables = {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in numbers.items()}
        assert shell(script, place, **variables) == ""
    assert "3 of 3 files" in shell("nb-sepconv status array", place)
    folder, _ = place
    for name in ("monday", "tuesday", "wednesday"):
        made = (folder / "array" / f"{name}.npy").read_bytes()
        assert made == (folder / "features" / f"{name}.npy").read_bytes()
        assert made == (folder / "by-threads" / f"{name}.npy").read_bytes()
