"""Where nb_sepconv differs from TensorFlow on purpose, scenario by scenario."""

from dataclasses import dataclass

import numpy as np

from conformance.scenarios.activations import ORDINARY


@dataclass(frozen=True)
class Difference:
    """Why we differ, and what we do instead: raise one of these, or give this value."""

    why: str
    raises: tuple[str, ...] = ()
    value: object = None


NAMED_ARGUMENT = Difference("TensorFlow leaks an AttributeError; we name the argument", ("TypeError", "ValueError"))
UNKNOWN_REGULARIZER = Difference("TensorFlow keeps an unknown name and fails to call it; we refuse it", ("ValueError",))
LIMIT_AT_INFINITY = "TensorFlow gives NaN at infinity; we give the limit"

DELIBERATE = {
    "refusals.data_format_number": NAMED_ARGUMENT,
    "refusals.class_data_format_number": NAMED_ARGUMENT,
    "refusals.padding_number": NAMED_ARGUMENT,
    "refusals.class_padding_number": NAMED_ARGUMENT,
    "refusals.padding_none": NAMED_ARGUMENT,
    "refusals.class_padding_none": NAMED_ARGUMENT,
    "refusals.scalar_input": NAMED_ARGUMENT,
    "refusals.filters_none": Difference("TensorFlow complains of a shape; we name the argument", ("ValueError",)),
    "refusals.depthwise_regularizer_unknown": UNKNOWN_REGULARIZER,
    "refusals.activity_regularizer_unknown": UNKNOWN_REGULARIZER,
    "shapes.computed_of_zero_steps": Difference("A valid output has at least one step", ("ValueError",)),
    "idioms.failing_initializer_half_way": Difference(
        "A failed build leaves nothing behind", value=["KeyError", "", []]
    ),
    "idioms.numpy_integers_as_arguments": Difference("NumPy's integers are integers", value=[1, 4, 4]),
    "idioms.empty_batch": Difference("TensorFlow gives a wrong shape", value=[0, 7, 4]),
    **dict.fromkeys(
        ("neighbours.flatten_3_0", "neighbours.flatten_channels_first_3_0"),
        Difference("TensorFlow gives a wrong shape", value=np.zeros((2, 0), np.float32)),
    ),
    "products.conv1d_empty_batch": Difference("TensorFlow gives a wrong shape", value=np.zeros((0, 7, 4), np.float32)),
    "activations.non_finite_softsign": Difference(LIMIT_AT_INFINITY, value=np.float32([np.nan, -1, 1])),
    "activations.non_finite_swish": Difference(LIMIT_AT_INFINITY, value=np.float32([np.nan, 0, np.inf])),
    "activations.non_finite_silu": Difference(LIMIT_AT_INFINITY, value=np.float32([np.nan, 0, np.inf])),
    "activations.float64_leaky_relu": Difference(
        "TensorFlow rounds the slope 0.2 to float32",
        value=np.where(ORDINARY[:2] < 0, 0.2, 1.0) * ORDINARY[:2].astype(np.float64),
    ),
    "training.global_step_by_name": Difference(
        "TensorFlow finds the variable's handle by that name; we find the variable", value=["ValueError", "int32"]
    ),
}
