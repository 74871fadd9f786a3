"""What the wheel and the sdist bring: their files, their metadata and their dependencies."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import nb_sepconv

ROOT = Path(__file__).parent.parent
SOURCES = ["setup.py", "pyproject.toml", "README.md", "LICENSE"]
ROOT_FILES = [*SOURCES, "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "MANIFEST.in", "Makefile", "SECURITY.md"]
ROOT_FILES += ["conftest.py", ".gitignore", ".pre-commit-config.yaml"]
BUILT_DOCUMENTS = ("docs/_build/", "docs/examples/", "docs/reference/generated/")
FOLDERS = ("benchmarks", "docs", "examples", "nb_sepconv", "tests", ".github")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_{}(sys.argv[1])"
GENERATED = ("__pycache__", "_build", "*.egg-info", "*.pyc")
HOME = "https://example.org/nb_sepconv"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy so that the working tree stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "nb_sepconv", source / "nb_sepconv", ignore=shutil.ignore_patterns("__pycache__"))
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    build("wheel", source, folder)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The names in the sdist, below its one folder."""
    folder = tmp_path_factory.mktemp("sdist")
    source = folder / "source"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns(*GENERATED))
    for name in ROOT_FILES:
        shutil.copy(ROOT / name, source)
    build("sdist", source, folder)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as opened:
        return {name.partition("/")[2] for name in opened.getnames()}


def build(what, source, folder):
    pytest.importorskip("setuptools", minversion="77")
    subprocess.run([sys.executable, "-c", BUILD.format(what), folder], cwd=source, check=True, stdout=subprocess.PIPE)


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
    sources = (path for ending in ("*.py", "*.pyi") for path in (ROOT / "nb_sepconv").rglob(ending))
    files = {path.relative_to(ROOT).as_posix() for path in sources}
    shipped = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert shipped == files | {"nb_sepconv/py.typed"}


def test_sdist_can_be_tested_and_documented(sdist):
    files = {path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.is_file()}
    kept = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    kept = {name for name in kept if not name.startswith(BUILT_DOCUMENTS)}
    assert kept | set(ROOT_FILES) <= sdist
    assert {"tests/data/gradients.npz", "tests/reference.py", "docs/how-to/platforms.md", "conftest.py"} <= sdist


def test_sdist_holds_nothing_generated(sdist):
    assert not [name for name in sdist if name.endswith(".pyc") or name.startswith(("output/", *BUILT_DOCUMENTS))]


def test_wheel_is_pure_python_and_carries_the_licence(wheel):
    assert wheel.filename.endswith("-py3-none-any.whl")
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_metadata_names_the_project(metadata):
    assert metadata["Name"] == "nb_sepconv"
    assert metadata["Version"] == nb_sepconv.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.10"
    assert metadata["Author"] == "The nb_sepconv developers"
    minors = range(10, 15)
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in minors} <= set(metadata.get_all("Classifier"))
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


def arguments_of_setup(monkeypatch, home, root=ROOT):
    """What setup.py gives to setuptools when the project is published at ``home``."""
    setuptools, given = pytest.importorskip("setuptools", minversion="77"), {}
    monkeypatch.setattr(setuptools, "setup", lambda **arguments: given.update(arguments))
    program = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert program.count('HOME = ""') == 1
    exec(program.replace('HOME = ""', f"HOME = {home!r}"), {"__file__": str(root / "setup.py")})
    return given


def test_without_an_address_there_are_no_urls(monkeypatch, metadata):
    given = arguments_of_setup(monkeypatch, "")
    assert (given["url"], given["project_urls"]) == (None, {})
    assert metadata["Project-URL"] is None
    assert metadata["Home-page"] is None


def test_an_address_makes_all_links_absolute(monkeypatch):
    given = arguments_of_setup(monkeypatch, HOME)
    assert all(url.startswith(HOME) for url in (given["url"], *given["project_urls"].values()))
    text = given["long_description"]
    assert f"[docs/how-to/training.md]({HOME}/blob/v{nb_sepconv.__version__}/docs/how-to/training.md)" in text
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\(([^)\s]+)", prose) + re.findall(r'(?:src|href)="([^"]+)"', prose)
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_pictures_are_linked_as_files_and_documents_as_pages(monkeypatch, tmp_path):
    readme = '[![chart](docs/a.svg)](docs/a.md) <img src="docs/b.png"> [on](#here) [out](https://example.com)'
    (tmp_path / "nb_sepconv").mkdir()
    shutil.copy(ROOT / "nb_sepconv" / "version.py", tmp_path / "nb_sepconv")
    (tmp_path / "README.md").write_text(readme, encoding="utf-8")
    raw, page = (f"{HOME}/{kind}/v{nb_sepconv.__version__}/docs" for kind in ("raw", "blob"))
    assert arguments_of_setup(monkeypatch, HOME, tmp_path)["long_description"] == (
        f'[![chart]({raw}/a.svg)]({page}/a.md) <img src="{raw}/b.png"> [on](#here) [out](https://example.com)'
    )


def test_version_stands_in_three_places_alike():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE).group(1) == nb_sepconv.__version__
    dated = re.search(r"^date-released: (.+)$", citation, re.MULTILINE)
    latest = re.search(r"^## \[(\d.*)\] - (.+)$", changelog, re.MULTILINE)
    assert (latest and latest.groups()) == (dated and (nb_sepconv.__version__, dated.group(1)))
    assert "## [Unreleased]\n" in changelog
