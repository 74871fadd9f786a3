"""Packages that files of some formats need."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def needed(package: str, files: str) -> Any:
    """A package that reads or writes such files, or an ImportError that says how to install it."""
    try:
        return import_module(package)
    except ImportError as error:
        raise ImportError(f"{files} files need {package}: pip install 'nb_sepconv[batch]'") from error
