"""The pictures of the documents are up to date, and the scripts of the gallery draw theirs."""

import runpy
import xml.etree.ElementTree as ElementTree
from importlib import import_module
from pathlib import Path

import pytest

import nb_sepconv as tf
from docs import benchmark_figures

DOCS = Path(__file__).parent.parent / "docs"
GALLERY = sorted((DOCS / "gallery").glob("*.py"))
PICTURES = sorted((DOCS / "pictures").glob("*.svg"))
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"


def described(picture):
    """The title and the description that an SVG file carries."""
    metadata = ElementTree.parse(picture).getroot().find(".//{*}metadata")
    return [metadata.find(f".//{DUBLIN_CORE}{part}").text for part in ("title", "description")]


@pytest.mark.parametrize("script", GALLERY, ids=lambda path: path.stem)
def test_the_scripts_of_the_gallery_run_and_draw(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    with tf.Graph().as_default():
        runpy.run_path(str(script))
    assert pyplot.get_fignums()
    pyplot.close("all")


@pytest.mark.parametrize("file", PICTURES, ids=lambda path: path.stem)
def test_pictures_show_what_their_scripts_draw(file):
    """The figures of the speed are in its description, so a picture of older benchmarks is found."""
    pytest.importorskip("matplotlib")
    picture = import_module(f"docs.pictures.{file.stem}")
    assert picture.draw().axes
    assert described(file) == [picture.TITLE, picture.DESCRIPTION], "run python -m docs.pictures"


def test_readme_has_the_figures_of_the_benchmarks():
    readme = benchmark_figures.README.read_text(encoding="utf-8")
    assert benchmark_figures.written_into(readme) == readme, "run python -m docs.benchmark_figures"
