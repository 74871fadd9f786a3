"""Whole programs in TF1's words give what TensorFlow gave."""

import json
from pathlib import Path

import numpy as np
import pytest

import nb_sepconv as tf
from tests.programs import all_programs, make_inputs, make_weight

RECORDED = np.load(Path(__file__).parents[1] / "data" / "programs.npz")
PROGRAMS = all_programs()
RELATIVE = {"float16": 2e-3, "float32": 2e-5, "float64": 1e-12}


def recorded(name):
    """TensorFlow's answers to one program, by their keys."""
    prefix = f"{name}|"
    return {
        key.removeprefix(prefix).replace("|", "/"): RECORDED[key] for key in RECORDED.files if key.startswith(prefix)
    }


def answers(name, program):
    """The same of this library; each variable takes its value as soon as it is made."""
    arrays = make_inputs(name, program)
    before = {key: value.copy() for key, value in arrays.items()}
    with tf.Graph().as_default(), tf.variable_scope(tf.get_variable_scope(), custom_getter=with_value):
        outputs = program(tf, **arrays)
        found = {f"outputs/{key}": np.asarray(value) for key, value in outputs.items()}
        found |= {f"losses/{index}": np.asarray(value) for index, value in enumerate(tf.losses.get_losses())}
        penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
        found |= {f"penalties/{index}": np.asarray(value) for index, value in enumerate(penalties)}
        described = variables()
        for update in list(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            update()
        averages = [variable for variable in tf.global_variables() if "moving" in variable.name]
        found |= {f"averages/{variable.name}": np.asarray(variable) for variable in averages}
    assert all(np.array_equal(value, before[key]) for key, value in arrays.items())
    return described, found


def with_value(getter, name, *args, **kwargs):
    variable = getter(name, *args, **kwargs)
    return variable.assign(make_weight(variable.name, variable.shape.as_list(), variable.dtype.name))


def variables():
    trained = {variable.name for variable in tf.trainable_variables()}
    return [
        [variable.name, variable.shape.as_list(), variable.dtype.name, variable.name in trained]
        for variable in tf.global_variables()
    ]


def test_every_program_is_recorded():
    assert {key.partition("|")[0] for key in RECORDED.files} == set(PROGRAMS)
    assert len(PROGRAMS) >= 40


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_agree_with_tensorflow(name):
    want = recorded(name)
    described, found = answers(name, PROGRAMS[name])
    assert described == json.loads(str(want.pop("variables")))
    assert found.keys() == want.keys()
    for key, value in found.items():
        assert (value.shape, value.dtype) == (want[key].shape, want[key].dtype), key
        if value.dtype.kind == "f":
            size = max(np.abs(want[key].astype(np.float64)).max(initial=0), 1e-3)
            np.testing.assert_allclose(value, want[key], rtol=0, atol=RELATIVE[value.dtype.name] * size, err_msg=key)
        else:
            assert np.array_equal(value, want[key]), key
