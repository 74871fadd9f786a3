"""Names of TensorFlow and Keras that are not here say what to do instead."""

import json
from operator import attrgetter
from pathlib import Path

import pytest

import nb_sepconv as tf
from nb_sepconv.checks.missing_families import FAMILIES

NAMES = json.loads((Path(__file__).parents[1] / "data" / "names.json").read_text(encoding="utf-8"))
UNSPECIFIC = ("`dir(", "it is not part of this library", "if that was meant")


def message_of(path):
    with pytest.raises(AttributeError) as error:
        attrgetter(path)(tf)
    return str(error.value)


@pytest.mark.parametrize("room", NAMES)
def test_no_name_of_theirs_is_answered_in_general(room):
    module = attrgetter(room)(tf) if room else tf
    for name in NAMES[room].split():
        if not hasattr(module, name):
            message = message_of(f"{room}.{name}" if room else name)
            assert not any(words in message for words in UNSPECIFIC), message
            assert message.startswith(f"module '{module.__name__}' has no attribute '{name}': "), message


@pytest.mark.parametrize("room", FAMILIES)
def test_each_family_says_one_sentence(room):
    for _, advice in FAMILIES[room]:
        sentence = advice.partition("\n")[0]
        assert sentence[0].islower() or sentence[0] == "`"
        assert not sentence.endswith(".")
        assert len(sentence) < 180


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("Session", "call the function with arrays and use the array that it returns:\n    y = model("),
        ("placeholder", "everything runs at once"),
        ("global_variables_initializer", "leave the call out:\n    gain = tf.get_variable("),
        ("contrib", "left TensorFlow with version 2"),
        ("estimator", "write a loop over batches"),
        ("while_loop", "write it in Python"),
        ("wrap_function", "leave it out"),
        ("matrix_inverse", "`numpy.linalg`"),
        ("searchsorted", "`np.searchsorted`"),
        ("layers.conv2d", "only series"),
        ("keras.layers.LSTM", "no recurrent layers"),
        ("nn.dynamic_rnn", "no recurrent layers"),
        ("nn.ctc_loss", "no CTC"),
        ("train.Checkpoint", "train.Saver"),
        ("train.NewCheckpointReader", "load_checkpoint"),
        ("train.ExponentialMovingAverage", "decay"),
        ("train.SummarySaverHook", "write a loop"),
        ("keras.Model", "`keras.Sequential` and no graphs of layers"),
        ("keras.backend", "no backends"),
        ("keras.config", "keras.json"),
        ("keras.layers.MaxPool2D", "only series"),
        ("keras.layers.MultiHeadAttention", "`tf.nn.softmax`"),
        ("get_varible", "use `get_variable`, if that was meant"),
        ("layers.SeparableConv1", "`SeparableConv1D`"),
        ("layers.nonsense", "a few layers around them"),
        ("nonsense", "it is not part of this library"),
    ],
)
def test_what_to_do_instead(path, advice):
    assert advice in message_of(path)
