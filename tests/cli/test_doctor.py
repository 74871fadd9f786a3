"""``nb-sepconv doctor --json``: its keys are a promise, docs/how-to/platforms.md lists them."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nb_sepconv
from nb_sepconv.cli.main import main
from nb_sepconv.kernels import engines

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "platforms.md"
STRINGS = ("nb_sepconv", "python", "numpy", "numba", "llvmlite", "system", "machine", "engine", "processor")
KEYS = {*STRINGS, "vectors", "threads", "thread_pool", "amx", "avx512_bf16", "gpu", "cache"}

COUNTS = ("units", "usable", "bytes", "loaded", "compiled", "written")
CACHE = {"folder", "why_off", "why_not_read", "why_not_written", *COUNTS}


def report(capsys, monkeypatch, engine):
    monkeypatch.setenv(engines.VARIABLE, engine)
    assert main(["doctor", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("engine", engines.ENGINES)
def test_keys_are_the_same_with_every_engine(capsys, monkeypatch, engine):
    found = report(capsys, monkeypatch, engine)
    assert found.keys() == KEYS
    assert all(isinstance(found[name], str) for name in STRINGS)
    assert found["engine"] == engine
    assert found["nb_sepconv"] == nb_sepconv.__version__
    assert found["threads"] >= 1
    assert {name: type(value) for name, value in found["vectors"].items()} == {
        "unit": str,
        "bits": int,
        "registers": int,
        "fma": bool,
    }
    assert found["thread_pool"].keys() == {"threads_of", "running"}
    assert found["gpu"].keys() == {"packages", "numba_cuda", "simulated"}
    assert found["cache"].keys() == CACHE


@pytest.mark.parametrize("unit", ["amx", "avx512_bf16"])
def test_a_unit_is_used_for_something_or_not_for_a_reason(capsys, monkeypatch, unit):
    assert report(capsys, monkeypatch, "fma")[unit] is None
    found = report(capsys, monkeypatch, "auto")[unit]
    assert found.keys() == {"used", "serves", "why_not"}
    assert (found["serves"] is not None) == found["used"] == (found["why_not"] is None)


def test_people_are_told_where_compiled_code_is_kept(capsys, monkeypatch):
    monkeypatch.setenv("NB_SEPCONV_CACHE", "off")
    assert main(["doctor"]) == 0
    assert re.search(
        r"^compiled code +not kept on disk: NB_SEPCONV_CACHE is off$", capsys.readouterr().out, re.MULTILINE
    )
    monkeypatch.delenv("NB_SEPCONV_CACHE")
    assert main(["doctor"]) == 0
    told = r"units, \d+ of them for this process, \d+ bytes; loaded \d+, compiled \d+, written \d+$"
    assert re.search(rf"^compiled code +.+: \d+ {told}", capsys.readouterr().out, re.MULTILINE)


def test_documented_keys_are_those():
    rows = re.findall(r"^\| (`.+`) \|", PAGE.read_text(encoding="utf-8").partition("## Reports")[2], re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == KEYS


def test_the_package_runs_as_the_command():
    command = [sys.executable, "-m", "nb_sepconv", "--version"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout == f"nb_sepconv {nb_sepconv.__version__}\n"
