"""Show default values as they would be written: ``Zeros()`` and ``float32`` instead of their ``repr``."""

import re

from sphinx.application import Sphinx

OBJECT = re.compile(r"<(?:\w+\.)*(\w+) object(?: at 0x\w+)?>")
CLASS = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
MEMBER = re.compile(r"<(\w+\.\w+): [^>]*>")


def readable(signature: str) -> str:
    """A signature with its defaults as they would be written."""
    return MEMBER.sub(r"\1", CLASS.sub(r"\1", OBJECT.sub(r"\1()", signature)))


def process(application, what, name, value, options, signature, returns):
    """Sphinx's event ``autodoc-process-signature``."""
    return (readable(signature), returns) if signature else None


def setup(application: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    application.connect("autodoc-process-signature", process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
