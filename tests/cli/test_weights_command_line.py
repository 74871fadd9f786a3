"""The command nb-sepconv: what it prints, writes and answers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nb_sepconv import weights
from nb_sepconv.cli import tables
from nb_sepconv.cli.main import main

DATA = Path(__file__).parents[1] / "data" / "weights"
TF1, H5 = str(DATA / "tf1"), str(DATA / "tf_keras_model.h5")


def run(capsys, *arguments):
    status = main(["weights", *map(str, arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_list_is_a_table_of_all_tensors(capsys):
    status, out, _ = run(capsys, "list", TF1)
    lines = out.splitlines()
    assert status == 0
    assert re.fullmatch(r".*model\.ckpt-1200\.index: TensorFlow V2 checkpoint, 11 tensors, 536 bytes", lines[0])
    assert lines[1].split() == ["name", "shape", "type", "bytes"]
    assert "encoder/sep1/depthwise_kernel              [5, 4, 1]  float32      80" in lines
    assert len(lines) == 3 + 11


def test_list_tells_the_optimizer_apart(capsys):
    _, out, _ = run(capsys, "list", DATA / "further" / "v2")
    assert out.splitlines()[1].split() == ["name", "shape", "type", "bytes", "note"]
    assert re.search(r"^encoder/sep1/bias/Adam +\[6\] +float32 +24 +optimizer$", out, re.MULTILINE)


class Terminal:
    """Standard output or error as a terminal would be."""

    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def isatty(self):
        return True


def test_list_uses_rich_on_a_terminal(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    monkeypatch.setenv("COLUMNS", "120")
    main(["weights", "list", TF1])
    out = capsys.readouterr().out
    assert "┃" in out
    assert "encoder/separable_conv1d/pointwise_kernel" in out


@pytest.mark.parametrize(("columns", "drawn"), [(60, True), (40, False)])
def test_a_narrow_terminal_folds_names_and_a_very_narrow_one_whole_lines(capsys, monkeypatch, columns, drawn):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    monkeypatch.setenv("COLUMNS", str(columns))
    main(["weights", "list", TF1])
    title, *lines = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out).splitlines()
    assert title.endswith("TensorFlow V2 checkpoint, 11 tensors, 536 bytes")
    assert (max(map(len, lines)) <= columns) == drawn
    assert any("bfloat16" in line for line in lines)
    assert any("encoder/sep1/depthwise_kernel" in line for line in lines) != drawn


def test_list_is_plain_on_a_terminal_without_rich(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal(sys.stdout))
    monkeypatch.setitem(sys.modules, "rich", None)
    assert run(capsys, "list", TF1)[1].splitlines()[2].startswith("----")


def test_show_gives_statistics_and_values(capsys):
    status, out, _ = run(capsys, "show", TF1, "half")
    assert status == 0
    assert out == "half: shape [5], float16, 10 bytes\nleast 0, greatest 4, mean 2\n[0. 1. 2. 3. 4.]\n"


def test_show_of_an_unknown_name_lists_the_known_ones(capsys):
    status, out, err = run(capsys, "show", H5, "bias")
    assert (status, out) == (2, "")
    assert err.startswith("nb-sepconv: ")
    assert "has no 'bias'; it has first/bias, first/depthwise_kernel" in err


def test_show_of_an_unknown_name_lists_similar_ones_among_many(capsys, tmp_path):
    weights.save(tmp_path / "a.npz", {f"layer_{index}/kernel": np.zeros(1) for index in range(1000)})
    status, _, err = run(capsys, "show", tmp_path / "a.npz", "layer_77/kernal")
    assert status == 2
    assert "it has 1000 tensors, among them layer_77/kernel, " in err
    assert len(err) < 1000


@pytest.mark.parametrize("target", ["a.npz", "a.safetensors", "a.weights.h5", "a.ckpt"])
def test_convert_keeps_values_and_diff_sees_it(capsys, tmp_path, target):
    if target.endswith(".h5"):
        pytest.importorskip("h5py")
    assert run(capsys, "convert", H5, tmp_path / target) == (0, f"{tmp_path / target}: 5 variables\n", "")
    assert run(capsys, "diff", H5, tmp_path / target) == (0, "equal\n", "")


def test_convert_renames_and_changes_types(capsys, tmp_path):
    target = tmp_path / "a.npz"
    rules = ["--rename", "^first/=encoder/sep1/", "--rename", r"(\w+)_kernel$=\1", "--dtype", "float16"]
    assert run(capsys, "convert", H5, target, *rules)[0] == 0
    with weights.load(target) as found, weights.load(H5) as source:
        assert {"encoder/sep1/depthwise", "encoder/sep1/bias", "separable_conv1d/pointwise"} <= set(found)
        np.testing.assert_array_equal(found["encoder/sep1/bias"], source["first/bias"].astype("f2"))


def test_convert_leaves_integers_and_takes_slots_when_asked(capsys, tmp_path):
    source = DATA / "further" / "v2"
    run(capsys, "convert", source, tmp_path / "without.ckpt", "--dtype", "bfloat16")
    run(capsys, "convert", source, tmp_path / "with.ckpt", "--slots")
    with weights.load(tmp_path / "without.ckpt") as without, weights.load(tmp_path / "with.ckpt") as everything:
        assert without["double"].dtype.name == "bfloat16"
        assert without["global_step"].dtype == np.int64
        assert list(without.slots) == []
        assert "encoder/sep1/bias/Adam" in everything.slots


def strings_and_numbers(tmp_path):
    stored = {"w": np.float32([1, 2]), "words": np.array([b"a", b"bc"], object), "text": np.array(["x"])}
    weights.save(tmp_path / "s.ckpt", stored)
    return tmp_path / "s.ckpt"


@pytest.mark.parametrize("target", ["a.safetensors", "a.npz", "a.ckpt"])
def test_convert_says_what_it_leaves_out(capsys, tmp_path, target):
    """Checkpoints of objects hold strings, for which other formats once refused the whole file."""
    status, out, err = run(capsys, "convert", strings_and_numbers(tmp_path), tmp_path / target)
    left = [] if target != "a.safetensors" else ["text", "words"]
    assert (status, out) == (0, f"{tmp_path / target}: {3 - len(left)} variables\n")
    assert sorted(err.splitlines()) == [f"left out: {name}: the new format holds no strings" for name in left]
    with weights.load(tmp_path / target) as file:
        assert set(file) == {"w", "words", "text"} - set(left)


def test_convert_leaves_out_what_is_not_read(capsys, tmp_path):
    np.savez(tmp_path / "o.npz", w=np.ones(2), config=np.array({"a": 1}, object))
    status, out, err = run(capsys, "convert", tmp_path / "o.npz", tmp_path / "a.npz")
    assert (status, err) == (0, "left out: config: the type object is not read\n")
    _, out, _ = run(capsys, "list", tmp_path / "o.npz")
    assert re.search(r"^config +\[\] +object +\d+ +not readable$", out, re.MULTILINE)


LOCALES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"},
]


@pytest.mark.skipif(sys.platform == "win32", reason="locales are those of POSIX systems")
@pytest.mark.parametrize("environment", LOCALES, ids=lambda environment: " ".join(environment))
def test_names_of_any_letters_in_any_locale(environment, tmp_path):
    """What a terminal cannot show is shown by its number, and arguments are UTF-8."""
    weights.save(tmp_path / "a.npz", {"größe/重み": np.float32([1, 2]), "plain": np.ones(1)})

    def answer(*arguments):
        with run_alone(
            *("weights", *arguments), unbuffered=False, cwd=tmp_path, more=environment, stdout=-1, stderr=-1
        ) as process:
            out, err = process.communicate()
        return process.returncode, out, err

    status, out, err = answer("list", "a.npz")
    assert (status, err) == (0, "")
    assert len(out.splitlines()) == 5
    status, out, err = answer("show", "a.npz", "größe/重み")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "[1. 2.]"
    status, out, err = answer("show", "a.npz", "größe")
    assert status == 2
    assert "plain" in err
    status, _, err = answer("convert", "a.npz", "größe.npz", "--rename", "größe=länge")
    assert (status, err) == (0, "")
    with weights.load(tmp_path / "größe.npz") as file:
        assert set(file) == {"länge/重み", "plain"}


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_leaves_values_alone(capsys, tmp_path, monkeypatch, terminal):
    if terminal:
        monkeypatch.setattr(sys, "stderr", Terminal(sys.stderr))
    run(capsys, "convert", H5, tmp_path / "a.npz")
    assert run(capsys, "diff", H5, tmp_path / "a.npz")[:2] == (0, "equal\n")


def test_diff_names_every_difference(capsys, tmp_path):
    a = {"a": np.float32([1, 2]), "b": np.ones(3), "c": np.ones(2), "d": np.ones(1), "f": np.array(["x"])}
    b = {"a": np.float32([1, 2.5]), "b": np.ones(4), "c": np.ones(2, "f4"), "e": np.ones(1), "f": np.array(["y"])}
    weights.save(tmp_path / "a.npz", a)
    weights.save(tmp_path / "b.npz", b)
    status, out, _ = run(capsys, "diff", tmp_path / "a.npz", tmp_path / "b.npz")
    assert status == 1
    assert [re.split("  +", line) for line in out.splitlines()[3:]] == [
        ["a", "1 of 2 elements, by 0.5 at most"],
        ["b", "shape [3] and [4]"],
        ["c", "type float64 and float32"],
        ["d", "only in the first"],
        ["e", "only in the second"],
        ["f", "1 of 1 elements"],
    ]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["list", "missing.npz"], "^nb-sepconv: missing.npz: No such file or directory$"),
        (["list", __file__], "expected a TensorFlow checkpoint"),
        (["convert", H5, "a.bin"], "`path` must end in one of"),
        (["convert", H5, "a.npz", "--rename", "first"], "`rename` must be PATTERN=REPL. Received: 'first'"),
        (["convert", H5, "a.npz", "--rename", "(=x"], "`rename` must have a regular expression before `=`"),
        (["convert", H5, "a.npz", "--rename", r"first=\9"], "`rename` must have a valid replacement after `=`"),
        (["convert", H5, "a.npz", "--rename", ".*=one"], "`rename` makes one name of two"),
    ],
)
def test_what_cannot_be_done(capsys, arguments, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert re.search(match, err)
    assert list(tmp_path.iterdir()) == []


def test_usage_errors_end_with_two(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["weights", "convert", "a"])
    assert "usage: nb-sepconv weights convert" in capsys.readouterr().err


def run_alone(*arguments, unbuffered, more=None, **streams):
    """The command in a process of its own."""
    program = "from nb_sepconv.cli.main import main; raise SystemExit(main())"
    own = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONUNBUFFERED": "1" if unbuffered else ""}
    environment = {**os.environ, **own} | (more or {})
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=environment, encoding="utf-8", errors="replace", **streams
    )


@pytest.mark.parametrize("unbuffered", [False, True])
def test_closed_pipe_is_no_error(unbuffered):
    reader, writer = os.pipe()
    os.close(reader)
    with run_alone("weights", "list", TF1, unbuffered=unbuffered, stdout=writer, stderr=subprocess.PIPE) as process:
        os.close(writer)
        assert process.communicate()[1] == ""
    assert process.returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", [False, True])
def test_a_full_disk_is_named(unbuffered):
    with (
        open("/dev/full", "w") as full,
        run_alone("weights", "list", TF1, unbuffered=unbuffered, stdout=full, stderr=subprocess.PIPE) as process,
    ):
        assert process.communicate()[1] == "nb-sepconv: No space left on device\n"
    assert process.returncode == 2


def test_without_an_output_nothing_is_printed(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["weights", "list", TF1]) == 0


def test_plain_table_aligns():
    lines = tables.plain_lines(["name", ">bytes"], [["a", "5"], ["long name", "12345678"]])
    assert lines == [
        "name          bytes",
        "---------  --------",
        "a                 5",
        "long name  12345678",
    ]
