"""The benchmarks' own sums: answers, statistics, the page, the workers, and every peer that is installed."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from benchmark_cases import check_candidates

from benchmarks import busy, calls, launches, memory, precision, programs
from benchmarks.__main__ import chosen_workloads, interpreters, main, parse, portable
from benchmarks.peak import ACCUMULATORS, chains_on_all_threads
from benchmarks.peers import (
    IN_BFLOAT16,
    LARGEST_ERRORS,
    MODULES,
    OURS,
    VARIABLES,
    precision_of,
)
from benchmarks.processes import MissingLibraryError, WorkerError, WorkerProcess
from benchmarks.random_workloads import KINDS, random_workloads
from benchmarks.report import OUR_CANDIDATES, join, render, significant, split, table
from benchmarks.statistics import best_peer, fifth_percentile, geometric_mean, ratio, summary
from benchmarks.training_workloads import make_training_arrays
from benchmarks.turns import NUMBERS, measure_workload, numbers_on_disk, workers
from benchmarks.workloads import Workload, load_workloads, make_arrays, relative_error
from nb_sepconv.convolution.planned_calls import planned_calls
from nb_sepconv.kernels import cpu

SMALL = Workload(
    name="small",
    batch=2,
    length=9,
    channels=3,
    kernel_size=4,
    strides=1,
    dilation_rate=1,
    padding="same",
    depth_multiplier=2,
    filters=5,
    model="a test",
)
GEOMETRIES = (
    SMALL,
    replace(SMALL, padding="valid"),
    replace(SMALL, strides=2),
    replace(SMALL, dilation_rate=2),
    replace(SMALL, padding="valid", strides=3, kernel_size=3),
    replace(SMALL, depth_multiplier=1, kernel_size=1, strides=2),
)


def by_definition(workload, inputs, depthwise, pointwise, bias):
    inputs, depthwise, pointwise = (array.astype(np.float64) for array in (inputs, depthwise, pointwise))
    outputs = np.zeros((workload.batch, workload.output_length, workload.filters)) + bias
    left, multiplier = workload.pads[0], workload.depth_multiplier
    for n, t, k, c, m in np.ndindex(*outputs.shape[:2], *depthwise.shape):
        s = t * workload.strides + k * workload.dilation_rate - left
        if 0 <= s < workload.length:
            outputs[n, t] += inputs[n, s, c] * depthwise[k, c, m] * pointwise[c * multiplier + m]
    return outputs


@pytest.mark.parametrize("workload", GEOMETRIES)
def test_expected_outputs_are_the_definition(workload):
    arrays = make_arrays(workload)
    expected = arrays.pop("expected")
    assert expected.dtype == np.float64
    np.testing.assert_allclose(expected, by_definition(workload, **arrays), rtol=0, atol=1e-12)


@pytest.mark.parametrize("workload", GEOMETRIES)
def test_expected_gradients_are_those_of_the_definition(workload):
    """``<d_outputs, f(.., a + da, ..) - f(.., a, ..)> = <gradient of a, da>``, f being linear in each operand."""
    arrays = make_training_arrays(workload)
    gradients = {name: arrays.pop(f"expected_d_{name}") for name in ("inputs", "depthwise", "pointwise", "bias")}
    d_outputs, outputs = arrays.pop("d_outputs"), arrays.pop("expected")
    random = np.random.default_rng(2)
    for name, gradient in gradients.items():
        move = random.standard_normal(gradient.shape)
        moved = by_definition(workload, **{**arrays, name: arrays[name] + move})
        assert gradient.dtype == np.float64
        assert np.sum(d_outputs * (moved - outputs)) == pytest.approx(np.sum(gradient * move), rel=1e-9, abs=1e-9)


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")  # of PyTorch, for its own tracing
@pytest.mark.parametrize(("task", "library"), [(task, library) for task in MODULES for library in MODULES[task]])
def test_every_candidate_is_right(task, library):
    check_candidates(library, task, GEOMETRIES, NUMBERS[task])


def test_workloads_are_the_published_ones():
    workloads = load_workloads()
    assert len(workloads) == 26
    assert [workload.name for workload in load_workloads(["tiny", "eegnet"])] == ["eegnet", "tiny"]
    assert workloads[0].output_length == 836
    assert workloads[0].operations == 2 * 8 * 836 * 64 * (33 + 256)
    with pytest.raises(ValueError, match=r"Unknown workloads \['none'\]"):
        load_workloads(["none"])


def test_random_workloads_are_those_of_their_seed_and_kind():
    drawn = random_workloads(17, 60)
    assert drawn[:5] == random_workloads(17, 5)
    assert drawn != random_workloads(18, 60)
    assert {workload.model for workload in drawn} == set(KINDS)
    for workload in drawn:
        if "rows" in workload.model:
            assert workload.batch == 1
            assert 1 <= workload.output_length <= 60
        if "channels" in workload.model:
            assert workload.channels in (1, 2, 3, 6, 12)
        assert workload.strides <= min(16, workload.kernel_size)
        assert workload.operations <= 4.1e8
    assert {workload.depth_multiplier for workload in drawn} > {1, 2, 3}


def test_outputs_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) where \(3, 2\)"):
        relative_error(np.zeros((2, 3)), np.ones((3, 2)))


def test_statistics():
    times = {
        (OURS, "layer"): summary([2.0, 1.0, 9.0]),
        ("A", "x"): summary([3.0, 4.0, 5.0]),
        ("B", "y"): summary([6.0, 1.0, 7.0]),
    }
    assert times[OURS, "layer"] == {"median": 2.0, "least": 1.0, "samples": 3}
    assert best_peer(times) == ("A", 4.0)
    assert best_peer(times, "least") == ("B", 1.0)
    assert ratio(times, "layer") == 2.0
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2.0)
    assert fifth_percentile(range(101)) == 5.0


@pytest.mark.parametrize(("number", "words"), [(0, "0"), (123.4, "123"), (1.2345, "1.23"), (0.0067, "0.00670")])
def test_significant_digits(number, words):
    assert significant(number) == words


def test_table():
    assert table(["a", "b"], [["x", 1]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"


def measured_example(task="forward"):
    def times(peer_seconds):
        ours = {(OURS, name): summary([1e-3]) for name in OUR_CANDIDATES}
        return {**ours, ("NumPy", "taps"): summary([peer_seconds])}

    workloads = [replace(SMALL, name="tiny"), SMALL]
    results = [
        {
            "workload": workload,
            "times": times(seconds),
            "errors": dict.fromkeys(times(seconds), 1e-7),
            "refusals": {("NumPy", "other"): "NotImplementedError: no\nmore"},
        }
        for workload, seconds in zip(workloads, (4e-3, 0.25e-3), strict=True)
    ]
    facts = {"version": "1.2", "python": "3.12"}
    first = {"import_seconds": 0.5, "build_seconds": 0.25, "first_call_seconds": 2.0}
    return {
        "task": task,
        "command": "python -m benchmarks",
        "date": "2026-01-01",
        "rounds": 3,
        "seconds": 0.1,
        "threads": 2,
        "machine": {"processor": "a processor"},
        "peak": 100.0,
        "facts": {OURS: facts, "NumPy": facts},
        "missing": {"PyTorch": "No module named 'torch'"},
        "results": results,
        "first_call_workload": "small",
        "first_calls": {(OURS, "layer, channels_last"): first},
        "memory": {"small": dict.fromkeys(OUR_CANDIDATES, 3 * 2**20), "tiny": dict.fromkeys(OUR_CANDIDATES)},
    }


def test_page_shows_ratios_and_losses():
    page = render(measured_example())
    assert "| tiny | NumPy | 4.00 | 4.00 | 4.00 | 4.00 | 4.00 |" in page
    assert "| small | NumPy | 0.250 | **0.25** | **0.25** | **0.25** | **0.25** |" in page
    assert "| geometric mean of medians |  |  | 1.00 | 1.00 | 1.00 | 1.00 |" in page
    assert "- small, ops, channels_first: 0.25 of NumPy" in page
    assert "- tiny, " not in page
    assert "| PyTorch | not measured: No module named 'torch' |" in page
    assert f"| {OURS} | layer, channels_last | 0.50 | 0.25 | 2.00 | 2.75 |" in page
    assert "| small | 3.0 | 3.0 | 3.0 | 3.0 |" in page
    assert "| tiny | not measured |" in page
    assert "- small: NumPy, other: NotImplementedError: no\n" in page
    assert f"| {OURS} | layer, channels_last | 1000 | 1000 |" in page


def test_page_of_two_tasks_can_be_measured_one_by_one():
    parts = {task: render(measured_example(task)) for task in ("forward", "training")}
    assert parts["training"].startswith("# Training: the forward call and all gradients\n")
    assert "| tiny | NumPy | 4.00 | 4.00 | 4.00 | 4.00 | 4.00 |" in parts["training"]
    assert "## Workloads" not in parts["training"]
    assert split(join(parts)) == parts
    assert split(join({"training": parts["training"]})) == {"training": parts["training"]}
    assert split("") == {}


def test_precisions_are_compared_with_peers_in_float32_and_in_bfloat16():
    seconds = {
        (OURS, "channels_last, float32"): 4e-3,
        (OURS, "channels_last, bf16"): 2e-3,
        ("PyTorch", "series, eager"): 6e-3,
        ("PyTorch" + IN_BFLOAT16, "series, eager, bf16"): 1e-3,
    }
    measured = measured_example("precision")
    for result in measured["results"]:
        result["times"] = {entry: summary([time]) for entry, time in seconds.items()}
        result["errors"] = {entry: LARGEST_ERRORS[precision_of(entry[1])] for entry in seconds}
    page = render({name: value for name, value in measured.items() if name not in ("first_calls", "memory")})
    in_float32, in_bfloat16 = page.split("## How many times as fast as ")[1:]
    assert in_float32.startswith("the best peer in float32")
    assert "| small | PyTorch | 6.00 | 1.50 | 3.00 |" in in_float32
    assert in_bfloat16.startswith("the best peer in bfloat16")
    assert "| small | PyTorch in bfloat16 | 1.00 | **0.50** |" in in_bfloat16
    assert "- small, channels_last, bf16: 0.50 of PyTorch in bfloat16" in page
    assert "| small | 4.00 | 2.00 | 6.00 | 1.00 |" in page
    assert "| small | series, eager | series, eager, bf16 | 2.0e-05 | 2.0e-02 |" in page
    assert "First call" not in page
    assert "Peak memory" not in page


def test_narrower_vectors_are_compared_with_peers_that_are_held_to_them_and_with_all():
    measured = measured_example("avx2")
    for result in measured["results"]:
        result["times"] = {entry: times for entry, times in result["times"].items() if entry[0] == OURS}
        result["times"] |= {(name, "x"): summary([each]) for name, each in (("NumPy", 9e-3), ("ONNX Runtime", 1e-4))}
        result["errors"] |= {("ONNX Runtime", "x"): 0.0, ("NumPy", "x"): 0.0}
    page = render({name: value for name, value in measured.items() if name not in ("first_calls", "memory")})
    held, every = page.split("## How many times as fast as ")[1:]
    assert "| NumPy | 9.00 |" in held
    assert "ONNX Runtime" not in held
    assert "| ONNX Runtime | 0.100 |" in every
    assert set(VARIABLES) <= set(MODULES)
    worker = WorkerProcess(OURS, 1, "avx2")
    with worker:
        assert worker.environment["NUMBA_CPU_NAME"] == "haswell"


def test_operations_of_a_training_step_are_three_times_those_of_a_call():
    speeds = [
        render(measured_example(task)).partition("## Useful GFLOP/s")[2].partition("| small | ")[2].split()[0]
        for task in ("forward", "training")
    ]
    operations = SMALL.operations / 1e-3 / 1e9
    assert speeds == [f"{operations:.0f}", f"{3 * operations:.0f}"]


def test_page_without_losses_says_so():
    measured = measured_example()
    measured["results"] = measured["results"][:1]
    assert "## Losses\n\nNone in this run." in render(measured)


def test_worker_answers_in_its_own_process():
    with numbers_on_disk(SMALL) as path, WorkerProcess("NumPy", 1) as worker:
        assert worker.facts["version"] == np.__version__
        worker.ask("load", path=path, workload=SMALL.as_dict())
        (name,) = worker.facts["candidates"]
        assert worker.ask("prepare", candidate=name)["error"] < 1e-6
        samples = worker.ask("time", candidate=name, seconds=0.001)
        assert all(0 < sample < 1 for sample in samples)
        with pytest.raises(WorkerError, match="NumPy worker failed: KeyError"):
            worker.ask("time", candidate="no such candidate", seconds=0.001)


def test_worker_trains():
    with numbers_on_disk(SMALL, "training") as path, WorkerProcess(OURS, 1, "training") as worker:
        worker.ask("load", path=path, workload=SMALL.as_dict())
        for name in OUR_CANDIDATES:
            assert worker.ask("prepare", candidate=name)["error"] < 1e-6


def test_workers_death_is_told():
    with WorkerProcess("NumPy", 1) as worker:
        worker.process.stdin.write("no json\n")
        with pytest.raises(WorkerError, match=r"NumPy worker died[\s\S]*JSONDecodeError"):
            worker.ask("hello")


def test_worker_that_does_not_answer_is_started_anew():
    with numbers_on_disk(SMALL) as path, WorkerProcess("NumPy", 1) as worker:
        worker.ask("load", path=path, workload=SMALL.as_dict())
        (name,) = worker.facts["candidates"]
        worker.ask("prepare", candidate=name)
        first = worker.process.pid
        assert worker.ask_within(0.5, "time", candidate=name, seconds=60) is None
        assert worker.process.pid != first
        worker.ask("load", path=path, workload=SMALL.as_dict())
        assert worker.ask_within(60, "prepare", candidate=name)["error"] < 1e-6
        with pytest.raises(WorkerError, match="KeyError"):
            worker.ask_within(60, "time", candidate="no such candidate", seconds=0.001)


class ScriptedWorker:
    """Answers as a worker does, a second per call for its first candidate, two for its second."""

    def __init__(self, candidates, error=1e-7):
        self.facts = {"candidates": candidates}
        self.error, self.asked = error, []

    def ask_within(self, seconds, do, candidate):
        if candidate == "hanging":
            self.asked.clear()
            return None
        return self.ask(do, candidate)

    def ask(self, do, candidate=None, **arguments):
        self.asked.append((do, candidate))
        if do == "prepare":
            return {"refused": "cannot"} if candidate == "refusing" else {"error": self.error}
        seconds = 1.0 + self.facts["candidates"].index(candidate) if candidate else None
        return {"estimate": seconds, "time": [seconds]}.get(do)


def test_all_of_ours_and_the_favourite_of_each_peer_take_turns():
    ours, peer = ScriptedWorker(["a", "b"]), ScriptedWorker(["x", "y", "refusing"])
    result = measure_workload(SMALL, {OURS: ours, "NumPy": peer}, rounds=3, seconds=0.1)
    assert {entry: times["samples"] for entry, times in result["times"].items()} == {
        (OURS, "a"): 3,
        (OURS, "b"): 3,
        ("NumPy", "x"): 3,
    }
    assert result["times"][OURS, "b"]["median"] == 2.0
    assert result["refusals"] == {("NumPy", "refusing"): "cannot"}


def test_a_hanging_candidate_is_refused_and_the_others_are_prepared_again():
    ours, peer = ScriptedWorker(["a"]), ScriptedWorker(["x", "hanging", "y"])
    result = measure_workload(SMALL, {OURS: ours, "NumPy": peer}, rounds=1, seconds=0.1)
    assert result["refusals"] == {("NumPy", "hanging"): "no answer in 30 s"}
    assert ("NumPy", "x") in result["times"]
    assert peer.asked[:3] == [("load", None), ("prepare", "x"), ("prepare", "y")]


@pytest.mark.parametrize("error", [2 * LARGEST_ERRORS["float32"], float("nan")])
def test_wrong_answers_are_not_timed(error):
    worker = ScriptedWorker(["a"], error)
    with pytest.raises(WorkerError, match=r"nb_sepconv \(a\) is wrong on small: relative error"):
        measure_workload(SMALL, {OURS: worker}, rounds=1, seconds=0.1)
    assert ("time", "a") not in worker.asked


def test_ours_may_not_refuse():
    with pytest.raises(WorkerError, match=r"nb_sepconv does not compute small: \{'refusing': 'cannot'\}"):
        measure_workload(SMALL, {OURS: ScriptedWorker(["a", "refusing"])}, rounds=1, seconds=0.1)


@pytest.mark.skipif(not memory.CLEAR_REFS.exists(), reason="the system does not tell a process's peak memory")
def test_peak_memory_of_a_call():
    def call():
        scratch = np.ones(2**23, np.float32)
        return scratch[:2].copy()

    assert memory.peak_of(call) == pytest.approx(2**25, rel=0.1)


def test_chains_of_multiply_adds_really_compute():
    sums = np.zeros(2, np.float32)
    chains_on_all_threads(sums)
    assert sums.tolist() == [2.0 * ACCUMULATORS] * 2  # the fixed point of x -> x/2 + 1


@pytest.mark.slow
def test_whole_run_writes_the_page(tmp_path):
    page = tmp_path / "page.md"
    main(["--only", "tiny", "--library", "numpy", "--rounds", "1", "--seconds", "0.01", "--output", str(page)])
    text = page.read_text()
    assert "| tiny | NumPy |" in text
    assert "## Peak memory" in text
    assert "## First call" in text


def test_interpreters_from_options_and_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("BENCHMARKS_PYTHON_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BENCHMARKS_PYTHON_ONNXRUNTIME", "/a/python")
    assert interpreters(["tensorflow=/b/python"]) == {
        "TensorFlow": {"python": "/b/python"},
        "TensorFlow in bfloat16": {"python": "/b/python"},
        "ONNX Runtime": {"python": "/a/python"},
        "ONNX Runtime in bfloat16": {"python": "/a/python"},
    }


def test_options():
    options = parse(["--quick", "--library", "onnxruntime", "--only", "tiny"])
    assert options.libraries == [OURS, "ONNX Runtime"]
    assert (options.rounds, options.only) == (2, ["tiny"])
    assert options.task == ["forward", "avx2", "precision"]  # where that library takes part
    assert parse(["--library", "numpy"]).task == ["forward", "avx2"]
    assert [workload.name for workload in chosen_workloads(parse(["--random", "3", "2"]))] == ["random_0", "random_1"]
    with pytest.raises(SystemExit):
        parse(["--library", "numpy", "--task", "training"])
    with pytest.raises(SystemExit):
        parse(["--library", "fortran"])


def test_command_is_written_without_paths():
    assert portable(["--quick", "--python", "tensorflow=/a", "--python=torch=/b", "--rounds", "3"]) == [
        "--quick",
        "--rounds",
        "3",
    ]


def test_facts_are_json():
    assert json.loads(json.dumps(SMALL.as_dict())) == SMALL.as_dict()


@pytest.mark.parametrize("make", [precision.forward, precision.backward])
def test_precisions_are_compared_with_fused_multiply_adds(make, monkeypatch):
    monkeypatch.setattr(precision, "ROUND_SECONDS", 0)
    (workload,) = load_workloads(["tiny"])
    name, passed, *numbers = precision.row(workload, make).split(" | ")
    assert (name, passed) == ("tiny", make.__name__)
    assert len(numbers) == len(precision.VARIANTS)
    assert all(float(number) > 0 for number in numbers)


def test_beside_busy_processes_mean_and_percentile_are_compared_with_the_best_peer():
    ours = {(OURS, name): [0.001] * 9 + [0.011] for name in busy.CANDIDATES}
    lines = [*busy.rows(SMALL, {1: {**ours, ("A", "x"): [0.004] * 10, ("B", "y"): [0.006] * 10}})]
    assert lines[0] == f"| small | 1 | mean | {busy.CANDIDATES[0]} | 2.000 | A 4.000 | 2.00 |"
    assert lines[2] == f"| small | 1 | 90th percentile | {busy.CANDIDATES[0]} | 2.000 | A 4.000 | 2.00 |"
    assert len(lines) == 4
    assert next(busy.rows(SMALL, {0: ours})).endswith("| 2.000 | - | - |")


def test_single_calls_are_timed_beside_busy_processes():
    with numbers_on_disk(SMALL) as path, WorkerProcess("NumPy", 1) as worker, busy.busy_processes(1):
        worker.ask("load", path=path, workload=SMALL.as_dict())
        (name,) = worker.facts["candidates"]
        worker.ask("prepare", candidate=name)
        samples = worker.ask("time_calls", candidate=name, seconds=0.01)
        assert all(0 < sample < 10 for sample in samples)


def test_ways_to_call_a_small_layer(monkeypatch):
    monkeypatch.setattr(calls, "CALLS", 2)
    seconds = calls.measure(calls.ours(), rounds=1)
    rows = calls.table(seconds)
    assert len(rows) == len(seconds)
    assert rows[0].startswith(calls.LAYER)
    assert rows[0].endswith("1.00x")


PROGRAMS = """
import numpy as np


