"""What a wheel brings: its files, its metadata and its dependencies."""

import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import nb_sepconv

ROOT = Path(__file__).parent.parent
SOURCES = ["setup.py", "pyproject.toml", "README.md", "LICENSE"]
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy so that the working tree stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "nb_sepconv", source / "nb_sepconv", ignore=shutil.ignore_patterns("__pycache__"))
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    subprocess.run([sys.executable, "-c", BUILD, folder], cwd=source, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def metadata(wheel):
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


def requirements(metadata):
    """The names of the required packages, by extra; ``None`` is what every installation needs."""
    by_extra = {}
    for requirement in metadata.get_all("Requires-Dist"):
        extra = re.search(r'extra == "(\w+)"', requirement)
        name = re.match(r"[\w-]+", requirement).group()
        by_extra.setdefault(extra and extra.group(1), set()).add(name)
    return by_extra


def test_wheel_holds_the_package_and_nothing_else(wheel):
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nb_sepconv").rglob("*.py")}
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == files | {"nb_sepconv/py.typed"}


def test_wheel_is_pure_python_and_carries_the_licence(wheel):
    assert wheel.filename.endswith("-py3-none-any.whl")
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_metadata_names_the_project(metadata):
    assert metadata["Name"] == "nb_sepconv"
    assert metadata["Version"] == nb_sepconv.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata.get_payload() == (ROOT / "README.md").read_text(encoding="utf-8")


def test_numba_and_numpy_are_all_that_is_needed_at_run_time(metadata):
    assert requirements(metadata)[None] == {"numba", "numpy"}


def test_test_extra_can_run_the_demonstration(metadata):
    by_extra = requirements(metadata)
    assert {"test", "demo", "bench"} <= by_extra.keys()
    assert by_extra["demo"] <= by_extra["test"]


def test_setup_py_holds_the_metadata_alone():
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "[project]" not in settings
