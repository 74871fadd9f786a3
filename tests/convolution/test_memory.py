"""What a call needs above its input and output: at most 4 MiB for each thread, and the packed weights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import memory
from benchmarks.workloads import load_workloads
from nb_sepconv import ops
from nb_sepconv.convolution import geometry
from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.forward.problem import Problem
from nb_sepconv.kernels.protocol import Sizes

MIB = 2**20
PER_THREAD = 4 * MIB
NOISE = MIB  # the interpreter's own, and pages of threads' stacks
THREADS = 2
LAYOUTS = ("channels_last", "channels_first")
ITEM_BYTES = {"float16": 2, "float32": 4, "float64": 8}

PROGRAM = """
import json
import numpy as np
from benchmarks.memory import peak_of
from benchmarks.workloads import load_workloads
import nb_sepconv as nb
from nb_sepconv import ops

def excess(workload, layout):
    w, rng = workload, np.random.default_rng(0)
    shape = (w.batch, w.length, w.channels) if layout == "channels_last" else (w.batch, w.channels, w.length)
    hidden = w.channels * w.depth_multiplier
    shapes = shape, (w.kernel_size, w.channels, w.depth_multiplier), (hidden, w.filters), (w.filters,)
    arrays = [rng.standard_normal(each, np.float32) for each in shapes]
    call = lambda: ops.separable_conv1d(
        *arrays, strides=w.strides, padding=w.padding, dilation_rate=w.dilation_rate, data_format=layout
    )
    call()
    weights = sum(array.nbytes for array in arrays[1:])
    outputs = 4 * w.batch * w.output_length * w.filters
    return peak_of(call) - outputs - weights

print(nb.get_num_threads())
print(json.dumps({f"{w.name} {layout}": excess(w, layout) for w in load_workloads() for layout in LAYOUTS}))
"""


def sizes(w, layout, dtype):
    item = ITEM_BYTES[dtype]

    def strides(length, channels):
        return (length * channels * item, *((channels * item, item) if layout == LAYOUTS[0] else (item, length * item)))

    left = geometry.geometry(w.length, w.kernel_size, w.strides, w.dilation_rate, w.padding).left
    return Sizes(
        dtype=dtype,
        examples=w.batch,
        length=w.length,
        channels=w.channels,
        steps=w.output_length,
        filters=w.filters,
        kernel_size=w.kernel_size,
        multiplier=w.depth_multiplier,
        stride=w.strides,
        dilation=w.dilation_rate,
        left=left,
        input_strides=strides(w.length, w.channels),
        output_strides=strides(w.output_length, w.filters),
        activation=None,
    )


@pytest.mark.parametrize("dtype", ITEM_BYTES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("workload", load_workloads(), ids=lambda workload: workload.name)
def test_the_scratch_of_a_thread(workload, layout, dtype):
    for threads in (1, 2, 8, 64):
        plan = cpu.plan(sizes(workload, layout, dtype), threads)
        problem = Problem(*plan._fields[: len(Problem._fields)])
        assert 0 < problem.scratch_bytes + ALIGNMENT <= PER_THREAD, threads


@pytest.mark.slow
@pytest.mark.skipif(not memory.CLEAR_REFS.exists(), reason="the system does not tell a process's peak memory")
def test_the_peak_of_a_process():
    environment = {**os.environ, **memory.ENVIRONMENT, "NB_SEPCONV_NUM_THREADS": str(THREADS)}
    command = [sys.executable, "-c", f"LAYOUTS = {LAYOUTS}\n{PROGRAM}"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    threads, excesses = map(json.loads, done.stdout.splitlines())
    too_much = {name: excess for name, excess in excesses.items() if excess > threads * PER_THREAD + NOISE}
    assert not too_much, f"{threads} threads: {too_much}"
    assert len(excesses) == 2 * len(load_workloads())


@pytest.mark.parametrize("threads", [1, 2])
def test_scratch_that_no_memory_holds_is_an_error_and_nothing_worse(threads):
    workload = load_workloads(only=["piper"])[0]
    plan = cpu.plan(sizes(workload, LAYOUTS[0], "float32"), threads)
    shapes = [(workload.length, workload.channels), (workload.output_length, workload.filters)]
    inputs, outputs = (np.zeros((workload.batch, *shape), np.float32) for shape in shapes)
    packed = np.zeros(plan.packed_bytes, np.uint8)
    plan._fields[Problem._fields.index("scratch_bytes")] = 2**60
    with pytest.raises(MemoryError, match="scratch memory could not be allocated"):
        plan.run(inputs, outputs, packed)


@pytest.mark.parametrize("activation", [None, "relu"])
def test_gradients_that_no_memory_holds_are_refused_before_any_work(activation):
    one, x = np.ones((1, 1, 1), np.float32), np.broadcast_to(np.float32(0), (2**30, 2**10, 1))
    with pytest.raises(MemoryError, match=r"shape \(1073741824, 1024, 1\) and type float32 needs 4096.0 GiB"):
        ops.separable_conv1d_gradients(x, x, one, one, activation=activation)
