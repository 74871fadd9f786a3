"""What PyInstaller asks an installed package: where its hooks are."""

from pathlib import Path


def get_hook_dirs():
    """The folder of the hooks, in a list."""
    return [str(Path(__file__).parent)]
