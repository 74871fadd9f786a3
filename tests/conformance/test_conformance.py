"""nb_sepconv answers as TensorFlow did: one test per scenario of tests/conformance."""

import json
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv
from conformance.differences import DELIBERATE
from conformance.harness import Scenarios, disagreement, jsonable, outcome, quoted_words
from conformance.scenarios import SUBJECTS

GOLDEN = {
    subject: json.loads((Path(__file__).parents[1] / "conformance" / "golden" / f"{subject}.json").read_text())
    for subject in SUBJECTS
}
CASES = [(subject, name) for subject in SUBJECTS for name in SUBJECTS[subject]]


def run(value):
    return [run(item) for item in value] if isinstance(value, (list, tuple)) else np.asarray(value)


@pytest.mark.parametrize(("subject", "name"), CASES, ids=[".".join(case) for case in CASES])
def test_answers_as_tensorflow(subject, name):
    got = outcome(SUBJECTS[subject][name], nb_sepconv, run)
    found = disagreement(GOLDEN[subject][name], got)
    if f"{subject}.{name}" in DELIBERATE:
        assert found is not None, "it agrees after all"
        assert_difference(DELIBERATE[f"{subject}.{name}"], got)
    else:
        assert found is None


def assert_difference(difference, got):
    if difference.raises:
        assert got.get("raises") in difference.raises, difference.why
    else:
        assert disagreement({"value": jsonable(difference.value)}, got) is None, difference.why


def test_golden_data_and_scenarios_match():
    assert {subject: list(golden) for subject, golden in GOLDEN.items()} == {
        subject: list(scenarios) for subject, scenarios in SUBJECTS.items()
    }


def test_deliberate_differences_are_scenarios():
    assert set(DELIBERATE) <= {".".join(case) for case in CASES}


@pytest.mark.parametrize(
    ("golden", "got"),
    [
        ({"value": 1}, {"value": 2}),
        ({"value": 1}, {"value": True}),
        ({"value": [1, 2]}, {"value": [1]}),
        ({"value": {"a": 1}}, {"value": {"b": 1}}),
        ({"value": 1.0}, {"value": 1.001}),
        ({"value": 1}, {"raises": "ValueError", "message": ""}),
        ({"raises": "ValueError", "message": ""}, {"value": 1}),
        ({"raises": "ValueError", "message": ""}, {"raises": "TypeError", "message": ""}),
        ({"raises": "ValueError", "message": "bad `strides`"}, {"raises": "ValueError", "message": "bad `padding`"}),
    ],
)
def test_harness_sees_differences(golden, got):
    assert disagreement(golden, golden) is None
    assert disagreement(golden, got) is not None


@pytest.mark.parametrize("other", [np.zeros(3), np.zeros((1, 2)), np.float32([1, 2]), np.array([1, 2.001])])
def test_harness_sees_other_arrays(other):
    golden, got = ({"value": jsonable(value)} for value in (np.array([1.0, 2.0]), other))
    assert disagreement(golden, golden) is None
    assert disagreement(golden, got) is not None


def test_quoted_words_are_single_words():
    assert quoted_words("`strides > 1` with 'x y' or \"same\", not `a.b`") == {"strides", "x", "same"}


def test_decorated_scenarios_are_kept_by_name():
    scenarios = Scenarios()

    @scenarios
    def three():
        return 3

    assert scenarios == {"three": three}
    assert three() == 3
