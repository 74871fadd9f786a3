"""Sources in EDF, EDF+, BDF and BDF+: signals of a recording, in physical units.

The header is read by edfio. The samples are not, because edfio maps EDF into memory and loads BDF as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nb_sepconv.batch.needed import needed
from nb_sepconv.batch.sources.channels import numbers
from nb_sepconv.batch.sources.errors import SourceError, read_by
from nb_sepconv.batch.sources.file_source import FileSource, open_file
from nb_sepconv.files.reopened import Reopened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nb_sepconv.batch.sources.request import Request
    from nb_sepconv.files.random_access import RandomAccessFile
    from nb_sepconv.tensors.typing import Array

FIXED_BYTES, SIGNAL_BYTES = 256, 256
HEADER_SIZE, RESERVED, RECORDS, SIGNALS = slice(184, 192), slice(192, 236), slice(236, 244), slice(252, 256)
LABEL_BYTES, NUMBER_BYTES, BEFORE_SAMPLES = 16, 8, 216  # of one signal; the fields of all signals lie together
ONSET_BYTES = 64
SCRATCH_BYTES = 1 << 20


class Signal(NamedTuple):
    """A signal: its label, where its samples lie in a record, and physical = (digital + offset) * gain, as in edfio."""

    label: str
    first: int
    samples: int
    offset: float
    gain: float


class Recording(NamedTuple):
    """The layout of a file: bytes before the first record and of a sample, samples of a record, and its signals."""

    start: int
    sample_bytes: int
    record_samples: int
    records: int
    seconds: float
    signals: list[Signal]

    @property
    def record_bytes(self) -> int:
        """The bytes of a record."""
        return self.record_samples * self.sample_bytes


def open_edf(request: Request) -> EdfSource:
    """The signals of a recording, all or the ``channels``, as one series."""
    with open_file(request.path) as file:
        recording = _read_layout(file)
    labels = [signal.label for signal in recording.signals]
    wanted = range(len(labels)) if request.channels is None else numbers(request.channels, labels, request.path)
    recording = recording._replace(signals=[recording.signals[index] for index in wanted])
    _check_signals(recording, request.path)
    steps, count = recording.records * recording.signals[0].samples, len(recording.signals)
    shape = (1, steps, count) if request.channels_last else (1, count, steps)
    rate = recording.signals[0].samples / recording.seconds if recording.seconds else None
    source = EdfSource(request, shape, np.dtype(np.int16), Reopened(open_file, request.path), rate)
    source.recording = recording
    return source


class EdfSource(FileSource):
    """A recording as a source."""

    recording: Recording

    def identity(self) -> dict[str, Any]:
        """That of the file, and the signals."""
        return {**super().identity(), "channels": [signal.label for signal in self.recording.signals]}

    def read(self, start: int, stop: int, out: Array, first: int = 0) -> None:
        """Fill ``out`` with the samples [start, stop) of each signal."""
        steps = out[0] if self.channels_last else out[0].T
        samples = self.recording.signals[0].samples
        for begin, digital in self._records(start // samples, -(-stop // samples)):
            low, high = max(start - begin, 0), min(stop - begin, len(digital) * samples)
            for channel, signal in enumerate(self.recording.signals):
                own = digital[:, signal.first : signal.first + signal.samples].reshape(-1)[low:high]
                steps[begin + low - start : begin + high - start, channel] = (own + signal.offset) * signal.gain

    def _records(self, first: int, last: int) -> Iterator[tuple[int, Array]]:
        """The records [first, last), some at a time: the step at which they start, and their samples."""
        layout, file = self.recording, self._opened()
        at_once = max(SCRATCH_BYTES // layout.record_bytes, 1)
        for record in range(first, last, at_once):
            count = min(at_once, last - record)
            raw = np.empty(count * layout.record_bytes, np.uint8)
            file.read_into(layout.start + record * layout.record_bytes, raw, "samples")
            yield record * layout.signals[0].samples, _integers(raw, layout.sample_bytes).reshape(count, -1)


def _integers(raw: Array, sample_bytes: int) -> Array:
    """Little-endian integers of two bytes, or of three, which NumPy does not have."""
    if sample_bytes == 2:
        return raw.view("<i2")
    wide = np.zeros((len(raw) // 3, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.view("<i4")[:, 0] >> 8


def _read_layout(file: RandomAccessFile) -> Recording:
    fixed = file.read(0, FIXED_BYTES, "a header of EDF or BDF")
    is_bdf = fixed[:8] == b"\xffBIOSEMI"
    if not is_bdf and fixed[:8].rstrip() != b"0":
        raise SourceError(f"expected a header of EDF or BDF; it starts with {fixed[:8]!r}", file.path, 0)
    with read_by("edfio", file.path, ValueError):
        start, count, records = (int(fixed[field]) for field in (HEADER_SIZE, SIGNALS, RECORDS))
    if count < 1 or start != FIXED_BYTES + count * SIGNAL_BYTES:
        raise SourceError(f"expected a header of {count + 1} times {SIGNAL_BYTES} bytes; it has {start}", file.path)
    header = file.read(0, start, "the header")
    seconds, known = _known_signals(header, is_bdf, file.path)
    labels = [header[at : at + LABEL_BYTES].rstrip() for at in range(FIXED_BYTES, start, LABEL_BYTES)][:count]
    fields = range(FIXED_BYTES + count * BEFORE_SAMPLES, start, NUMBER_BYTES)[:count]
    with read_by("edfio", file.path, ValueError):
        samples = [int(header[at : at + NUMBER_BYTES]) for at in fields]
    firsts = [sum(samples[:index]) for index in range(count)]
    kind = b"BDF" if is_bdf else b"EDF"
    annotations = [first for first, label in zip(firsts, labels, strict=True) if label == kind + b" Annotations"]
    ordinary = [first for first, label in zip(firsts, labels, strict=True) if label != kind + b" Annotations"]
    signals = [_signal(one, first, file.path) for one, first in zip(known, ordinary, strict=True)]
    layout = _with_records(Recording(start, 3 if is_bdf else 2, sum(samples), records, seconds, signals), file)
    if fixed[RESERVED].startswith(kind + b"+D"):
        _refuse_gaps(layout, annotations, file)
    return layout


def _known_signals(header: bytes, is_bdf: bool, path: str) -> tuple[float, list[Any]]:
    """The seconds of a record, and what edfio makes of the header of each signal that is no annotation."""
    edfio = needed("edfio", "EDF and BDF")
    without_records = header[: RECORDS.start] + b"0".ljust(NUMBER_BYTES) + header[RECORDS.stop :]
    with read_by("edfio", path, Exception):
        read = edfio.read_bdf if is_bdf else edfio.read_edf
        recording = read(without_records)
        return float(recording.data_record_duration), list(recording.signals)


def _signal(known: Any, first: int, path: str) -> Signal:
    with read_by("edfio", path, ValueError):
        (low, high), (least, greatest) = known.physical_range, known.digital_range
        samples = known.samples_per_data_record
    gain = (high - low) / (greatest - least) if greatest != least else 0.0
    offset = high / gain - greatest if gain else 0.0
    return Signal(known.label, first, samples, offset, gain)


def _with_records(layout: Recording, file: RandomAccessFile) -> Recording:
    """The layout with the number of records; a recorder that was not stopped left -1, and has all that are there."""
    there = (file.size - layout.start) // layout.record_bytes
    if there < layout.records:
        problem = f"its header promises {layout.records} records, and the file has {there} whole ones"
        raise SourceError(problem, file.path)
    return layout._replace(records=there if layout.records < 0 else layout.records)


def _refuse_gaps(layout: Recording, annotations: list[int], file: RandomAccessFile) -> None:
    """Each record of a discontinuous recording starts its first annotation with its time."""
    if not annotations:
        raise SourceError("it says that it has gaps, and has no annotations that tell them", file.path)
    before = None
    for record in range(layout.records):
        at = layout.start + record * layout.record_bytes + annotations[0] * layout.sample_bytes
        text = file.read(at, min(ONSET_BYTES, file.size - at), "the time of a record")
        with read_by("this package", file.path, ValueError):
            onset = float(text.replace(b"\x15", b"\x14").partition(b"\x14")[0])
        if before is not None and abs(onset - before - layout.seconds) > 1e-6 * max(layout.seconds, 1e-3):
            problem = f"the recording has a gap from second {before + layout.seconds:g} to {onset:g}: cut it there"
            raise SourceError(problem, file.path)
        before = onset


def _check_signals(recording: Recording, path: str) -> None:
    if not recording.signals:
        raise SourceError("expected a signal; it has only annotations", path)
    samples = {signal.samples for signal in recording.signals}
    if len(samples) > 1:
        rates = ", ".join(f"{signal.label!r}: {signal.samples}" for signal in recording.signals)
        problem = f"its signals have different rates; pick some of one rate by `channels`. Samples a record: {rates}"
        raise SourceError(problem, path)
    if min(samples) < 1:
        raise SourceError("expected signals with samples", path)
    for signal in recording.signals:
        if not signal.gain:
            raise SourceError(f"the signal {signal.label!r} has no scale: leave it out by `channels`", path)
