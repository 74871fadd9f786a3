"""How many threads a call may use, and who may say so."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numba
import numpy as np
import pytest
from numba.np.ufunc import parallel

import nb_sepconv as nb
from nb_sepconv.kernels.cpu.runtime import occupied, threads

PROCESSORS = 12


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """Twelve processors, no quota, no settings."""
    monkeypatch.setattr(threads.config, "NUMBA_NUM_THREADS", PROCESSORS)
    monkeypatch.setattr(threads, "_processors", lambda: PROCESSORS)
    monkeypatch.setattr(threads, "CGROUP", tmp_path)
    monkeypatch.setattr(threads, "MEMBERSHIP", tmp_path / "membership")
    monkeypatch.delenv(threads.VARIABLE, raising=False)
    nb.set_num_threads(None)
    yield
    monkeypatch.undo()
    nb.set_num_threads(None)


def test_the_default_is_what_the_machine_has():
    assert nb.get_num_threads() == PROCESSORS


def test_numbas_limit(monkeypatch):
    monkeypatch.setattr(threads.config, "NUMBA_NUM_THREADS", 5)
    assert nb.get_num_threads() == 5


def test_set_num_threads_holds_for_every_thread_until_it_is_taken_back():
    nb.set_num_threads(3)
    assert in_another_thread(nb.get_num_threads) == nb.get_num_threads() == 3
    nb.set_num_threads(np.int64(2))
    assert nb.get_num_threads() == 2
    nb.set_num_threads(100)
    assert nb.get_num_threads() == PROCESSORS
    nb.set_num_threads(None)
    assert nb.get_num_threads() == PROCESSORS


def in_another_thread(call):
    """What ``call`` returns on a thread that has nothing of this one's context."""
    results = []
    thread = threading.Thread(target=lambda: results.append(call()))
    thread.start()
    thread.join()
    return results[0]


def test_a_block_lowers_what_holds_around_it():
    with nb.num_threads(4):
        assert nb.get_num_threads() == 4
        with nb.num_threads(2):
            assert nb.get_num_threads() == 2
            with nb.num_threads(3):
                assert nb.get_num_threads() == 2
            with nb.num_threads(None):
                assert nb.get_num_threads() == 2
        assert nb.get_num_threads() == 4
        nb.set_num_threads(3)
        assert nb.get_num_threads() == 3
        nb.set_num_threads(6)
        assert nb.get_num_threads() == 4
    assert nb.get_num_threads() == 6


def test_a_block_ends_with_an_error_too():
    with pytest.raises(KeyError), nb.num_threads(2):
        raise KeyError
    assert nb.get_num_threads() == PROCESSORS


def test_a_block_as_a_decorator():
    @nb.num_threads(2)
    def decorated():
        return nb.get_num_threads()

    assert [decorated(), decorated(), nb.get_num_threads()] == [2, 2, PROCESSORS]


def test_a_block_is_of_one_thread():
    begun, ended, seen = threading.Event(), threading.Event(), []

    def other():
        begun.wait()
        seen.append(nb.get_num_threads())
        with nb.num_threads(5):
            ended.wait()
            seen.append(nb.get_num_threads())

    thread = threading.Thread(target=other)
    thread.start()
    with nb.num_threads(2):
        begun.set()
        assert nb.get_num_threads() == 2
    ended.set()
    thread.join()
    assert seen == [PROCESSORS, 5]


def test_a_block_is_of_one_task():
    async def task(count):
        with nb.num_threads(count):
            for _ in range(3):
                await asyncio.sleep(0)
                assert nb.get_num_threads() == count

    async def tasks():
        await asyncio.gather(*(task(count) for count in range(1, 6)))

    asyncio.run(tasks())
    assert nb.get_num_threads() == PROCESSORS


@pytest.mark.parametrize("wrong", [0, -1, 1.5, 2.0, "2", True, np.True_, np.array([1, 2]), [1]])
def test_refused_counts(wrong):
    message = r"`count` must be an int > 0, a number of threads, or None\. Received: "
    with pytest.raises(ValueError, match=message):
        nb.set_num_threads(wrong)
    with pytest.raises(ValueError, match=message), nb.num_threads(wrong):
        pass
    assert nb.get_num_threads() == PROCESSORS


def test_the_environment(monkeypatch):
    for value, wanted in (("", PROCESSORS), ("100", PROCESSORS), ("3", 3)):
        monkeypatch.setenv(threads.VARIABLE, value)
        nb.set_num_threads(None)
        assert nb.get_num_threads() == wanted
    nb.set_num_threads(8)
    assert nb.get_num_threads() == 3


@pytest.mark.parametrize("value", ["0", "-2", "two", "1.5", " 4"])
def test_a_refused_environment(monkeypatch, value):
    monkeypatch.setenv(threads.VARIABLE, value)
    nb.set_num_threads(None)
    with pytest.raises(ValueError, match=rf"`NB_SEPCONV_NUM_THREADS` must be an integer > 0\. Received: '{value}'"):
        nb.get_num_threads()


def group(directory, **files):
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize(
    ("limit", "wanted"),
    [
        ("300000 100000", 3),
        ("250000 100000", 2),
        ("50000 100000", 1),
        ("max 100000", PROCESSORS),
        ("9900000 100000", PROCESSORS),
        ("nonsense", PROCESSORS),
    ],
)
def test_a_quota_of_version_2(tmp_path, limit, wanted):
    group(tmp_path, cpu__max=f"{limit}\n")
    assert nb.get_num_threads() == wanted


