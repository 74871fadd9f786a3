"""Draw all pictures, or those that are named: python -m docs.pictures [name ...]"""

import sys
from importlib import import_module

import matplotlib

from docs.pictures.style import FOLDER, SETTINGS, save

PICTURES = "scopes", "separable", "speed", "stream", "tile"


def draw(name: str) -> None:
    """Draw one picture into this folder."""
    picture = import_module(f"docs.pictures.{name}")
    with matplotlib.rc_context(SETTINGS):
        save(picture.draw(), FOLDER / f"{name}.svg", picture.TITLE, picture.DESCRIPTION)


if __name__ == "__main__":
    for name in sys.argv[1:] or PICTURES:
        draw(name)
