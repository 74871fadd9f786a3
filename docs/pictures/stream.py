"""What a stream keeps: the last steps that later outputs read, between one push and the next."""

from matplotlib.figure import Figure

from docs.pictures.separable import FILTERS, SIZE, frame, series
from docs.pictures.style import CHANNELS, INK, LINE, MUTED, OURS, arrow, blank, box, cells

TITLE = "What a stream keeps"
DESCRIPTION = "A push joins the kept steps with its chunk, gives the outputs that are known, and keeps the last steps."
TAPS, CHUNK = 4, 3
KEPT, PUSHES = TAPS - 1, 3
COLOURS = CHANNELS[:2]
TOP = 24.0


def draw() -> Figure:
    """Pushes of three steps through a causal kernel of four taps, from left to right."""
    figure, axes = blank(10.4, 3.3)
    height = len(COLOURS) * SIZE
    left = 3.0
    for push in range(PUSHES):
        at_chunk = left + (KEPT + 0.7) * SIZE
        shades = series(COLOURS, KEPT + CHUNK, shift=3 * push * CHUNK)
        kept, chunk = [row[:KEPT] for row in shades], [row[KEPT:] for row in shades]
        cells(axes, left, TOP, kept)
        frame(axes, left, TOP, KEPT, len(COLOURS))
        cells(axes, at_chunk, TOP, chunk)
        axes.text(left + KEPT * SIZE / 2, TOP + 1.6, "kept", fontsize=10, weight="bold", ha="center", va="center")
        middle = at_chunk + CHUNK * SIZE / 2
        axes.text(middle, TOP + 1.6, f"chunk {push + 1}", fontsize=10, weight="bold", ha="center", va="center")
        below = TOP - height
        for step in range(CHUNK):
            start = left + step * SIZE
            end = at_chunk + (step + 1) * SIZE
            line = below - 1.2 - step * 0.9
            axes.plot([start + 0.2, end - 0.2], [line, line], color=OURS, linewidth=1.6, solid_capstyle="butt")
            arrow(axes, (end - SIZE / 2, line - 0.2), (at_chunk + (step + 0.5) * SIZE, 12.7), color=LINE)
        cells(axes, at_chunk, 12.5, series(FILTERS, CHUNK, shift=4 + push * CHUNK))
        axes.text(middle, 6.9, f"outputs of push {push + 1}", fontsize=10, weight="bold", ha="center", va="center")
        if push < PUSHES - 1:
            right = at_chunk + CHUNK * SIZE
            box(axes, right + 4, TOP - height - 0.3, 19.4, height + 0.6, "the last 3 steps stay:\nthe state", edge=LINE)
            arrow(axes, (right + 0.8, TOP - height / 2), (right + 3.6, TOP - height / 2))
            arrow(axes, (right + 23.8, TOP - height / 2), (right + 26.8, TOP - height / 2))
            left = right + 27.4
    title = "A causal kernel of 4 taps, 3 steps at a time"
    axes.text(3, 30.2, title, fontsize=12, weight="bold", va="center", color=INK)
    words = "each output reads 4 steps (lines); the state is span - 1 = 3 steps and a count, however long the series is"
    axes.text(3, 3.2, words, fontsize=10, color=MUTED, va="center")
    return figure
