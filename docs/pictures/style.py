"""What the pictures have in common: colours, boxes, arrows, and files that change only when what is drawn changes."""

from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

FOLDER = Path(__file__).parent
INK, MUTED, LINE, PAPER = "#1f2733", "#5d6b7a", "#c3ccd6", "#ffffff"
CHANNELS = ["#3d7dca", "#e08a2e", "#3a9d6e", "#a45bb5"]
OURS, OTHERS, LOSS = "#1f7a8c", "#b4bfca", "#c8553d"

SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": LINE,
    "xtick.color": MUTED,
    "ytick.color": INK,
    "svg.fonttype": "path",
    "svg.hashsalt": "nb_sepconv",
    "figure.facecolor": PAPER,
}


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure without axes; its unit is a tenth of an inch, from the lower left corner."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 10 * width), ylim=(0, 10 * height))
    axes.axis("off")
    return figure, axes


def cells(axes: Axes, left: float, top: float, colours: list[list[str]], size: float = 2.0, alpha: float = 1.0) -> None:
    """A grid of coloured squares, a list for each row, below ``top``."""
    for i, row in enumerate(colours):
        for j, colour in enumerate(row):
            corner = left + j * size, top - (i + 1) * size
            axes.add_patch(Rectangle(corner, size, size, facecolor=colour, edgecolor=PAPER, linewidth=1, alpha=alpha))


def box(axes: Axes, left: float, bottom: float, width: float, height: float, text: str, **settings) -> None:
    """A rounded box with text in its middle."""
    colours = {"facecolor": settings.get("fill", PAPER), "edgecolor": settings.get("edge", LINE)}
    shape = f"round,pad=0,rounding_size={settings.get('rounding', 0.8)}"
    axes.add_patch(FancyBboxPatch((left, bottom), width, height, boxstyle=shape, linewidth=1.2, **colours))
    middle = left + width / 2, bottom + height / 2
    look = {"color": settings.get("colour", INK), "fontsize": settings.get("size", 9.5)}
    axes.text(*middle, text, ha="center", va="center", linespacing=1.45, **look)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], **settings) -> None:
    """An arrow between two points."""
    look = {"arrowstyle": "-|>", "mutation_scale": 11, "color": MUTED, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.add_patch(FancyArrowPatch(start, end, **{**look, **settings}))


def save(figure: Figure, path: Path, title: str, description: str) -> None:
    """Write an SVG that is the same whenever the same is drawn."""
    with matplotlib.rc_context(SETTINGS):
        figure.savefig(path, metadata={"Date": None, "Creator": None, "Title": title, "Description": description})