def inputs(**arrays):
    return lambda program: setattr(program, "inputs", arrays) or program


@inputs(x=("float32", (2, 9, 3)))
def convolution(tf, x):
    return {"shape": tf.shape(tf.layers.separable_conv1d(x, 4, 3, name="conv"))}


@inputs(x=("float32", (2, 9, 3)))
def of_two_examples(tf, x):
    return {"y": tf.reshape(tf.layers.dense(x, 2, name="dense"), [2, 18])}


@inputs(x=("float32", (2, 9, 3)))
def of_three_examples(tf, x):
    return {"y": tf.reshape(x, [3, 27])}
"""


def test_whole_programs_are_timed(tmp_path, capsys):
    path = tmp_path / "programs.py"
    path.write_text(PROGRAMS)
    programs.main([str(path), "--rounds", "1", "--seconds", "0.001"])
    one, two, three, *_ = capsys.readouterr().out.splitlines()
    assert one.split()[:2] == ["convolution", "ours"]
    assert two.split()[:2] == ["of_two_examples", "ours"]
    assert three.startswith("of_three_examples")
    assert "is not timed" in three
    assert "`shape` must hold as many elements" in three


def test_whole_programs_are_compared():
    all_of_them = programs.row("some", {"ours": 1e-4, "traced": 5e-5, "tensorflow": 2.5e-4})
    assert " ".join(all_of_them.split()) == "some ours 100 us traced 50 us tensorflow 250 us 2.50x 5.00x"
    own = programs.row("some", {"ours": 1e-4, "traced": 5e-5})
    assert " ".join(own.split()) == "some ours 100 us traced 50 us"


def test_a_launch_on_all_threads_is_compared_with_one_on_one(capsys):
    launches.main(["--rounds", "1"])
    one, every, more = capsys.readouterr().out.splitlines()
    assert one.startswith(launches.SERIAL)
    assert every.startswith(launches.PARALLEL)
    assert more.endswith("us more than one")
    assert list(launches.calls()) == [launches.SERIAL, launches.PARALLEL]
    (on_all_threads,) = planned_calls  # a plan that both shared would compare one way with itself
    assert on_all_threads._plan.workers == cpu.get_num_threads()


def test_ways_to_call_a_small_layer_are_a_part_of_the_page(tmp_path):
    page = tmp_path / "benchmarks.md"
    page.write_text("# Benchmarks\n\nforward\n\n# Batch jobs\n\njobs\n")
    calls.write(calls.render({calls.LAYER: 5e-6, "function": 1.23e-5}), page)
    assert "| function | 12.3 | 2.46 |" in page.read_text()
    calls.write(calls.render({calls.LAYER: 5e-6}), page)
    titles = [line for line in page.read_text().splitlines() if line.startswith("# ")]
    assert titles == ["# Benchmarks", "# Calls of small layers", "# Batch jobs"]
    assert "function |" not in page.read_text()


def test_no_other_library_is_an_error_that_says_so(monkeypatch):
    class Ours:
        def __init__(self, library, *_, **__):
            if library != OURS:
                raise MissingLibraryError(f"No module named '{library.lower()}'")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("benchmarks.turns.WorkerProcess", Ours)
    message = r"no other library to compare with: install one.*PyTorch: No module named 'pytorch'"
    with pytest.raises(WorkerError, match=message), workers([OURS, "PyTorch"], 1, {}, "streams"):
        pass
    with workers([OURS], 1, {}, "forward") as (started, missing):
        assert (list(started), missing) == ([OURS], {})
