"""What callers write, in one form: every spelling of a setting is the same setting."""

import itertools

import numpy as np
import pytest

from nb_sepconv import ops
from nb_sepconv.convolution import settings
from nb_sepconv.convolution.settings import Settings

PLAIN = Settings(2, 1, "same", "channels_first", None, None, None)


@pytest.mark.parametrize("strides", [2, (2,), [2], np.int32(2), np.array([2])])
@pytest.mark.parametrize("dilation", [1, (1,), np.int64(1)])
def test_spellings_of_the_same(strides, dilation):
    for padding, data_format in itertools.product(("same", "SAME"), ("channels_first", "Channels_First")):
        found = settings.from_arguments(strides, padding, data_format, dilation)
        assert found == PLAIN
        assert [type(each) for each in found[:4]] == [int, int, str, str]


def test_zeros_and_the_default_format():
    for padding in ((2, 0), [2, 0], np.array([2, 0]), (np.int8(2), 0)):
        found = settings.from_arguments(1, padding, None, 1)
        assert found.padding == (2, 0)
        assert found.channels_last


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"strides": True}, ValueError, "`strides` argument must be a tuple of 1 integers. Received: True"),
        ({"strides": 1.0}, ValueError, "`strides` argument must be a tuple of 1 integers. Received: 1.0"),
        ({"strides": 0}, ValueError, "`strides` .* including \\{0\\} that does not satisfy the requirement `> 0`"),
        ({"dilation_rate": (1, 1)}, ValueError, "`dilation_rate` argument must be a tuple of 1 integers"),
        ({"padding": "full"}, ValueError, "`padding` argument must be one of .* Received: 'full'"),
        ({"padding": (1, -1)}, ValueError, "`padding` argument must be one of .* two integers >= 0"),
        ({"data_format": "NWC"}, ValueError, "`data_format` argument must be one of .* Received: 'NWC'"),
        ({"precision": "double"}, ValueError, "`precision` must be one of"),
    ],
)
def test_a_value_that_equals_an_accepted_one_is_still_refused(changes, error, message):
    """Whatever was accepted before: True and 1.0 are equal to 1."""
    plain = {"strides": 1, "padding": "valid", "data_format": "channels_last", "dilation_rate": 1}
    settings.from_arguments(**plain)
    with pytest.raises(error, match=message):
        settings.from_arguments(**{**plain, **changes})
    arrays = np.ones((1, 4, 1)), np.ones((2, 1, 1))
    with pytest.raises(error, match=message):
        ops.depthwise_conv1d(*arrays, **changes)
    with pytest.raises(error, match=message):
        ops.depthwise_conv1d_gradients(np.ones((1, 3, 1)), *arrays, **changes)
