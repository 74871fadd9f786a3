"""Where nb_sepconv differs from TensorFlow on purpose: scenario -> (the errors it may raise instead, why)."""

WRONG_TYPE = (("TypeError", "ValueError"), "TensorFlow leaks an AttributeError; we name the argument")

DELIBERATE = {
    "refusals.data_format_number": WRONG_TYPE,
    "refusals.class_data_format_number": WRONG_TYPE,
    "refusals.padding_number": WRONG_TYPE,
    "refusals.class_padding_number": WRONG_TYPE,
    "refusals.padding_none": WRONG_TYPE,
    "refusals.class_padding_none": WRONG_TYPE,
    "refusals.scalar_input": WRONG_TYPE,
    "refusals.filters_none": (
        ("ValueError",),
        "TensorFlow complains of a shape that is not fully defined; we name the argument",
    ),
    "refusals.depthwise_regularizer_unknown": (
        ("ValueError",),
        "TensorFlow keeps an unknown regularizer's name and fails to call it; we refuse the name",
    ),
    "refusals.activity_regularizer_unknown": (
        ("ValueError",),
        "TensorFlow keeps an unknown regularizer's name and fails to call it; we refuse the name",
    ),
}
