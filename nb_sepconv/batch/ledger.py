"""Which units of a job are done: in one journal, or in those of its shards."""

from __future__ import annotations

import errno
import glob
import os
import re
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from nb_sepconv.batch.fingerprint import differences
from nb_sepconv.batch.journal import Journal, is_open, records_of
from nb_sepconv.files.locks import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nb_sepconv.batch.options import Shard

JOURNAL = ".journal"
IN_FOLDER = "nb-sepconv"
_MOST_DIFFERENCES = 5


def journal_path(destination: Any) -> str:
    """The path of the journal of a destination: beside a file, in a folder."""
    text = os.fspath(destination)
    path = re.sub(r"(\.(?:h5|hdf5|zarr))[/\\]?:/.*", r"\1", text).rstrip("/" + os.sep)
    folder, name = os.path.split(path)
    if "*" in name:
        return os.path.join(folder, name.replace("*", "all") + JOURNAL)
    if os.path.splitext(name)[1].lower() in (".npy", ".h5", ".hdf5", ".zarr"):
        return path + JOURNAL
    return os.path.join(path, IN_FOLDER + JOURNAL)


def journals_of_shards(path: str) -> list[str]:
    """The journals of the shards of a job with a journal."""
    stem = glob.escape(path.removesuffix(JOURNAL))
    return sorted(glob.glob(f"{stem}.*-of-*{JOURNAL}"))


class Progressed:
    """What journals say: the fingerprint, whether the outputs were made, and what is done, skipped and finished."""

    created: bool

    def __init__(self, records: Iterable[dict[str, Any]]) -> None:
        self.fingerprint: dict[str, Any] | None = None
        self.created = False
        self.done: dict[int, set[int]] = {}
        self.skipped: dict[int, str] = {}
        self.finished: set[int] = set()
        self.totals: dict[str, Any] = {}
        for record in records:
            self.add(record)

    def add(self, record: dict[str, Any]) -> None:
        """Take a record into account."""
        if "job" in record:
            self.fingerprint, self.totals = record["job"], record["totals"]
        elif "created" in record:
            self.created = True
        elif "finished" in record:
            self.finished.add(record["finished"])
        elif "retried" in record:
            self.skipped.pop(record["retried"], None)
            self.done.pop(record["retried"], None)
        elif "skipped" in record:
            self.skipped[record["skipped"]] = record["reason"]
        else:
            self.done.setdefault(record["item"], set()).add(record["unit"])


class Ledger:
    """The journals of a job that is running, locked.

    Args:
        destination: path, as the caller wrote it.
        shard: the part that this process computes, or None for all.

    Raises:
        BlockingIOError: another job is at work on the destination or the shard.
    """

    path: str
    master: Journal
    own: Journal

    def __init__(self, destination: Any, shard: Shard | None) -> None:
        self.path = journal_path(destination)
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        self._shard = shard
        self.master = Journal(self.path, shared=shard is not None)
        self.own = self.master
        if shard is not None:
            try:
                self.own = Journal(f"{self.path.removesuffix(JOURNAL)}.{shard.number}-of-{shard.count}{JOURNAL}")
            except BaseException:
                self.master.close()
                raise

    def turn(self) -> Any:
        """A block that one shard at a time is in, with the master's records as they are now."""
        return nullcontext() if self._shard is None else Turn(self.path + ".lock")

    def progressed(self) -> Progressed:
        """What all journals say now."""
        if self._shard is not None:
            self.master.reload()
        paths = (self.path, *journals_of_shards(self.path))
        return Progressed(record for path in paths for record in records_of(path))

    def forget(self) -> None:
        """Forget all that was done, also by shards.

        Raises:
            BlockingIOError: a shard is at work.
        """
        for path in journals_of_shards(self.path):
            if path != self.own.path:
                if is_open(path):
                    raise BlockingIOError(errno.EAGAIN, "another shard is at work: it cannot be started anew", path)
                with suppress(FileNotFoundError):
                    os.remove(path)
        self.own.clear()
        self.master.clear()

    def close(self) -> None:
        """Unlock the journals."""
        self.own.close()
        if self.own is not self.master:
            self.master.close()


def refuse_another_job(path: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    """Refuse to go on with a job that was another one.

    Raises:
        ValueError: names what changed.
    """
    found = differences(old, new)
    if found:
        shown = "; ".join(found[:_MOST_DIFFERENCES])
        more = f"; and {len(found) - _MOST_DIFFERENCES} more" if len(found) > _MOST_DIFFERENCES else ""
        raise ValueError(
            f"`destination` has the outputs of another job in it, so this one cannot go on: overwrite=True starts "
            f"anew. Changed since: {shown}{more} ({path})"
        )
