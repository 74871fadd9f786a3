"""Write docs/reference/api.md: every public name, with its signature and the first sentence of its docstring."""

import ast
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType

import nb_sepconv

DOCUMENT = Path(__file__).parent / "reference" / "api.md"
WITH_OTHER_LIBRARIES = [f"nb_sepconv.interop.{name}" for name in ("autograd", "jax", "torch")]
HEADER = """\
# Every public name

Written by `make docs` from the docstrings; `help(name)` shows them whole. The usual import is
`import nb_sepconv as tf`.
"""


def public_names(module: ModuleType) -> list[str]:
    """What a module offers: its ``__dir__`` or ``__all__``, or else what it or a module inside of it defines."""
    if "__dir__" in vars(module):
        return sorted(module.__dir__())
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    inside = re.compile(rf"{re.escape(module.__name__)}(\.|$)")
    names = (name for name, value in vars(module).items() if inside.match(getattr(value, "__module__", None) or ""))
    return sorted(name for name in names if not name.startswith("_"))


def public_modules() -> Iterator[ModuleType]:
    """The package, and the modules among its names and theirs."""
    yield from with_inner_modules(nb_sepconv)


def with_inner_modules(module: ModuleType) -> Iterator[ModuleType]:
    """The module and, depth first, the modules among its public names."""
    yield module
    for name in public_names(module):
        value = getattr(module, name)
        if inspect.ismodule(value) and value.__name__ != "nb_sepconv.interop":  # whose modules need other packages
            yield from with_inner_modules(value)


def first_sentence(value: object) -> str:
    """The docstring's first sentence on one line, and nothing for a constant."""
    if not (callable(value) or inspect.ismodule(value)):
        return ""
    return one_line(inspect.getdoc(value) or "")


def one_line(docstring: str) -> str:
    """The first paragraph in Markdown, on one line."""
    paragraph = docstring.partition("\n\n")[0]
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", " ".join(paragraph.split())).replace("``", "`")


def signature(value: object) -> str:
    """``(arguments)`` of a function or class, with the defaults as they would be written."""
    if not callable(value) or (isinstance(value, type) and issubclass(value, BaseException | Enum)):
        return ""
    typed = inspect.signature(value)
    parameters = [parameter.replace(annotation=parameter.empty) for parameter in typed.parameters.values()]
    untyped = typed.replace(parameters=parameters, return_annotation=typed.empty)
    text = re.sub(r"<(?:\w+\.)*(\w+) object at 0x\w+>", r"\1()", str(untyped))
    text = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", text)
    return re.sub(r"<(\w+\.\w+): [^>]*>", r"\1", text)


def section(module: ModuleType) -> str:
    """A heading, the module's first sentence and a list of its names."""
    lines = [f"## {module.__name__}", "", first_sentence(module), ""]
    for name in public_names(module):
        value = getattr(module, name)
        if not inspect.ismodule(value):
            lines.append(f"- `{name}{signature(value)}`  \n  {first_sentence(value)}".rstrip())
    return "\n".join(lines) + "\n"


def definitions(name: str) -> tuple[ast.Module, list]:
    """A module's source, which is not imported, and its public functions and classes."""
    path = Path(nb_sepconv.__file__).parents[1] / f"{name.replace('.', '/')}.py"
    source = ast.parse(path.read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.ClassDef
    return source, [node for node in source.body if isinstance(node, kinds) and not node.name.startswith("_")]


def section_from_source(name: str) -> str:
    """As :func:`section`, for a module that needs a package which may not be installed."""
    source, nodes = definitions(name)
    lines = [f"## {name}", "", described(source), ""]
    for node in nodes:
        made = node
        if isinstance(node, ast.ClassDef):
            made = next(inner for inner in node.body if getattr(inner, "name", "") == "__init__")
            made.args.args = made.args.args[1:]
        for argument in (*made.args.args, *made.args.kwonlyargs):
            argument.annotation = None
        lines.append(f"- `{node.name}({ast.unparse(made.args)})`  \n  {described(node)}")
    return "\n".join(lines) + "\n"


def described(node: ast.AST) -> str:
    """The first sentence of a docstring in a source."""
    return one_line(ast.get_docstring(node) or "")


def api_document() -> str:
    """The whole document."""
    return "\n".join([HEADER, *map(section, public_modules()), *map(section_from_source, WITH_OTHER_LIBRARIES)])


if __name__ == "__main__":
    DOCUMENT.write_text(api_document(), encoding="utf-8")
    print(f"Wrote {DOCUMENT}")
