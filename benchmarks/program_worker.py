"""Whole TF1 programs in one library: `python -m benchmarks.program_worker LIBRARY THREADS FILE` answers JSON lines.

They are asked and answered as in `benchmarks.worker`. FILE holds programs as `tests.programs` marks them; "" stands for
the programs there.
"""

import importlib.util
import os
import sys

from benchmarks.worker import calls_per_sample, seconds_of, serve
from tests.programs import all_programs, make_inputs, make_weight


def programs_in(path):
    """The programs of a file by name; those that the tests record for ""."""
    if not path:
        return all_programs()
    spec = importlib.util.spec_from_file_location("timed_programs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if hasattr(value, "inputs")}


def inputs_of(name, program, first):
    """A program's inputs, or the first example of each."""
    arrays = make_inputs(name, program)
    return {key: array[:1] for key, array in arrays.items()} if first else arrays


def ours(name, program, arrays):
    """A call of the program that finds the variables of a first one."""
    import nb_sepconv as tf

    def call():
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            return program(tf, **arrays)

    return _in_graph(tf, program, arrays, call)


def traced(name, program, arrays):
    """A call of the program as ``tf.function`` has traced it, the counterpart of a session's run."""
    import nb_sepconv as tf

    function = tf.function(lambda **given: program(tf, **given))

    def first():
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            function(**arrays)

    return _in_graph(tf, program, arrays, lambda: function(**arrays), first)


def _in_graph(tf, program, arrays, call, first=None):
    """The seconds of so many calls in a graph that has the program's variables, after a first one of another kind."""
    graph = tf.Graph()

    def in_graph(calls):
        with graph.as_default():
            return seconds_of(call, calls)

    with graph.as_default():
        with tf.variable_scope(tf.get_variable_scope()):
            program(tf, **arrays)
        for variable in tf.global_variables():
            if variable.dtype.kind == "f":
                variable.load(make_weight(variable.name, variable.shape, variable.dtype))
        if first is not None:
            first()
    return in_graph


def tensorflow(name, program, arrays):
    """A run of the program's outputs in a session."""
    os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import tensorflow

    tf = tensorflow.compat.v1
    tf.disable_eager_execution()
    with tf.Graph().as_default():
        session = tf.Session()
        given = {key: tf.placeholder(array.dtype, array.shape, f"given_{key}") for key, array in arrays.items()}
        outputs = program(tf, **given)
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            if variable.dtype.is_floating:
                shape, dtype = variable.shape.as_list(), variable.dtype.as_numpy_dtype
                variable.load(make_weight(variable.name, shape, dtype), session)
    feed = {given[key]: array for key, array in arrays.items()}
    return lambda calls: seconds_of(lambda: session.run(outputs, feed), calls)


LIBRARIES = {"ours": ours, "traced": traced, "tensorflow": tensorflow}


class ProgramWorker:
    """One library at work on the programs of a file."""

    def __init__(self, library, path):
        if library == "tensorflow" and importlib.util.find_spec("tensorflow") is None:
            raise ImportError("No module named 'tensorflow'")
        self.make, self.programs, self.seconds = LIBRARIES[library], programs_in(path), None

    def hello(self):
        """The names of the programs."""
        return list(self.programs)

    def prepare(self, name, first):
        """Make a program ready to be called; its inputs are the first examples, or all."""
        program = self.programs[name]
        self.seconds = self.make(name, program, inputs_of(name, program, first))
        self.seconds(3)

    def time(self, seconds):
        """Seconds per call, of as many calls as take about so long."""
        calls = calls_per_sample(lambda: self.seconds(1))
        each = self.seconds(calls) / calls
        calls = max(1, round(seconds / each))
        return self.seconds(calls) / calls


if __name__ == "__main__":
    serve(lambda: ProgramWorker(sys.argv[1], sys.argv[3]))
