"""Journals, locks and turns; what differs between two fingerprints; options, and what is told of progress."""

import errno
import io
import os
import sys
import threading

import pytest

from nb_sepconv.batch import options, progress
from nb_sepconv.batch.fingerprint import differences
from nb_sepconv.batch.journal import Journal, is_open, records_of
from nb_sepconv.batch.ledger import journal_path
from nb_sepconv.batch.planning import Grid, Series, Unit
from nb_sepconv.files import locks

RECORDS = [{"item": 0, "unit": number} for number in range(5)]


def test_a_journal_holds_what_was_appended(tmp_path):
    path = str(tmp_path / "y.journal")
    with Journal(path) as journal:
        journal.append(RECORDS[:3])
        assert list(journal.records()) == RECORDS[:3]
    with Journal(path) as journal:
        journal.append(RECORDS[3:])
    assert list(records_of(path)) == RECORDS
    assert list(records_of(str(tmp_path / "nothing"))) == []


def test_each_cut_of_a_journal_leaves_whole_records(tmp_path):
    path = tmp_path / "y.journal"
    with Journal(str(path)) as journal:
        journal.append(RECORDS)
    data = path.read_bytes()
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        whole = data[:size].count(b"\n")
        with Journal(str(path)) as journal:
            assert list(journal.records()) == RECORDS[:whole]
            journal.append([{"more": size}])
        assert list(records_of(str(path))) == [*RECORDS[:whole], {"more": size}]


def test_each_changed_byte_of_a_journal_is_seen(tmp_path):
    path = tmp_path / "y.journal"
    with Journal(str(path)) as journal:
        journal.append(RECORDS[:2])
    data = path.read_bytes()
    first = data.index(b"\n") + 1
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert list(records_of(str(path))) == RECORDS[: int(place >= first)]


def test_a_journal_is_locked_while_it_is_open(tmp_path):
    path = str(tmp_path / "y.journal")
    with Journal(path) as journal:
        journal.append(RECORDS)
        assert is_open(path)
        with pytest.raises(BlockingIOError, match=r"another job is at work on this destination.*y\.journal"):
            Journal(path)
    assert not is_open(path)
    with Journal(path, shared=True), Journal(path, shared=True), pytest.raises(BlockingIOError):
        Journal(path)


def test_a_journal_of_nothing_leaves_no_file(tmp_path):
    with Journal(str(tmp_path / "y.journal")):
        assert os.listdir(tmp_path) == ["y.journal"]
    assert os.listdir(tmp_path) == []


def test_journals_of_destinations(tmp_path):
    places = {
        "y.npy": "y.npy.journal",
        "y.h5:/a/b": "y.h5.journal",
        "y.zarr/": "y.zarr.journal",
        "out": os.path.join("out", "nb-sepconv.journal"),
        os.path.join("out", "*.h5"): os.path.join("out", "all.h5.journal"),
    }
    for destination, journal in places.items():
        assert journal_path(destination) == journal


def test_turns_are_taken_one_after_the_other(tmp_path):
    path, inside, most = str(tmp_path / "lock"), [], []

    def work():
        for _ in range(20):
            with locks.Turn(path):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 80
    assert os.listdir(tmp_path) == []


def test_a_turn_is_waited_for_no_longer_than_a_minute(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "TURN_SECONDS", 0.1)
    with locks.Turn(str(tmp_path / "lock")), pytest.raises(TimeoutError, match="another process has had this lock"):
        locks.Turn(str(tmp_path / "lock")).__enter__()


def test_a_file_system_without_locks_is_refused_by_name(tmp_path, monkeypatch):
    locks.require_locks(str(tmp_path))
    assert os.listdir(tmp_path) == []

    def refused(descriptor, shared):
        raise OSError(errno.ENOLCK, "No locks available")

    for lock in (refused, lambda descriptor, shared: None):
        monkeypatch.setattr(locks, "_lock", lock)
        with pytest.raises(OSError, match=r"the file system \S+ (at )?\S+ has no locks that work, so two jobs"):
            locks.require_locks(str(tmp_path))
        assert os.listdir(tmp_path) == []


def test_differences_in_words():
    old = {
        "model": {"layers": [{"kind": "A", "weights": "0" * 32}]},
        "chunk": 3,
        "sources": {"a": None, "b": {"bytes": 1}},
    }
    new = {
        "model": {"layers": [{"kind": "B", "weights": "1" * 32}]},
        "chunk": 4,
        "sources": {"a": {}, "c": {"bytes": 1}},
    }
    assert differences(old, old) == []
    assert differences(old, new) == [
        "model layer 0 kind was 'A', is 'B'",
        "model layer 0 weights changed",
        "chunk was 3, is 4",
        "source b is gone",
        "source c is new",
    ]


@pytest.mark.parametrize(
    "series", [Series(1, 9, 1, 7, 1), Series(5, 9, 1, 7, 1), Series(5, 0, 1, 0, 1), Series(0, 9, 1, 7, 1)]
)
@pytest.mark.parametrize("chunk", [1, 3, 7, 9])
@pytest.mark.parametrize("together", [1, 2, 5])
def test_units_cover_all_steps_once(series, chunk, together):
    grid, seen = Grid(series, chunk, together), []
    for number in range(len(grid)):
        unit = grid.unit(number)
        assert unit == Unit(*unit)
        seen += [(n, t) for n in range(unit.first, unit.last) for t in range(unit.start, unit.stop)]
        assert unit.steps == (unit.last - unit.first) * (unit.stop - unit.start)
    assert sorted(seen) == [(n, t) for n in range(series.examples) for t in range(series.steps)]


def test_numbers_of_bytes():
    assert [options.memory_bytes(text) for text in (7, "7", "1kB", "2 KiB", "1.5GB")] == [
        7,
        7,
        1000,
        2048,
        1_500_000_000,
    ]
    for value in ("", "1 PB", "-1", 0, 1.5, True):
        with pytest.raises(ValueError, match="`memory_limit` must be"):
            options.memory_bytes(value)


def test_halos():
    def checked(halo):
        return options.checked("time", None, halo, 1, None, "raise", True, False, True, None, None).halo

    assert [checked(halo) for halo in (None, 3, (1, 2), [0, 5])] == [None, (3, 3), (1, 2), (0, 5)]
    for halo in (-1, (1,), (1, -2), "a", 1.5):
        with pytest.raises(ValueError, match=r"`halo` must be an integer >= 0, or two of them, \(before, after\)"):
            checked(halo)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal(monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "stderr", Terminal())
    teller = progress.Teller(None, 2, 200)
    teller.add(100, 1000, 2.0)
    teller.close()
    assert " 50%, 1 of 2 chunks" in sys.stderr.getvalue()
    assert "x real time" in sys.stderr.getvalue()


def test_a_line_now_and_then_in_a_log(monkeypatch, capsys):
    progress.Teller(None, 2, 200).add(100, 1000, None)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    progress.Teller(None, 2, 200).add(100, 1000, None)
    line = capsys.readouterr().err
    assert line.startswith("nb_sepconv:  50%, 1 of 2 chunks, ")
    assert line.endswith(" left\n")
    progress.Teller(False, 2, 200).add(100, 1000, None)
    assert capsys.readouterr() == ("", "")