@pytest.mark.parametrize(("quota", "wanted"), [("400000", 4), ("-1", PROCESSORS), ("20000", 1)])
@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
def test_a_quota_of_version_1(tmp_path, controllers, quota, wanted):
    group(tmp_path, membership=f"7:memory:/elsewhere\n4:{controllers}:/docker/0123\n")
    group(tmp_path / controllers, cpu__cfs_quota_us=f"{quota}\n", cpu__cfs_period_us="100000\n")
    assert nb.get_num_threads() == wanted


def test_a_quota_of_version_1_where_nothing_tells_the_group(tmp_path):
    group(tmp_path / "cpu", cpu__cfs_quota_us="200000\n", cpu__cfs_period_us="100000\n")
    assert nb.get_num_threads() == 2


def test_the_smallest_quota_of_the_groups_around_this_process(tmp_path):
    group(tmp_path, membership="0::/system.slice/our.service/inner\n")
    group(tmp_path / "system.slice", cpu__max="900000 100000")
    group(tmp_path / "system.slice" / "our.service", cpu__max="400000 100000")
    group(tmp_path / "system.slice" / "our.service" / "inner", cpu__max="max 100000")
    group(tmp_path / "system.slice" / "another.service", cpu__max="100000 100000")
    assert nb.get_num_threads() == 4


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no affinity")
def test_the_affinity_of_a_process():
    processor = min(os.sched_getaffinity(0))
    program = f"""if True:
        import os
        os.sched_setaffinity(0, [{processor}])
        import nb_sepconv as nb
        print(nb.get_num_threads())
    """
    environment = {**os.environ, "NUMBA_NUM_THREADS": "4"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout == "1\n"


def test_a_task_of_dask_uses_one_thread_unless_told(monkeypatch):
    state = threading.local()
    monkeypatch.setitem(sys.modules, "distributed.worker", SimpleNamespace(thread_state=state))
    assert nb.get_num_threads() == PROCESSORS
    state.execution_state = {"key": "a task"}
    assert nb.get_num_threads() == 1
    assert in_another_thread(nb.get_num_threads) == PROCESSORS
    with nb.num_threads(3):
        assert nb.get_num_threads() == 3
    nb.set_num_threads(2)
    assert nb.get_num_threads() == 2


def test_a_task_of_joblib_uses_one_thread_unless_told(monkeypatch):
    state = threading.local()
    monkeypatch.setitem(sys.modules, "joblib.parallel", SimpleNamespace(_backend=state))
    assert nb.get_num_threads() == PROCESSORS
    for backend, wanted in ((SimpleNamespace(nesting_level=0), PROCESSORS), (SimpleNamespace(nesting_level=1), 1)):
        state.config = {"backend": backend}
        assert nb.get_num_threads() == wanted
    assert in_another_thread(nb.get_num_threads) == PROCESSORS
    with nb.num_threads(3):
        assert nb.get_num_threads() == 3


def test_a_task_of_dasks_local_threads_uses_one_thread_unless_told():
    dask = pytest.importorskip("dask")

    @dask.delayed
    def told(count):
        with nb.num_threads(count):
            return nb.get_num_threads()

    assert dask.compute(told(None), scheduler="threads") == (1,)
    assert dask.compute(told(3), scheduler="threads") == (3,)
    with ThreadPoolExecutor(1) as pool:
        assert dask.compute(told(None), scheduler="threads", pool=pool) == (1,)
        assert pool.submit(nb.get_num_threads).result() == PROCESSORS
    assert dask.compute(told(None), scheduler="sync") == (PROCESSORS,)


@pytest.mark.parametrize(("module", "name"), occupied.LOOPS.items())
def test_a_process_of_a_pool_uses_one_thread_unless_told(monkeypatch, module, name):
    process = multiprocessing.current_process()
    loop = SimpleNamespace(__module__=module, __name__=name)
    monkeypatch.setattr(process, "_target", loop, raising=False)
    nb.set_num_threads(None)
    assert nb.get_num_threads() == 1
    nb.set_num_threads(3)
    assert nb.get_num_threads() == 3
    nb.set_num_threads(None)
    with nb.num_threads(2):
        assert nb.get_num_threads() == 2
    loop.__name__ = "main"
    nb.set_num_threads(None)
    assert nb.get_num_threads() == PROCESSORS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_pools_and_processes_of_the_standard_library():
    program = """if True:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        from nb_sepconv.kernels.cpu.runtime import occupied, threads
        threads._processors = lambda: 4
        fork = multiprocessing.get_context("fork")

        def single(queue):
            queue.put(threads.get_num_threads())

        print(threads.get_num_threads())
        with fork.Pool(1) as pool:
            print(pool.apply(threads.get_num_threads))
        with fork.Pool(1, threads.set_num_threads, (2,)) as pool:
            print(pool.apply(threads.get_num_threads))
        with ProcessPoolExecutor(1, fork) as pool:
            print(pool.submit(threads.get_num_threads).result())
        queue = fork.SimpleQueue()
        process = fork.Process(target=single, args=(queue,))
        process.start()
        print(queue.get())
        process.join()
    """
    environment = {**os.environ, "NUMBA_NUM_THREADS": "4"}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.split() == ["4", "1", "2", "1", "4"]


def test_numba_and_the_environment_are_left_alone(monkeypatch):
    monkeypatch.undo()
    numbas, environment = numba.get_num_threads(), dict(os.environ)
    with nb.num_threads(1):
        nb.set_num_threads(1)
        assert numba.get_num_threads() == numbas
    nb.set_num_threads(None)
    assert parallel._is_initialized
    assert numba.get_num_threads() == numbas
    assert dict(os.environ) == environment
