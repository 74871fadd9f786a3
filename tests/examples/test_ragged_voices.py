"""A batch of utterances with lengths gives what each gives alone; one padded with zeros does not."""

import io

import numpy as np
import pytest
from rich.console import Console

import nb_sepconv as tf
from examples import ragged_voices


@pytest.fixture(autouse=True)
def _own_graph():
    with tf.Graph().as_default():
        yield


def test_what_the_recordings_hold():
    batch = ragged_voices.read_voices()
    assert batch.inputs.shape == (640, 29, 12)
    assert (batch.lengths.min(), batch.lengths.max()) == (7, 29)


def test_lengths_give_the_bits_of_each_alone_and_zeros_do_not():
    batch, stack = ragged_voices.read_voices(), ragged_voices.two_layers()
    found = {name: way(stack, batch) for name, way in ragged_voices.WAYS.items()}
    wanted = found["each alone"]
    assert [len(one) for one in wanted] == (-(-batch.lengths // 2)).tolist()
    assert ragged_voices.same_bits(found["one batch, lengths"], wanted).all()
    assert ragged_voices.same_bits(found["one batch, zeros"], wanted).sum() < 64
    assert ragged_voices.largest_difference(found["one batch, zeros"], wanted) > 0.01


def test_image_of_the_differences():
    image = ragged_voices.error_image([np.ones((1, 2)), np.zeros((2, 2))], [np.zeros((1, 2)), np.zeros((2, 2))])
    np.testing.assert_array_equal(image, [[1, np.nan], [0, 0]])


def test_it_prints_a_table_and_draws(tmp_path, monkeypatch):
    monkeypatch.setattr(ragged_voices, "CALLS", 1)
    text = io.StringIO()
    ragged_voices.main(tmp_path, Console(file=text, width=100))
    assert "640 of 640" in text.getvalue()
    assert (tmp_path / "ragged-voices.png").read_bytes().startswith(b"\x89PNG")
