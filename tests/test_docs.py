"""The documents: their code runs and prints what they say, and their links lead somewhere."""

import doctest
import gc
import re
from pathlib import Path

import pytest

import nb_sepconv as tf
from docs.extensions.no_foreign_resources import foreign_resources
from docs.programs import blocks, prose, run

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
BUILT = ("_build", "examples", "generated")
PAGES = [path for path in DOCS.rglob("*.md") if not set(path.relative_to(DOCS).parts) & set(BUILT)]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *PAGES])
WRITTEN_BY_THE_BUILD = [DOCS / "examples" / "index.rst"]
PROGRAMS_OF_OTHERS = [
    program for page in ("training", "migration") for program in blocks(DOCS / "how-to" / f"{page}.md", "py")
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def by_name(path):
    return path.relative_to(ROOT).as_posix()


def anchors(document):
    """The anchors that a forge makes of the headings."""
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose(document)))
    return {heading.strip().replace(" ", "-") for heading in words}


def links(document):
    return [link for link in LINK.findall(prose(document)) if "://" not in link]


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_sessions_print_what_the_document_says(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = "\n".join(blocks(document, "pycon"))
    parsed = doctest.DocTestParser().get_doctest(session, {}, by_name(document), None, 0)
    with tf.Graph().as_default():
        results = doctest.DocTestRunner(verbose=False).run(parsed)
    assert results.failed == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_programs_run_and_print_what_the_document_says(document, tmp_path):
    if "matplotlib" in "".join(blocks(document, "python")):
        pytest.importorskip("matplotlib")
    gc.freeze()  # the collector looks at what the program makes alone
    with tf.Graph().as_default():
        printed = run(document, tmp_path)
    gc.collect()  # a file that the program leaves open is an error here, and not in the test that runs by then
    assert all(block in printed for block in blocks(document, "text"))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning:keras")
@pytest.mark.parametrize("program", PROGRAMS_OF_OTHERS, ids=lambda code: code.split()[1])
def test_programs_with_other_libraries_run(program, tmp_path, monkeypatch):
    """Blocks marked ``py`` stand alone, each with a library of its own."""
    monkeypatch.setenv("KERAS_BACKEND", "numpy")
    pytest.importorskip(program.split()[1])
    monkeypatch.chdir(tmp_path)
    exec(compile(program, "a document", "exec"), {"__name__": "document"})


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_links_lead_to_files_and_headings(document):
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists() or target in WRITTEN_BY_THE_BUILD, link
        assert not anchor or anchor in anchors(target), link


def test_readme_has_code_that_runs():
    assert blocks(ROOT / "README.md", "pycon")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<script src="https://cdn.example/a.js"></script>', True),
        ("<script src='//cdn.example/a.js'></script>", True),
        ('<link href="https://fonts.example/a.css" rel="stylesheet">', True),
        ('<link rel="preload" as="font" href="https://fonts.example/a.woff2">', True),
        ('<img alt="badge" src="https://badge.example/a.svg">', True),
        ("@font-face { src: url(https://fonts.example/a.woff2) }", True),
        ('<script src="_static/a.js?v=1"></script>', False),
        ('<a href="https://example.org">a link to follow</a>', False),
        ('<link rel="canonical" href="https://example.org/">', False),
        ("src: url('../fonts/a.woff2')", False),
    ],
)
def test_what_the_site_would_load_from_other_hosts_is_found(text, found):
    assert bool(foreign_resources(text)) == found
