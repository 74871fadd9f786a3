"""The speed that docs/benchmarks.md tells: the other libraries in the mean, and the best of them layer by layer."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.benchmark_figures import LAYER, machine, ratios, relative_times
from docs.pictures.style import INK, LINE, LOSS, MUTED, OTHERS, OURS, PAPER

TITLE = "Speed of a forward call"
DESCRIPTION = "; ".join(
    f"{name} {value:.2f}" for name, value in [*relative_times().items(), *ratios("forward", LAYER).items()]
)
LONGEST_TIME, LONGEST_RATIO = 4.0, 2.4  # longer bars are cut


def bars(axes: Axes, values: dict[str, float], colours: list[str], longest: float) -> None:
    """Horizontal bars with their numbers, from above; the numbers stand where a bar is cut, too."""
    names = list(values)
    shown = [min(value, longest) for value in values.values()]
    axes.barh(names, shown, color=colours, height=0.72)
    for i, (value, length) in enumerate(zip(values.values(), shown, strict=True)):
        mark = " »" if value > longest else ""
        look = {
            "va": "center",
            "fontsize": 8.5,
            "color": MUTED,
            "bbox": {"facecolor": PAPER, "linewidth": 0, "pad": 0.6},
        }
        axes.text(length + 0.012 * longest, i, f"{value:.2f}{mark}", **look)
    axes.axvline(1, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.invert_yaxis()
    axes.set(xlim=(0, 1.13 * longest), xticks=[])
    axes.margins(y=0.02)
    axes.tick_params(length=0, labelsize=8.5)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(LINE)


def draw() -> Figure:
    """Left: the geometric means of the libraries' times. Right: how many times as fast as the best other library."""
    figure = Figure(figsize=(10.4, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
    times = relative_times()
    bars(left, times, [OURS if name == "nb_sepconv" else OTHERS for name in times], LONGEST_TIME)
    by_layer = dict(sorted(ratios("forward", LAYER).items(), key=lambda pair: -pair[1]))
    bars(right, by_layer, [OURS if value >= 1 else LOSS for value in by_layer.values()], LONGEST_RATIO)
    heading = {"loc": "left", "fontsize": 10.5}
    left.set_title(
        f"Time relative to nb_sepconv (shorter is faster)\ngeometric mean over {len(by_layer)} layers", **heading
    )
    right.set_title("Speed relative to the fastest other library\nfor each layer (longer is faster)", **heading)
    figure.supxlabel(f"forward call, float32, channels_last; {machine()}", fontsize=9, color=MUTED)
    return figure
