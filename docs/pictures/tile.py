"""How a tile of a series flows through the CPU kernel, without the depthwise result ever being stored in memory."""

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from docs.pictures.style import INK, LINE, MUTED, OURS, PAPER, arrow, blank, box

TITLE = "A tile on its way through the CPU kernel"
DESCRIPTION = "Load, depthwise in registers, pointwise product on a panel in the cache, activation, store."
LANES = [("memory", 22.6, "#f4f6f8"), ("cache", 12.3, "#eaf3f5"), ("registers", 2.0, "#fdf3e7")]
HEIGHT = 9.3


def draw() -> Figure:
    """Three lanes, memory above the caches above the registers, and the stages from left to right."""
    figure, axes = blank(10.4, 3.7)
    for name, bottom, colour in LANES:
        axes.add_patch(Rectangle((1, bottom), 102, HEIGHT, facecolor=colour, edgecolor=PAPER))
        axes.text(2.2, bottom + HEIGHT - 1.6, name, fontsize=10, weight="bold", color=MUTED, va="center")
    memory, cache, registers = (bottom + 1.6 for _, bottom, _ in LANES)
    look = {"edge": LINE, "size": 9}
    box(axes, 11, memory, 15, 5.6, "inputs\nany strides", **look)
    box(axes, 48, memory, 16, 5.6, "pointwise kernel\npacked once per layer", **look)
    box(axes, 86, memory, 15, 5.6, "outputs\nany strides", **look)
    box(axes, 15, cache, 15, 5.6, "tile of the input\npadded, aligned", **look)
    box(axes, 40, cache, 15, 5.6, "depthwise results\nat most 384 KiB", **look)
    box(axes, 74, cache, 15, 5.6, "panel of outputs\nactivation applied", **look)
    stage = {"edge": OURS, "fill": PAPER, "size": 9}
    box(axes, 25, registers, 18, 5.6, "depthwise taps\n16 steps at a time", **stage)
    box(axes, 54, registers, 22, 5.6, "pointwise product\n14 rows × 2 vectors (AVX-512)", **stage)
    steps = [
        ("1", (18.5, memory), (21, cache + 5.6)),
        ("2", (24, cache), (31, registers + 5.6)),
        ("3", (37, registers + 5.6), (44, cache)),
        ("4", (50, cache), (61, registers + 5.6)),
        ("4", (57, memory), (66, registers + 5.6)),
        ("5", (70, registers + 5.6), (79, cache)),
        ("6", (83, cache + 5.6), (91, memory)),
    ]
    for number, start, end in steps:
        arrow(axes, start, end)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        badge = {"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "none"}
        axes.text(*middle, number, fontsize=8, color=PAPER, weight="bold", ha="center", va="center", bbox=badge)
    title = "A thread takes one tile after the other; the depthwise results of a tile never reach memory"
    axes.text(1, 34.6, title, fontsize=11, va="center")
    return figure
