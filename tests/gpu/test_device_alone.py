"""What no simulator shows: graphs, streams, threads, sizes beyond 32 bits, memory that is not there, the sanitizer."""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import reference
from device_data import SIMULATED, cuda, poisoned, random, to_gpu, to_host

from nb_sepconv import ops
from nb_sepconv.devices import arrays as device_arrays

assert not SIMULATED, "these tests need a GPU: unset NUMBA_ENABLE_CUDASIM"


def small(seed=0):
    return random(np.random.default_rng(seed), (2, 64, 8), (5, 8, 1), (8, 16), (16,))


def assert_convolved(got, arrays):
    np.testing.assert_allclose(to_host(got), reference.separable_conv1d(*arrays), rtol=1e-4, atol=1e-5)


def test_a_warmed_call_can_be_captured_in_a_graph():
    from cuda.bindings import driver

    def checked(result):
        assert result[0] == driver.CUresult.CUDA_SUCCESS, result
        return result[1] if len(result) == 2 else None

    arrays = small()
    x, *weights = map(to_gpu, arrays)
    out, stream = poisoned((2, 60, 16), np.float32), cuda.stream()
    handle = device_arrays.stream_handle(stream)
    ops.separable_conv1d(x, *weights, out=out, stream=handle)
    stream.synchronize()
    out.copy_to_device(np.full((2, 60, 16), np.nan, np.float32))
    checked(driver.cuStreamBeginCapture(handle, driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL))
    ops.separable_conv1d(x, *weights, out=out, stream=handle)
    graph = checked(driver.cuStreamEndCapture(handle))
    assert np.isnan(to_host(out)).all()  # it was recorded, and has not run
    launchable = checked(driver.cuGraphInstantiate(graph, 0))
    checked(driver.cuGraphLaunch(launchable, handle))
    stream.synchronize()
    assert_convolved(out, arrays)


def test_threads_on_streams_of_their_own():
    failures = []

    def work(seed):
        try:
            stream, arrays = cuda.stream(), small(seed)
            x, *weights = map(to_gpu, arrays)
            cuda.default_stream().synchronize()
            for _ in range(50):
                got = ops.separable_conv1d(x, *weights, stream=stream)
            stream.synchronize()
            assert_convolved(got, arrays)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_more_than_two_to_the_31_elements():
    length, channels = 2**28 + 8, 8
    x = cuda.device_array((1, length, channels), np.float16)
    tail = np.random.default_rng(1).integers(-3, 4, (1, 64, channels)).astype(np.float16)
    x[:, -64:].copy_to_device(tail)
    kernel = np.random.default_rng(2).integers(-3, 4, (3, channels, 1)).astype(np.float16)
    got = ops.depthwise_conv1d(x, to_gpu(kernel))[:, -62:]
    np.testing.assert_array_equal(got.copy_to_host(), reference.depthwise_conv1d(tail, kernel))


def test_no_memory_is_an_error_that_leaves_the_gpu_usable():
    x = cuda.device_array((1, 2**16, 1), np.float32)
    wide = to_gpu(np.zeros((1, 1, 2**22), np.float32))  # 2**38 outputs
    with pytest.raises(MemoryError, match="The output of shape"):
        ops.depthwise_conv1d(x, wide)
    arrays = small()
    assert_convolved(ops.separable_conv1d(*map(to_gpu, arrays)), arrays)


CHECKED = """
import numpy as np
from nb_sepconv import ops
rng = np.random.default_rng(0)
for channels, layout in ((8, "channels_last"), (5, "channels_last"), (3, "channels_first")):
    shape = (2, 24, channels) if layout == "channels_last" else (2, channels, 24)
    x = rng.standard_normal(shape, np.float32)
    weights = [rng.standard_normal(size, np.float32) for size in ((5, channels, 1), (channels, 9), (9,))]
    how = {"padding": "same", "data_format": layout, "device": "cuda"}
    ops.depthwise_conv1d(x, weights[0], **how)
    y = ops.separable_conv1d(x, *weights, **how)
    ops.separable_conv1d_gradients(y, x, *weights, activation="tanh", outputs=y, **how)
    for precision in ("tf32x3", "tf32"):
        ops.separable_conv1d(x, *weights, precision=precision, **how)
        ops.separable_conv1d_gradients(y, x, *weights, precision=precision, **how)
"""


def sanitizer():
    """``compute-sanitizer`` from the PATH or from NVIDIA's wheels."""
    inside = (path for folder in sys.path for path in Path(folder).glob("nvidia/*/bin/compute-sanitizer"))
    return shutil.which("compute-sanitizer") or next(inside)


@pytest.mark.parametrize("tool", ["memcheck", "racecheck"])
def test_the_sanitizer_finds_nothing(tool):
    command = [sanitizer(), "--tool", tool, "--error-exitcode", "9", sys.executable, "-c", CHECKED]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
