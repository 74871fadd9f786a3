"""Random programs of scopes, variables, layers and templates answer as TensorFlow did."""

import json
from pathlib import Path

import pytest
from random_programs import answer

import nb_sepconv as tf

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "random_programs.json").read_text())


@pytest.mark.parametrize("seed", range(len(RECORDED)))
def test_answers_as_tensorflow(seed):
    assert json.loads(json.dumps(answer(tf, seed))) == RECORDED[seed]


def test_programs_do_what_they_are_for():
    steps = [json.dumps(step) for program in RECORDED for step in program[:-4]]
    assert len(steps) > 1000
    for kind in ("raises ValueError", "convolved", '"auto"', "_1/", ":0"):
        assert sum(kind in step for step in steps) > 40
