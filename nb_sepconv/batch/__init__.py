"""Jobs: a model applied to files, in chunks, from a folder of recordings to series that fit into no memory."""

from __future__ import annotations

from nb_sepconv.batch.applying import apply, plan, status
from nb_sepconv.batch.progress import Progress
from nb_sepconv.batch.report import Plan, PlannedFile, Report, Status
from nb_sepconv.batch.sources.errors import SourceError

__all__ = ["Plan", "PlannedFile", "Progress", "Report", "SourceError", "Status", "apply", "plan", "status"]


def __dir__() -> list[str]:
    return __all__
