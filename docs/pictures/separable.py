"""What a separable convolution is: each channel is filtered by itself, then the channels are mixed at each step."""

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from docs.pictures.style import CHANNELS, INK, MUTED, arrow, blank, cells

TITLE = "A separable convolution"
DESCRIPTION = "Each input channel is convolved with its own kernel; then each step's channels are mixed by a matrix."
STEPS, TAPS, SIZE = 11, 3, 2.0
SHADES = [0.55, 0.8, 0.4, 0.95, 0.65, 0.35, 0.85, 0.5, 0.75, 0.45, 0.9]
FILTERS = ["#7a8794", "#a9b4be"]
TOP = 23.0


def shade(colour: str, strength: float) -> str:
    """A colour, mixed with white."""
    return "#" + "".join(f"{round(255 * (1 - strength * (1 - part))):02x}" for part in to_rgb(colour))


def series(colours: list[str], steps: int, shift: int = 0) -> list[list[str]]:
    """Rows of a grid, a channel each, in shades that stand for values."""
    return [[shade(c, SHADES[(t * 3 + i + shift) % len(SHADES)]) for t in range(steps)] for i, c in enumerate(colours)]


def frame(axes: Axes, left: float, top: float, columns: int, rows: int) -> None:
    """A dark frame around some cells."""
    corner, width, height = (left, top - rows * SIZE), columns * SIZE, rows * SIZE
    axes.add_patch(Rectangle(corner, width, height, facecolor="none", edgecolor=INK, linewidth=1.8, zorder=5))


def caption(axes: Axes, left: float, columns: int, name: str, shape: str) -> None:
    """A name and a shape under a grid of some columns."""
    middle, bottom = left + columns * SIZE / 2, TOP - len(CHANNELS) * SIZE
    axes.text(middle, bottom - 1.8, name, fontsize=10, weight="bold", ha="center", va="center")
    axes.text(middle, bottom - 4.0, shape, fontsize=9.5, color=MUTED, ha="center", va="center")


def draw() -> Figure:
    """The input, the depthwise kernel, the hidden series, the pointwise kernel and the outputs, from left to right."""
    figure, axes = blank(10.4, 3.3)
    hidden = STEPS - TAPS + 1
    height = len(CHANNELS) * SIZE
    at_input, at_depthwise, at_hidden, at_pointwise, at_output = 3, 32, 45, 70, 82.5

    cells(axes, at_input, TOP, series(CHANNELS, STEPS))
    frame(axes, at_input + 4 * SIZE, TOP - SIZE, TAPS, 1)
    caption(axes, at_input, STEPS, "inputs", "(L, C)")

    cells(axes, at_depthwise, TOP, series(CHANNELS, TAPS, shift=5))
    frame(axes, at_depthwise, TOP - SIZE, TAPS, 1)
    caption(axes, at_depthwise, TAPS, "depthwise kernel", "(K, C, M)")

    cells(axes, at_hidden, TOP, series(CHANNELS, hidden, shift=2), alpha=0.85)
    frame(axes, at_hidden + 4 * SIZE, TOP - SIZE, 1, 1)
    caption(axes, at_hidden, hidden, "hidden series", "(T, C·M)")
    frame(axes, at_hidden + 7 * SIZE, TOP, 1, len(CHANNELS))

    cells(axes, at_pointwise, TOP, series(CHANNELS, len(FILTERS), shift=1))
    frame(axes, at_pointwise, TOP, 1, len(CHANNELS))
    caption(axes, at_pointwise, len(FILTERS), "pointwise kernel", "(1, C·M, F)")

    middle = TOP - (height - 2 * SIZE) / 2
    cells(axes, at_output, middle, series(FILTERS, hidden, shift=4))
    frame(axes, at_output + 7 * SIZE, middle, 1, 1)
    caption(axes, at_output, hidden, "outputs", "(T, F)")

    line = TOP - height / 2
    for left, right in [(at_input + STEPS * SIZE, at_depthwise), (at_depthwise + TAPS * SIZE, at_hidden)]:
        arrow(axes, (left + 1, line), (right - 1, line))
    for left, right in [(at_hidden + hidden * SIZE, at_pointwise), (at_pointwise + 2 * SIZE, at_output)]:
        arrow(axes, (left + 1, line), (right - 1, line))

    axes.text(at_input, 30.2, "1  Depthwise", fontsize=12, weight="bold", va="center")
    axes.text(at_input, 27.4, "each channel is filtered with its own K taps", fontsize=10, color=MUTED, va="center")
    axes.text(at_hidden, 30.2, "2  Pointwise", fontsize=12, weight="bold", va="center")
    axes.text(at_hidden, 27.4, "at each step, a matrix mixes all channels", fontsize=10, color=MUTED, va="center")
    cost = "Multiply-adds per output step:   C·M·(K + F)   instead of   K·C·F   for an ordinary convolution"
    letters = "L steps in, T steps out, C channels, K taps, M depth multiplier (here 1), F filters"
    axes.text(52, 6.6, letters, fontsize=9.5, color=MUTED, ha="center", va="center")
    axes.text(52, 3.2, cost, fontsize=10.5, ha="center", va="center")
    return figure
