"""Import the modules of ``nb_sepconv.interop`` for their docstrings, without the large libraries that they need."""

import sys
from importlib import import_module
from unittest.mock import MagicMock

from sphinx.application import Sphinx

ABSENT = {
    "autograd": ["autograd", "autograd.extend", "autograd.tracer"],
    "jax": ["jax", "jax.custom_derivatives"],
    "torch": ["torch"],
}


def import_without(library: str) -> None:
    """Import ``nb_sepconv.interop.<library>`` with stand-ins in place of the library's modules."""
    present = {name: sys.modules.get(name) for name in ABSENT[library]}
    stand_in = MagicMock()
    stand_in.nn.Module = object  # a base class has to be a class
    sys.modules |= dict.fromkeys(present, stand_in)
    try:
        import_module(f"nb_sepconv.interop.{library}")
    finally:
        for name, module in present.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def setup(application: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    for library in ABSENT:
        import_without(library)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
