"""The commands of ``nb-sepconv cache``."""

from __future__ import annotations

from nb_sepconv.cli.tables import print_table
from nb_sepconv.cli.warming import warmup
from nb_sepconv.kernels.store import report

DONE, FAILED = 0, 2


def fill() -> int:
    """Compile all that calls may need, and say how much of it is on disk then."""
    report.make_folder()
    why_not = report.why_off() or report.why_not_written()
    if why_not:
        raise OSError(f"nothing can be kept on disk: {why_not}")
    warmup("all", gradients=True, data_formats="all", activations="all")
    found = report.description()
    print(f"{found['folder']}: {found['written']} units written, {found['loaded']} were there")
    return DONE


def show() -> int:
    """Print the units."""
    rows = [[unit.name, str(unit.bytes), "" if unit.usable else "not used here"] for unit in report.listed()]
    total = sum(unit.bytes for unit in report.listed())
    print_table(f"{_folder()}: {len(rows)} units, {total} bytes", ["unit", ">bytes", "note"], rows)
    return DONE


def clear() -> int:
    """Remove the units."""
    print(f"{_folder()}: {report.clear()} units removed")
    return DONE


def _folder() -> str | None:
    return report.description()["folder"]
