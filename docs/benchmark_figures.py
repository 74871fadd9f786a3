"""The figures of docs/benchmarks.md for the README: `python -m docs.benchmark_figures` writes the table there anew."""

import re
from functools import cache
from pathlib import Path

from benchmarks.report import split
from benchmarks.statistics import geometric_mean

PAGE = Path(__file__).with_name("benchmarks.md")
README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- figures from docs/benchmarks.md: python -m docs.benchmark_figures -->", "<!-- end of figures -->"
RATIOS, TIMES = "How many times as fast as the best peer", "Medians of the times per call, ms"
MACHINE = "Machine and versions"
LAYER = "layer, channels_last"
LAYOUTS = "channels_last", "channels_first"
ROWS = [
    ("forward call of a layer", "forward", "layer"),
    ("forward call of `tf.ops`, weights packed every time", "forward", "ops"),
    ("forward call of a layer and all gradients", "training", "layer"),
]


@cache
def part(task: str) -> str:
    """The page's part about a task: "forward", "training" or "precision"."""
    return split(PAGE.read_text(encoding="utf-8"))[task]


def table(task: str, heading: str) -> dict[str, dict[str, str]]:
    """The table under a heading: row name -> column name -> cell."""
    section = part(task).partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    header, *rows = [[cell.strip() for cell in line] for line in lines if not line[0].startswith("---")]
    return {name: dict(zip(header[1:], cells, strict=True)) for name, *cells in rows}


def layers(task: str, heading: str) -> dict[str, dict[str, str]]:
    """The rows that stand for layers, without the statistics below them, whose names are of several words."""
    return {name: row for name, row in table(task, heading).items() if " " not in name}


def ratios(task: str, column: str) -> dict[str, float]:
    """Layer -> the best other library's time over ours."""
    return {name: float(row[column].strip("*")) for name, row in layers(task, RATIOS).items()}


def ahead(task: str, column: str) -> str:
    """On how many layers we are not behind, such as "19 of 20"; a loss is bold on the page."""
    cells = [row[column] for row in layers(task, RATIOS).values()]
    return f"{sum(not cell.startswith('**') for cell in cells)} of {len(cells)}"


def mean_ratio(task: str, column: str) -> str:
    """The geometric mean of the ratios, as the page has it."""
    return table(task, RATIOS)["geometric mean of medians"][column].strip("*")


def relative_times() -> dict[str, float]:
    """Library -> the geometric mean of its times over ours in the forward call, from the fastest on."""
    rows = list(layers("forward", TIMES).values())
    others = [name for name in rows[0] if "channels_" not in name]
    means = {name: geometric_mean([float(row[name]) / float(row[LAYER]) for row in rows]) for name in others}
    return dict(sorted([("nb_sepconv", 1.0), *means.items()], key=lambda pair: pair[1]))


def facts(task: str) -> dict[str, str]:
    """The rows of the page's table of the machine and the versions."""
    section = part(task).partition(f"## {MACHINE}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (.+?) \| (.*?) \|$", section, re.MULTILINE))


def machine(task: str = "forward") -> str:
    """The processor, how much of it, and its vector features."""
    found = facts(task)
    return f"{found['processor']}, {found['threads']} threads ({found['vector features']})"


def versions() -> str:
    """The other libraries and their versions."""
    found = facts("forward")
    return ", ".join(f"{name} {found[name].split()[0]}" for name in relative_times() if name != "nb_sepconv")


def summary() -> str:
    """The table of the README and a line that says what was measured where."""
    lines = ["| | channels_last | ahead on | channels_first | ahead on |", "|---|---:|---:|---:|---:|"]
    for words, task, kind in ROWS:
        columns = [f"{kind}, {layout}" for layout in LAYOUTS]
        cells = [cell for column in columns for cell in (f"{mean_ratio(task, column)} ×", ahead(task, column))]
        lines.append(f"| {' | '.join([words, *cells])} |")
    return "\n".join([*lines, "", f"Measured on: {machine()}.", f"Measured against: {versions()}."])


def written_into(text: str) -> str:
    """A text with the summary between its marks."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{summary()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    README.write_text(written_into(README.read_text(encoding="utf-8")), encoding="utf-8")
