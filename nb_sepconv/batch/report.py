"""What a job says of itself: before it runs, when it is done, and at any time."""

from __future__ import annotations

from typing import NamedTuple


class PlannedFile(NamedTuple):
    """An input of a job that is planned.

    Args:
        name: str, its path, or what an array is called.
        destination: str or None, where its output goes.
        inputs, outputs: the shapes; None where the input cannot be read.
        chunks: int, into how many pieces its output is cut.
        problem: str or None, why it is left out.
    """

    name: str
    destination: str | None
    inputs: tuple[int, int, int] | None
    outputs: tuple[int, int, int] | None
    chunks: int
    problem: str | None


class Plan(NamedTuple):
    """What a job is going to do.

    Args:
        files: tuple of :class:`PlannedFile`.
        chunk: int, output steps of a chunk; examples with ``axis="batch"``.
        chunks: int, the chunks of all files.
        halo: (before, after), input steps that a chunk needs beyond its own.
        extra_work: float, the part of the work that is done twice because of halos; 0.05 is 5%.
        why: str or None, why ``extra_work`` is above 0.05.
        memory_bytes: int, what a job has in memory beside the model and the kernels.
        input_bytes, output_bytes: int, the sizes of all inputs as they are computed, and of all outputs.
        free_bytes: int or None, what is free on the destination's disk.
    """

    files: tuple[PlannedFile, ...]
    chunk: int
    chunks: int
    halo: tuple[int, int]
    extra_work: float
    why: str | None
    memory_bytes: int
    input_bytes: int
    output_bytes: int
    free_bytes: int | None

    def __str__(self) -> str:
        free = "" if self.free_bytes is None else f", {_size(self.free_bytes)} free"
        lines = [
            f"{len(self.files)} inputs of {_size(self.input_bytes)}, outputs of {_size(self.output_bytes)}{free}",
            f"{self.chunks} chunks of up to {self.chunk}, halo {self.halo[0]} before and {self.halo[1]} after, "
            f"{100 * self.extra_work:.1f}% extra work, {_size(self.memory_bytes)} of memory",
        ]
        lines += [] if self.why is None else [self.why]
        for file in self.files:
            to = "" if file.destination is None else f" -> {file.destination}"
            what = file.problem or f"{_shape(file.inputs)} -> {_shape(file.outputs)}, {file.chunks} chunks"
            lines.append(f"{file.name}{to}: {what}")
        return "\n".join(lines)


class Report(NamedTuple):
    """What a job did.

    Args:
        finished: bool, whether all outputs are complete; False for a shard while others are at work.
        files: int, the inputs with a complete output.
        skipped: dict of the names of inputs that were left out, and why.
        chunks: int, those that this run computed.
        chunks_before: int, those that were there already.
        steps: int, the output steps that this run computed, of all examples.
        seconds: float.
    """

    finished: bool
    files: int
    skipped: dict[str, str]
    chunks: int
    chunks_before: int
    steps: int
    seconds: float

    def __str__(self) -> str:
        state = "finished" if self.finished else "not finished: other shards have not computed their parts yet"
        before = f", {self.chunks_before} were there" if self.chunks_before else ""
        lines = [f"{state}: {self.files} files, {self.chunks} chunks in {self.seconds:.1f} s{before}"]
        lines += [f"left out: {name}: {reason}" for name, reason in self.skipped.items()]
        return "\n".join(lines)


class Status(NamedTuple):
    """How far the job of a destination is.

    Args:
        state: "none" (there is no job), "running", "stopped" (it can go on) or "finished".
        chunks, all_chunks: int, those that are on the disk, and all.
        files, all_files: int, those that are complete, and all that are not left out.
        skipped: dict of the names of inputs that were left out, and why.
        journal: str, the path of the journal.
    """

    state: str
    chunks: int
    all_chunks: int
    files: int
    all_files: int
    skipped: dict[str, str]
    journal: str

    def __str__(self) -> str:
        done = f"{self.chunks} of {self.all_chunks} chunks, {self.files} of {self.all_files} files"
        lines = [f"{self.state}: {done}"]
        lines += [f"left out: {name}: {reason}" for name, reason in self.skipped.items()]
        return "\n".join(lines)


def _size(count):
    for factor, name in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= factor:
            return f"{count / factor:.3g} {name}"
    return f"{count} bytes"


def _shape(shape):
    return "x".join(map(str, shape))
