"""What belongs to an optimizer and what to the model, in what Keras writes through TensorFlow's own savers."""

from pathlib import Path

import numpy as np
import pytest

from nb_sepconv import weights

FOLDER = Path(__file__).parents[1] / "data" / "weights" / "trackable"
CHECKPOINTS = [
    "keras3_adam_schedule",
    "keras3_rmsprop_average",
    "keras3_loss_scale",
    "tf_keras_sgd_schedule",
    "tf_keras_loss_scale",
    "tf_keras_legacy_schedule",
]


def assert_holds(path, name):
    """The file has the model's variables and no others, each under its name."""
    with np.load(FOLDER / f"{name}.expected.npz") as wanted, weights.load(path) as file:
        assert set(file) == set(wanted)
        for key in wanted:
            np.testing.assert_array_equal(file[key], wanted[key])
        return set(file.slots)


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints_of_a_training_loop(name):
    """An optimizer with a schedule has no variable for its learning rate, by which it once was known."""
    assert len(assert_holds(FOLDER / name / "variables", name)) >= 9


def test_a_fitted_model_of_keras_3_as_saved_model():
    """Its variables have keys below the optimizer, which trains them; once all were taken for its state."""
    slots = assert_holds(FOLDER / "keras3_fitted", "keras3_fitted")
    assert {"adam/iteration", "adam/model_sep_bias_momentum"} <= slots


def test_an_export_of_keras_3_has_each_variable_once():
    """It stores all values twice, which made the names ambiguous."""
    assert assert_holds(FOLDER / "keras3_export", "keras3_export") == set()


def test_weights_in_several_files():
    slots = assert_holds(FOLDER / "sharded.weights.json", "sharded")
    assert "adam/vars/0" in slots
