"""Small layers: ``python -m benchmarks.calls`` times each way to call one, ours beside those of TensorFlow.

Every library measures itself in a process, on one thread, its calls in turns; BENCHMARKS_PYTHON_TENSORFLOW names the
interpreter that has TensorFlow and tf_keras. The medians in microseconds, and how many of our built layer's calls that
is, are printed, or written to the page of benchmarks (``--output docs/benchmarks.md``).
"""

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.machine import describe_machine
from benchmarks.processes import ROOT, THREAD_VARIABLES
from benchmarks.report import TITLES, join, significant, split
from benchmarks.report import table as markdown_table

INPUTS = np.random.default_rng(0).standard_normal((1, 100, 8)).astype(np.float32)
FILTERS, KERNEL_SIZE = 16, 3
LAYER = "built layer"
CALLS = 200
INTRODUCTION = f"""\
A layer of {FILTERS} filters and {KERNEL_SIZE} taps on one example of {INPUTS.shape[1]} steps and {INPUTS.shape[2]}
channels in float32, so small that what a call costs beside its arithmetic decides. All ways to call it take turns of
{CALLS} calls in one process, on one thread. Each functional call looks its variables up by name, as TF1's rules say.
TensorFlow is the real one: a session that runs a graph, and tf_keras' layer."""


def ours():
    """The calls of this library by name."""
    import nb_sepconv as tf

    layer = tf.layers.SeparableConv1D(FILTERS, KERNEL_SIZE)
    keras_layer = tf.keras.layers.SeparableConv1D(FILTERS, KERNEL_SIZE)
    with_function = tf.layers.SeparableConv1D(FILTERS, KERNEL_SIZE, activation=lambda outputs: outputs)
    penalized = tf.layers.SeparableConv1D(FILTERS, KERNEL_SIZE, activity_regularizer=lambda outputs: outputs[0, 0, 0])
    gradient = np.ones_like(layer(INPUTS))
    template = tf.make_template("template", lambda: tf.layers.separable_conv1d(INPUTS, FILTERS, KERNEL_SIZE))

    def reused(**keywords):
        return tf.layers.separable_conv1d(INPUTS, FILTERS, KERNEL_SIZE, name="reused", reuse=tf.AUTO_REUSE, **keywords)

    def in_a_scope():
        with tf.variable_scope("scope", reuse=tf.AUTO_REUSE):
            return tf.layers.separable_conv1d(INPUTS, FILTERS, KERNEL_SIZE)

    return {
        LAYER: lambda: layer(INPUTS),
        "function, reuse=": reused,
        "function, reuse= and a new initializer": lambda: reused(
            depthwise_initializer=tf.truncated_normal_initializer(stddev=0.1)
        ),
        "function in an AUTO_REUSE scope": in_a_scope,
        "function through a template": template,
        "built layer, an activation of the caller's own": lambda: with_function(INPUTS),
        "built layer, an activity regularizer": lambda: penalized(INPUTS),
        "Keras layer": lambda: keras_layer(INPUTS),
        "value_and_pullback": lambda: layer.value_and_pullback(INPUTS),
        "value_and_pullback, pulled back": lambda: layer.value_and_pullback(INPUTS)[1](gradient),
    }


def tensorflow():
    """The calls of TensorFlow: a session that runs TF1's function, and tf_keras' layer, eager and compiled."""
    os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import tensorflow as tf
    import tf_keras

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with tf.Graph().as_default():
        placeholder = tf.compat.v1.placeholder(tf.float32, INPUTS.shape)
        outputs = tf.compat.v1.layers.separable_conv1d(placeholder, FILTERS, KERNEL_SIZE)
        session = tf.compat.v1.Session()
        session.run(tf.compat.v1.global_variables_initializer())
        run = session.make_callable(outputs, [placeholder])
    layer = tf_keras.layers.SeparableConv1D(FILTERS, KERNEL_SIZE)
    tensor = tf.constant(INPUTS)
    compiled = tf.function(lambda inputs: layer(inputs))
    return {
        "TF1 session": lambda: session.run(outputs, {placeholder: INPUTS}),
        "TF1 session, make_callable": lambda: run(INPUTS),
        "tf_keras layer": lambda: layer(tensor),
        "tf_keras layer in tf.function": lambda: compiled(tensor),
    }


LIBRARIES = {"ours": ours, "tensorflow": tensorflow}


def measure(calls, rounds):
    """The median seconds of each call, all of them in turns."""
    for call in calls.values():
        for _ in range(CALLS):
            call()
    samples = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            started = time.perf_counter()
            for _ in range(CALLS):
                call()
            samples[name].append((time.perf_counter() - started) / CALLS)
    return {name: median(seconds) for name, seconds in samples.items()}


def measured_elsewhere(library, rounds):
    """What a library measures in a process and an interpreter of its own; {} where it is not installed."""
    python = os.environ.get(f"BENCHMARKS_PYTHON_{library.upper()}", sys.executable)
    command = [python, "-m", "benchmarks.calls", "--measure", library, "--rounds", str(rounds)]
    environment = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, "1")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode and "ModuleNotFoundError" in done.stderr:
        print(f"{library} is not measured: {done.stderr.splitlines()[-1]}", file=sys.stderr)
        return {}
    done.check_returncode()
    return json.loads(done.stdout.splitlines()[-1])


def render(seconds):
    """The part of the page."""
    rows = [[name, significant(each * 1e6), f"{each / seconds[LAYER]:.2f}"] for name, each in seconds.items()]
    machine = describe_machine()
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    return f"""{TITLES["calls"]}

Written by `python -m benchmarks.calls --output docs/benchmarks.md` on {today}; do not edit by hand.

{INTRODUCTION}

{markdown_table(["call", "median us", "built layer's calls"], rows)}

Measured on: {machine["processor"]} ({machine["vector features"]}), one thread, load before: {machine["load before"]}.
"""


def write(part, page):
    """Put the part into a page."""
    page.write_text(join({**(split(page.read_text()) if page.exists() else {}), "calls": part}))


def table(seconds):
    """The rows to print."""
    return [f"{name:40} {each * 1e6:8.1f} us {each / seconds[LAYER]:7.2f}x" for name, each in seconds.items()]


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each call (default 15)")
    parser.add_argument("--measure", choices=LIBRARIES, help="measure one library here, and print JSON")
    parser.add_argument("--output", type=Path, help="the page to write to (default: print)")
    options = parser.parse_args(arguments)
    if options.measure:
        print(json.dumps(measure(LIBRARIES[options.measure](), options.rounds)))
        return
    seconds = {}
    for library in LIBRARIES:
        seconds.update(measured_elsewhere(library, options.rounds))
    print("\n".join(table(seconds)))
    if options.output is not None:
        write(render(seconds), options.output)


if __name__ == "__main__":
    main()
