"""Programs with threads and processes of their own get right answers, and neither die nor hang, under every layer.

Each runs in a process of its own, which would otherwise take the tests with it; what it does is in launch_scenarios.
"""

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import launch_scenarios
import pytest

TESTS = Path(__file__).parents[1]
LAYERS = ("omp", "workqueue", "tbb")
TIMEOUT = 900  # only a hang takes that long, also on a slow machine that others use
CAN_FORK = hasattr(os, "fork")


def environment(layer):
    """Where pip puts tbb, the loader finds it by its path alone."""
    variable = "LD_LIBRARY_PATH"
    libraries = os.pathsep.join(filter(None, (f"{sys.prefix}/lib", os.environ.get(variable))))
    chosen = {
        "NUMBA_THREADING_LAYER": layer,
        "NUMBA_NUM_THREADS": str(launch_scenarios.THREADS),
        variable: libraries,
        "PYTHONPATH": os.pathsep.join((str(TESTS.parent), str(TESTS))),
        "PYTHONFAULTHANDLER": "1",
        "PYTHONWARNINGS": "ignore::DeprecationWarning",  # Python 3.12 and newer: a fork in a process with threads
    }
    return {**{name: value for name, value in os.environ.items() if name != "NB_SEPCONV_NUM_THREADS"}, **chosen}


@cache
def installed(layer):
    start = [sys.executable, "-c", "import numba; numba.get_num_threads()"]
    return subprocess.run(start, env=environment(layer), capture_output=True, timeout=TIMEOUT).returncode == 0


@pytest.fixture
def layer(request):
    if not installed(request.param):
        pytest.skip(f"Numba's layer {request.param!r} is not installed here")
    return request.param


def layers(*always):
    """The layers of every run, and all others with the slow tests: each is a process that compiles anew."""
    others = [pytest.param(name, marks=pytest.mark.slow) for name in LAYERS if name not in always]
    return pytest.mark.parametrize("layer", [*always, *others], indirect=True)


def run(layer, *scenarios, precision="float32", within=()):
    command = [
        sys.executable,
        *within,
        str(TESTS / "launch_scenarios.py"),
        *(scenario.__name__ for scenario in scenarios),
    ]
    chosen = {**environment(layer), "SCENARIO_PRECISION": precision}
    done = subprocess.run(command, env=chosen, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, f"{done.stdout}\nexit status {done.returncode}\n{done.stderr[-4000:]}"
    assert "main ended" in done.stdout
    return done


@layers("omp", "workqueue")
def test_beside_and_inside_numbas_own_loops(layer):
    run(
        layer,
        launch_scenarios.nested_in_prange,
        launch_scenarios.beside_the_users_parallel_functions,
        launch_scenarios.numbas_own_limit_is_respected,
    )


@layers("omp")
def test_sixteen_threads_signals_and_callbacks(layer):
    run(
        layer,
        launch_scenarios.sixteen_threads,
        launch_scenarios.convolving_activations,
        launch_scenarios.interrupted,
        launch_scenarios.signalled,
        launch_scenarios.on_python_threads,
        launch_scenarios.no_more_python_threads,
        launch_scenarios.denormals_are_flushed,
    )


@layers("omp")
def test_one_thread_starts_no_layer_and_nothing_global_is_left(layer):
    run(layer, launch_scenarios.one_thread_starts_no_layer, launch_scenarios.nothing_global_is_left)


@pytest.mark.skipif(not CAN_FORK, reason="this system cannot fork")
@layers("omp")
def test_forks(layer):
    run(
        layer,
        launch_scenarios.forked_before_use,
        launch_scenarios.forked_after_use,
        launch_scenarios.multiprocessing_fork,
        launch_scenarios.forked_while_others_compute,
        launch_scenarios.forked_unseen,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@layers("omp")
def test_no_thread_to_be_had(layer):
    run(layer, launch_scenarios.no_thread_to_be_had)


@layers("omp")
def test_at_rest_no_time_is_taken(layer):
    run(layer, launch_scenarios.asleep_at_rest)


@pytest.mark.skipif(importlib.util.find_spec("gevent") is None, reason="gevent is not installed")
@layers("omp")
def test_gevent(layer):
    run(layer, launch_scenarios.under_gevent, within=("-m", "gevent.monkey"))


@pytest.mark.skipif(importlib.util.find_spec("eventlet") is None, reason="eventlet is not installed")
@pytest.mark.slow
@layers("omp")
def test_eventlet(layer):
    patched = "import eventlet, runpy, sys; eventlet.monkey_patch(); sys.argv.pop(0)"
    run(
        layer,
        launch_scenarios.under_eventlet,
        within=("-c", f"{patched}; runpy.run_path(sys.argv[0], None, '__main__')"),
    )


IN_A_SUBINTERPRETER = """
import sys, _xxsubinterpreters as interpreters
program = "import runpy, sys, warnings; warnings.simplefilter('ignore'); sys.argv = {!r}; sys.path[:] = {!r}\\n"
program += "runpy.run_path(sys.argv[0], None, '__main__')"
interpreters.run_string(interpreters.create(), program.format(sys.argv[1:], sys.path))
"""


@pytest.mark.skipif(
    importlib.util.find_spec("_xxsubinterpreters") is None, reason="from Python 3.13 on, NumPy refuses subinterpreters"
)
@pytest.mark.slow
@layers("omp")
def test_a_subinterpreter(layer):
    run(layer, launch_scenarios.in_a_subinterpreter, within=("-c", IN_A_SUBINTERPRETER))


@layers("omp")
def test_units_of_bfloat16_in_threads_and_children(layer):
    children = [launch_scenarios.forked_after_use, launch_scenarios.multiprocessing_fork] if CAN_FORK else []
    scenarios = launch_scenarios.sixteen_threads, launch_scenarios.nested_in_prange, *children
    run(layer, *scenarios, precision="bf16")


@pytest.mark.slow
def test_a_layer_that_is_not_there():
    run("nonsense", launch_scenarios.a_layer_that_is_not_there)


@pytest.mark.slow
def test_multiprocessing_spawn():
    run("default", launch_scenarios.multiprocessing_spawn)


@layers("workqueue")
def test_the_end_of_the_interpreter(layer):
    done = run(
        layer,
        launch_scenarios.at_exit,
        launch_scenarios.exit_with_daemons_at_work,
        launch_scenarios.exit_with_threads_at_work,
    )
    assert done.stdout.count("ended well") == 3


@pytest.mark.skipif(importlib.util.find_spec("joblib") is None, reason="joblib is not installed")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@layers()
def test_joblib(layer, precision):
    run(layer, launch_scenarios.joblib_threading, launch_scenarios.joblib_loky, precision=precision)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@layers()
def test_dask(layer, precision):
    run(layer, launch_scenarios.dask_threads, precision=precision)
