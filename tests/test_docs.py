"""The documents: their code runs, their links lead somewhere, and they name everything that is public."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

import nb_sepconv as tf
from docs import write_api

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
TRAINING = ROOT / "docs" / "how-to" / "training.md"
CODE_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def by_name(path):
    return path.relative_to(ROOT).as_posix()


def read(path):
    return path.read_text(encoding="utf-8")


def blocks(document, language):
    return [block.group(2) for block in CODE_BLOCK.finditer(read(document)) if block.group(1) == language]


def anchors(document):
    """The anchors that a forge makes of the headings."""
    prose = CODE_BLOCK.sub("", read(document))
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(prose))
    return {heading.strip().replace(" ", "-") for heading in words}


def links(document):
    return [link for link in LINK.findall(CODE_BLOCK.sub("", read(document))) if "://" not in link]


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_sessions_print_what_the_document_says(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = "\n".join(blocks(document, "pycon"))
    parsed = doctest.DocTestParser().get_doctest(session, {}, by_name(document), None, 0)
    with tf.Graph().as_default():
        results = doctest.DocTestRunner(verbose=False).run(parsed)
    assert results.failed == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_programs_run(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = "\n".join(blocks(document, "python"))
    with tf.Graph().as_default():
        exec(compile(program, by_name(document), "exec"), {"__name__": "document"})


@pytest.mark.parametrize("program", blocks(TRAINING, "py"), ids=lambda code: code.split()[1])
def test_programs_with_other_libraries_run(program, tmp_path, monkeypatch):
    """Blocks marked ``py`` stand alone, each with a library of its own."""
    pytest.importorskip(program.split()[1])
    monkeypatch.chdir(tmp_path)
    exec(compile(program, by_name(TRAINING), "exec"), {"__name__": "document"})


@pytest.mark.parametrize("document", DOCUMENTS, ids=by_name)
def test_links_lead_to_files_and_headings(document):
    for link in links(document):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_readme_has_code_that_runs():
    assert blocks(ROOT / "README.md", "pycon")


def test_api_document_names_everything_public_and_nothing_else():
    document = read(write_api.DOCUMENT)
    documented = set()
    for part in re.split(r"^## ", document, flags=re.MULTILINE)[1:]:
        module = part.split()[0]
        documented |= {f"{module}.{name}" for name in re.findall(r"^- `(\w+)", part, re.MULTILINE)}
    assert documented == {
        f"{module.__name__}.{name}"
        for module in write_api.public_modules()
        for name in write_api.public_names(module)
        if not inspect.ismodule(getattr(module, name))
    } | {f"{name}.{node.name}" for name in write_api.WITH_OTHER_LIBRARIES for node in write_api.definitions(name)[1]}


def test_everything_public_is_described():
    undescribed = [
        f"{module.__name__}.{name}"
        for module in write_api.public_modules()
        for name in write_api.public_names(module)
        if callable(value := getattr(module, name)) and not write_api.first_sentence(value)
    ]
    assert undescribed == []
