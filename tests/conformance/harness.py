"""Run scenarios against a library that speaks the TF1 layers vocabulary, and compare the answers.

A scenario is a function of any of `tf` (the library), `run` (tensors or variables to NumPy arrays) and `x` (shape to a
reproducible float32 input).  It returns facts: names, shapes, numbers, arrays, or raises.  Each runs in its own graph.
"""

import inspect
import re

import numpy as np

RELATIVE_TOLERANCE = {"float16": 1e-2, "float32": 1e-5, "float64": 1e-9}
SIGNIFICANT_DIGITS = {"float16": 5, "float32": 8, "float64": 12}
QUOTED_WORD = re.compile(r"""[`'"](\w+)(?=[`'" ])""")


class Scenarios(dict):
    """The scenarios of one subject by name; used as a decorator it adds a function under its own name."""

    def __call__(self, function):
        self[function.__name__] = function
        return function


def make_input(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng([seed, *shape]).standard_normal(shape).astype(dtype)


def jsonable(value):
    if isinstance(value, np.ndarray):
        return jsonable_array(value)
    if isinstance(value, np.generic):
        return jsonable_array(np.asarray(value))
    if isinstance(value, dict):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    return value


def jsonable_array(array):
    digits = SIGNIFICANT_DIGITS.get(str(array.dtype), 8)
    numbers = [float(f"{number:.{digits}g}") for number in array.astype(np.float64).ravel()]
    return {"array": numbers, "shape": list(array.shape), "dtype": str(array.dtype)}


def outcome(scenario, tf, run):
    """The scenario's facts, or the type and message of what it raised."""
    offered = {"tf": tf, "run": run, "x": make_input}
    wanted = {name: offered[name] for name in inspect.signature(scenario).parameters}
    with tf.Graph().as_default():
        try:
            return {"value": jsonable(scenario(**wanted))}
        except Exception as error:  # the type is the fact under test
            return {"raises": type(error).__name__, "message": first_line(error)}


def first_line(error):
    """What the message says before TensorFlow's dumps of nodes, tracebacks and arrays."""
    return str(error).partition("\n")[0].partition("'{{node")[0][:300]


def quoted_words(message):
    """The single words that a message has in backticks or quotes."""
    return set(QUOTED_WORD.findall(message))


def disagreement(golden, got):
    """The first difference in words, or None."""
    if "raises" in golden:
        return error_disagreement(golden, got)
    if "raises" in got:
        return f"raised {got['raises']}: {got['message']}"
    return value_disagreement(golden["value"], got["value"], "value")


def error_disagreement(golden, got):
    if "raises" not in got:
        return f"expected {golden['raises']} ({golden['message']}), got {got['value']!r}"
    if golden["raises"] != got["raises"]:
        return f"expected {golden['raises']} ({golden['message']}), got {got['raises']}: {got['message']}"
    missing = sorted(word for word in quoted_words(golden["message"]) if word not in got["message"])
    return f"{missing} not named in {got['message']!r} (recorded: {golden['message']!r})" if missing else None


def value_disagreement(golden, got, where):
    if isinstance(golden, dict) and "array" in golden:
        return array_disagreement(golden, got, where)
    if isinstance(golden, dict):
        return mapping_disagreement(golden, got, where)
    if isinstance(golden, list):
        return sequence_disagreement(golden, got, where)
    if isinstance(golden, float) and isinstance(got, float):
        close = abs(golden - got) <= 1e-5 * max(1.0, abs(golden))
        return None if close else f"{where}: expected {golden}, got {got}"
    same = golden == got and type(golden) is type(got)
    return None if same else f"{where}: expected {golden!r}, got {got!r}"


def array_disagreement(golden, got, where):
    if not isinstance(got, dict) or "array" not in got:
        return f"{where}: expected an array, got {got!r}"
    if golden["shape"] != got["shape"] or golden["dtype"] != got["dtype"]:
        return f"{where}: expected {golden['dtype']}{golden['shape']}, got {got['dtype']}{got['shape']}"
    expected, received = np.array(golden["array"]), np.array(got["array"])
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    tolerance = RELATIVE_TOLERANCE.get(golden["dtype"], 1e-5) * scale
    wrong = ~np.isclose(received, expected, rtol=0, atol=tolerance, equal_nan=True)
    if not wrong.any():
        return None
    return f"{where}: {wrong.sum()} elements differ, first {received[wrong][0]}, expected {expected[wrong][0]}"


def mapping_disagreement(golden, got, where):
    if not isinstance(got, dict) or set(golden) != set(got):
        return f"{where}: expected {golden!r}, got {got!r}"
    found = (value_disagreement(golden[key], got[key], f"{where}.{key}") for key in golden)
    return next(filter(None, found), None)


def sequence_disagreement(golden, got, where):
    if not isinstance(got, list) or len(golden) != len(got):
        return f"{where}: expected {golden!r}, got {got!r}"
    found = (value_disagreement(a, b, f"{where}[{i}]") for i, (a, b) in enumerate(zip(golden, got, strict=True)))
    return next(filter(None, found), None)
