"""TF1's array words: what TensorFlow answered to random calls, and the rules one by one."""

import json
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv as tf
from tests.word_cases import BFLOAT16, WORDS, calls, function_of, with_arrays
from tests.word_differences import DIFFERENCES

# What rounding may add up to, in parts of the magnitude: sums in another order, another library's functions.
TOLERANCES = {"float16": 2e-3, "bfloat16": 1.6e-2, "float32": 4e-6, "float64": 1e-12}


@pytest.fixture(scope="module")
def recorded():
    """word -> its calls' answers as lists of arrays, None where TensorFlow refused."""
    file = np.load(Path(__file__).parents[1] / "data" / "words.npz")
    numbers = {name: file[name] for name in file.files if name != "about"}
    for name, dtype in (("float16", np.float16), ("bfloat16", BFLOAT16)):
        numbers[name] = numbers[name].view(dtype)
    places = dict.fromkeys(numbers, 0)

    def taken(name, shape):
        start, places[name] = places[name], places[name] + int(np.prod(shape))
        return numbers[name][start : places[name]].reshape(shape)

    about = json.loads(file["about"].tobytes())["words"]
    return {
        word: [answer and [taken(*each) for each in answer] for answer in answers] for word, answers in about.items()
    }


def answer(word, args, keywords, make):
    """The arrays of one call, or the error that it raised."""
    try:
        result = function_of(tf, word)(*[with_arrays(each, make) for each in args], **with_arrays(keywords, make))
    except (ValueError, TypeError, ArithmeticError) as error:
        return error
    return list(result) if isinstance(result, (list, tuple)) else [result]


def difference(want, got):
    """In one word how an answer differs, or None."""
    if want is None or isinstance(got, Exception):
        return None if want is None and isinstance(got, Exception) else "accepts" if want is None else "refuses"
    if [(each.dtype, each.shape) for each in want] != [(each.dtype, tuple(each.shape)) for each in got]:
        return "type or shape"
    return None if all(map(_close, want, got)) else "values"


def _close(want, got):
    tolerance = TOLERANCES.get(want.dtype.name)
    if tolerance is None:
        return np.array_equal(want, got)
    want, got = (np.asarray(each, np.float64) for each in (want, got))
    finite = np.isfinite(want)
    scale = np.abs(want[finite]).max(initial=1e-30)
    with np.errstate(invalid="ignore", over="ignore"):
        close = np.abs(want - got) <= tolerance * (np.abs(want) + 0.2 * scale)
    return bool(np.all(np.where(finite, close, (want == got) | (np.isnan(want) & np.isnan(got)))))


@pytest.mark.parametrize("word", WORDS)
def test_random_calls_answer_as_in_tensorflow(recorded, word):
    """With tensors and with plain arrays in turns; each known difference is listed with its reason, and found."""
    found = {}
    for i, (args, keywords) in enumerate(calls(word)):
        got = answer(word, args, keywords, tf.convert_to_tensor if i % 2 else np.copy)
        kind = difference(recorded[word][i], got)
        if kind:
            found.setdefault(kind, []).append(i)
    listed = {kind for kind, _ in DIFFERENCES.get(word, ())}
    assert set(found) == listed, {kind: numbers for kind, numbers in found.items() if kind not in listed}


@pytest.mark.parametrize("word", WORDS)
def test_results_are_new_arrays_and_inputs_stay_as_they_are(word):
    for args, keywords in calls(word)[:20]:
        given = []

        def kept(array, given=given):
            given.append((array, array.copy()))
            return array

        results = answer(word, args, keywords, kept)
        if isinstance(results, Exception):
            continue
        for array, before in given:
            assert not any(np.may_share_memory(array, result) for result in results)
            assert array.tobytes() == before.tobytes()
        assert all(type(result) is tf.Tensor for result in results)
