"""The reference names everything that is public and nothing else, and all of it is described."""

import argparse
import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

import nb_sepconv
from nb_sepconv.cli import main

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "reference").glob("*.md"))
LOADED_BY_THEMSELVES = ("activations", "constraints", "regularizers")
INTEROP = "nb_sepconv.interop"
WITH_OTHER_LIBRARIES = [f"{INTEROP}.{name}" for name in ("autograd", "jax", "torch")]
ENTRY = re.compile(r"^\.\. currentmodule:: (\S+)|^\.\. py:data:: (\w+)|^   (\w+)$", re.MULTILINE)
SAME = re.compile(r"^`tf\.[\w.]+` is also `tf\.([\w.]+)`\.$", re.MULTILINE)


def public_names(module):
    """What a module offers: its ``__dir__`` or ``__all__``, or else what it or a module inside of it defines."""
    if "__dir__" in vars(module):
        return sorted(module.__dir__())
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    inside = re.compile(rf"{re.escape(module.__name__)}(\.|$)")
    names = (name for name, value in vars(module).items() if inside.match(getattr(value, "__module__", None) or ""))
    return sorted(name for name in names if not name.startswith("_"))


def with_inner_modules(module):
    """The module and, depth first, the modules among its public names but those that need other libraries."""
    yield module
    for name in () if module.__name__ == INTEROP else public_names(module):
        if inspect.ismodule(value := getattr(module, name)):
            yield from with_inner_modules(value)


def public_modules():
    """Each module that has public names, once."""
    modules = [*with_inner_modules(nb_sepconv), *(import_module(f"nb_sepconv.{name}") for name in LOADED_BY_THEMSELVES)]
    return {module.__name__: module for module in modules}


def public_objects():
    """The public objects by their full names, without modules."""
    named = {
        f"{path}.{name}": getattr(module, name)
        for path, module in public_modules().items()
        for name in public_names(module)
        if path != INTEROP
    }
    return {name: value for name, value in named.items() if not inspect.ismodule(value)}


def definitions(module):
    """The public functions and classes of a module that needs a library which may not be installed, from its source."""
    source = ast.parse((ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.ClassDef
    return {f"{module}.{node.name}": node for node in source.body if isinstance(node, kinds) and node.name[0] != "_"}


def names_on(page):
    """The full names on a page of the reference."""
    text = page.read_text(encoding="utf-8")
    module, names = None, {f"nb_sepconv.{name}" for name in SAME.findall(text)}
    for entered, data, listed in ENTRY.findall(text):
        module = entered or module
        if not entered:
            names.add(f"{module}.{data or listed}")
    return names


def test_the_reference_names_everything_public_and_nothing_else():
    documented = set().union(*map(names_on, PAGES))
    public = {*public_objects(), *(name for module in WITH_OTHER_LIBRARIES for name in definitions(module))}
    assert documented == public


def test_no_name_is_on_two_pages():
    names = [name for page in PAGES for name in names_on(page)]
    assert len(names) == len(set(names))


def test_everything_public_is_described():
    undescribed = [name for name, value in public_objects().items() if callable(value) and not inspect.getdoc(value)]
    assert undescribed == []


@pytest.mark.parametrize("module", WITH_OTHER_LIBRARIES)
def test_everything_public_is_described_where_other_libraries_are_needed(module):
    assert all(ast.get_docstring(node) for node in definitions(module).values())


def test_the_page_of_the_command_names_every_command_and_option():
    page = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert {name for name in command_words(main._parser()) if name not in page} == set()


def command_words(parser):
    """The names of a parser's commands and long options, and those of its commands."""
    for action in parser._actions:
        yield from (option for option in action.option_strings if option not in ("-h", "--help", "--version"))
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield name
                yield from command_words(command)
