"""Long chunks are computed in pieces, with the bits of one call."""

import itertools

import numpy as np
import pytest
from window_cases import DTYPES, FORMATS, dtype_of, same_bits

import nb_sepconv as tf
from nb_sepconv.lazy import tasks

da = pytest.importorskip("dask.array")


@pytest.fixture
def pieces(monkeypatch):
    """The pieces of each task; those of a kilobyte are long enough."""
    monkeypatch.setattr(tasks, "PIECE_BYTES", 1 << 10)
    monkeypatch.setattr(tasks, "LEAST_FIELDS", 1)
    found, cut = [], tasks._pieces
    monkeypatch.setattr(tasks, "_pieces", lambda *of: (found.append(cut(*of)), found[-1])[1])
    return found


def stack(strides, dilation, padding, activation="relu", **others):
    return tf.Stack(
        tf.layers.SeparableConv1D(7, 5, strides=strides, padding=padding, activation=activation, **others),
        tf.layers.SeparableConv1D(4, 3, dilation_rate=dilation, padding="same", **others),
        tf.layers.SeparableConv1D(6, 4, strides=2, padding=padding, **others),
    )


def outputs_of(model, inputs, chunks):
    return model(da.from_array(inputs, chunks)).compute(scheduler="sync")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 700, 3), (5, 130, 2)], ids=str)
def test_pieces_have_the_bits_of_one_call(shape, dtype, pieces):
    inputs = np.random.default_rng(0).standard_normal(shape).astype(dtype_of(dtype))
    for strides, dilation, padding in itertools.product((1, 2, 3), (1, 3), ("same", "valid", "causal")):
        model = stack(strides, dilation, padding)
        wanted = model(inputs)
        for chunks in (shape, (2, 50, 1), (shape[0], (7,) * (shape[1] // 7 - 1) + (shape[1] % 7 + 7,), 2)):
            outputs = outputs_of(model, inputs, chunks)
            assert outputs.dtype == wanted.dtype
            assert same_bits(outputs, wanted), (strides, dilation, padding, chunks)
    assert max(map(len, pieces)) > 5


@pytest.mark.parametrize(("fields", "most"), [(1, 100), (20, 5)])
def test_pieces_are_long_against_the_field(fields, most, pieces, monkeypatch):
    monkeypatch.setattr(tasks, "LEAST_FIELDS", fields)
    inputs = np.random.default_rng(0).standard_normal((1, 4000, 3)).astype(np.float32)
    model = stack(1, 8, "same")
    wanted = model(inputs)
    span = tf.receptive_field(model, inputs.shape[1]).span
    assert same_bits(outputs_of(model, inputs, inputs.shape), wanted)
    (found,) = pieces
    assert [piece.start for piece in found[1:]] == [piece.stop for piece in found[:-1]]
    assert 1 < len(found) <= 4000 / (fields * span)
    assert len(found) > most / 2


def test_short_examples_are_computed_some_at_a_time(pieces):
    inputs = np.random.default_rng(0).standard_normal((50, 12, 3)).astype(np.float32)
    model = stack(1, 1, "same")
    assert same_bits(outputs_of(model, inputs, inputs.shape), model(inputs))
    (found,) = pieces
    assert {(piece.start, piece.stop) for piece in found} == {(0, 6)}
    assert {piece.last - piece.first for piece in found} == {3, 2}  # 12 steps of 7 channels are 336 bytes


@pytest.mark.parametrize("model", ["softmax over steps", "activation of NumPy", "channels_first"])
def test_what_may_not_be_cut_or_lies_otherwise_stays_whole(model, pieces):
    made = {
        "softmax over steps": lambda: stack(1, 1, "same", lambda x: tf.nn.softmax(x, 1)),
        "activation of NumPy": lambda: stack(1, 1, "same", lambda x: x + np.float32(1)),
        "channels_first": lambda: stack(1, 1, "same", data_format=FORMATS[1]),
    }[model]()
    shape = (1, 3, 500) if model == "channels_first" else (1, 500, 3)
    inputs = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    assert same_bits(outputs_of(made, inputs, shape), made(inputs))
    assert [len(found) for found in pieces] == [1]
