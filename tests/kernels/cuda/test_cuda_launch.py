"""What reaches the driver, a stand-in here: the grid, the stream, the arguments; and the host's time for it."""

import ctypes
import re
import subprocess
import sys
import threading
import types
from pathlib import Path

import numpy as np
import pytest

if sys.platform == "darwin":
    pytest.skip("NVIDIA has no driver for this system", allow_module_level=True)

from nb_sepconv.kernels.cuda.runtime import launch, memory
from nb_sepconv.kernels.cuda.runtime.launch import Launcher, Step
from nb_sepconv.kernels.cuda.runtime.numba_cuda import driver as real_driver

TESTS = Path(__file__).parents[2]
INTEGERS = (7, -8, 2**40)
LARGEST_MICROSECONDS = 100  # 12 on a machine that does nothing else


class Driver:
    """Notes launches, and answers with the statuses that it is given, then with success."""

    CUresult = real_driver.CUresult

    def __init__(self, statuses=()):
        self.launches, self.statuses = [], list(statuses)

    def cuLaunchKernel(self, function, *arguments):
        *grid, stream, places, extra = arguments
        count = 2 + len(INTEGERS)
        places = (ctypes.POINTER(ctypes.c_int64) * count).from_address(places)
        self.launches.append((function, tuple(grid), stream, tuple(place[0] for place in places), extra))
        return (self.statuses.pop(0) if self.statuses else 0,)

    def cuGetErrorString(self, status):
        return 0, b"an illegal memory access was encountered"


@pytest.fixture
def contexts(monkeypatch):
    """Counts how often a context is made current; kernels compile to nothing, their function is 99."""
    made = []
    monkeypatch.setattr(launch, "_compiled", lambda kernel, arguments: arguments)
    monkeypatch.setattr(launch, "_function", lambda compiled: 99)
    monkeypatch.setattr(launch, "gpu_count", lambda: 1)
    monkeypatch.setattr(launch, "cuda", types.SimpleNamespace(current_context=lambda: made.append(1)))
    return made


def arrays(*addresses):
    return [types.SimpleNamespace(address=address) for address in addresses]


def launched(monkeypatch, *statuses, blocks=3, times=1):
    driver = Driver(statuses)
    monkeypatch.setattr(launch, "driver", driver)
    launcher = Launcher(Step(None, blocks, 64, INTEGERS))
    for _ in range(times):
        launcher(5, *arrays(2**45), None)
    return driver.launches


def test_arguments_lie_where_the_driver_reads_them(contexts, monkeypatch):
    once, again = launched(monkeypatch, times=2)
    assert once == (99, (3, 1, 1, 64, 1, 1, 0), 5, (2**45, 0, *INTEGERS), 0)
    assert again == once
    assert not contexts


def test_nothing_to_do_is_not_launched(contexts, monkeypatch):
    assert launched(monkeypatch, blocks=0) == []


@pytest.mark.parametrize("status", [201, 3])
def test_a_thread_without_a_context_gets_one(contexts, monkeypatch, status):
    assert len(launched(monkeypatch, status)) == 2
    assert contexts == [1]


def test_what_the_driver_refuses_is_an_error(contexts, monkeypatch):
    with pytest.raises(RuntimeError, match="CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered"):
        launched(monkeypatch, 700)
    with pytest.raises(RuntimeError, match="CUDA_ERROR_INVALID_CONTEXT"):
        launched(monkeypatch, 201, 201)


def test_threads_do_not_mix_their_arguments(contexts, monkeypatch):
    driver = Driver()
    monkeypatch.setattr(launch, "driver", driver)
    launcher = Launcher(Step(None, 1, 64, INTEGERS))

    def work(stream):
        for _ in range(200):
            launcher(stream, *arrays(stream * 10, stream * 100))

    threads = [threading.Thread(target=work, args=(stream,)) for stream in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(driver.launches) == 800
    assert all(found[:2] == (stream * 10, stream * 100) for _, _, stream, found, _ in driver.launches)


def test_bfloat16_is_copied_as_what_a_buffer_can_hold(monkeypatch):
    class Target(np.ndarray):
        def copy_to_device(self, array, stream):
            assert memoryview(array).nbytes == self.nbytes  # a buffer of bfloat16 is refused
            self[...] = array

    monkeypatch.setattr(memory, "empty", lambda shape, name: np.empty(shape, memory.numpy_type(name)).view(Target))
    monkeypatch.setattr(memory, "_stream", lambda handle: None)
    for dtype in (np.float32, memory.numpy_type("bfloat16")):
        array = np.arange(6).reshape(2, 3).astype(dtype)
        np.testing.assert_array_equal(memory.upload(array.T, 0), array.T)


def test_warmed_calls_take_the_host_microseconds():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_host"], cwd=TESTS.parent, capture_output=True, text=True
    )
    found = {name: float(time) for name, time in re.findall(r"^(.+): ([\d.]+) us$", done.stdout, re.MULTILINE)}
    assert len(found) == 3, done.stderr
    assert max(found.values()) < LARGEST_MICROSECONDS
