"""The pictures that the tutorials' own programs save: python -m docs.pictures.tutorials"""

import shutil
import tempfile
from pathlib import Path

import nb_sepconv as tf
from docs.programs import run

FOLDER = Path(__file__).parents[1] / "tutorial"


def draw(page: Path) -> None:
    """Run a tutorial in an empty folder, and keep the pictures that it leaves there."""
    with tempfile.TemporaryDirectory() as name, tf.Graph().as_default():
        run(page, Path(name))
        for picture in Path(name).glob("*.png"):
            shutil.copy(picture, FOLDER)


if __name__ == "__main__":
    for page in FOLDER.glob("*.md"):
        draw(page)
