"""Fail the build where a page would load a script, a style, a font or a picture from another host."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data|srcset)=["'](?:https?:)?//[^"']*"""
    r"""|<link\b(?=[^>]*\brel=["'](?:stylesheet|preload|preconnect|icon|shortcut icon|modulepreload))"""
    r"""[^>]*?\bhref=["'](?:https?:)?//[^"']*"""
    r"""|(?:url\(|@import\s+)["']?(?:https?:)?//[^"')]*"""
)


def foreign_resources(text: str) -> list[str]:
    """What an HTML page or a style sheet loads from another host; links that a reader may follow do not count."""
    return LOADED.findall(text)


def check(application: Sphinx, exception: Exception | None) -> None:
    """Look through all pages and style sheets once they are written."""
    if exception or application.builder.format != "html":
        return
    for path in Path(application.outdir).rglob("*"):
        if path.suffix in (".html", ".css") and (found := foreign_resources(path.read_text(encoding="utf-8"))):
            raise ValueError(f"{path} loads from another host: {found}")


def setup(application: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    application.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
