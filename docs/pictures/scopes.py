"""The scopes and variables of a small model, as the library names them."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

import nb_sepconv as tf
from docs.pictures.style import LINE, MUTED, OURS, PAPER, blank, box

TITLE = "The scopes of a model"
DESCRIPTION = "Variable scopes form a tree; the name of a variable is the path to it."
LENGTH, CHANNELS = 400, 16
ROW, TOP = 3.4, 29.4
COLUMNS = 3.0, 17.0, 31.0


def model() -> list[tf.Variable]:
    """The variables of a model of two layers in a scope and one beside it."""
    with tf.Graph().as_default():
        x = tf.zeros_initializer()((1, LENGTH, CHANNELS))
        with tf.variable_scope("encoder"):
            x = tf.layers.separable_conv1d(x, 64, 9, activation=tf.nn.relu, name="sep1")
            x = tf.layers.separable_conv1d(x, 32, 5, depth_multiplier=2, name="sep2")
        with tf.variable_scope("head"):
            tf.layers.separable_conv1d(x, 4, 1, use_bias=False, name="score")
        return tf.trainable_variables()


def connect(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A line with one corner from a parent to a child."""
    middle = (start[0] + end[0]) / 2
    axes.plot([start[0], middle, middle, end[0]], [start[1], start[1], end[1], end[1]], color=LINE, linewidth=1.2)


def draw() -> Figure:
    """A tree from left to right: scopes, layers, variables, and the name that follows from the path."""
    figure, axes = blank(10.4, 3.35)
    variables = model()
    paths = [variable.op.name.split("/") for variable in variables]
    heights = {tuple(path): TOP - 1.4 - i * ROW for i, path in enumerate(paths)}
    for depth in (2, 1):
        for prefix in dict.fromkeys(tuple(path[:depth]) for path in paths):
            rows = [heights[tuple(path)] for path in paths if tuple(path[:depth]) == prefix]
            heights[prefix] = (rows[0] + rows[-1]) / 2
    for path, height in heights.items():
        depth = len(path)
        left, width = COLUMNS[depth - 1], (10.0, 10.0, 19.5)[depth - 1]
        if depth > 1:
            connect(axes, (COLUMNS[depth - 2] + 10.0, heights[path[:-1]]), (left, height))
        filled = depth < 3
        look = {"fill": "#e8f1f3" if filled else PAPER, "edge": OURS if filled else LINE}
        box(axes, left, height - 1.2, width, 2.4, path[-1], **look)
    for variable, path in zip(variables, paths, strict=True):
        height = heights[tuple(path)]
        axes.text(53, height, str(tuple(variable.shape)), va="center", fontsize=9.5, color=MUTED)
        axes.text(65.5, height, variable.name, va="center", fontsize=9.5, family="DejaVu Sans Mono")
    for left, text in zip((*COLUMNS, 53, 65.5), ("variable scope", "layer", "variable", "shape", "name"), strict=True):
        axes.text(left, TOP + 2, text, fontsize=10, weight="bold", va="center")
    return figure
