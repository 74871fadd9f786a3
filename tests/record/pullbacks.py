"""Record TensorFlow's gradients of layers without kernels: python -m tests.record.pullbacks

Needs tensorflow. Writes tests/data/pullbacks.npz: for each case its inputs, the gradient of its outputs, and what
TensorFlow's tape gives for them in float64. Dropout's gradient is that of the elements that TensorFlow kept.
"""

from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[1] / "data" / "pullbacks.npz"
SHAPE = (2, 7, 3)
EPSILON, MOMENTUM = 0.01, 0.9
CASES = {
    "batch_by_averages": ("BatchNormalization", {"epsilon": EPSILON, "momentum": MOMENTUM}, False),
    "batch_by_batch": ("BatchNormalization", {"epsilon": EPSILON, "momentum": MOMENTUM}, True),
    "batch_of_steps": ("BatchNormalization", {"axis": 1, "epsilon": EPSILON, "momentum": MOMENTUM}, True),
    "flatten": ("Flatten", {}, None),
    "flatten_channels_first": ("Flatten", {"data_format": "channels_first"}, None),
    "dropout": ("Dropout", {"rate": 0.4}, True),
    "max_valid": ("MaxPooling1D", {"pool_size": 2, "strides": 2}, None),
    "max_same": ("MaxPooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, None),
    "max_overlapping": ("MaxPooling1D", {"pool_size": 3, "strides": 1, "padding": "same"}, None),
    "average_valid": ("AveragePooling1D", {"pool_size": 2, "strides": 2}, None),
    "average_same": ("AveragePooling1D", {"pool_size": 3, "strides": 2, "padding": "same"}, None),
}


def recorded(tensorflow, random, kind, arguments, training):
    """What one case reads and gives, by name. Inputs are whole numbers, so that windows have equal steps."""
    layer = getattr(tensorflow.keras.layers, kind)(**arguments, dtype="float64")
    inputs = tensorflow.constant(random.integers(-3, 4, SHAPE).astype(np.float64))
    layer.build(SHAPE)
    for weight in layer.weights:
        weight.assign(random.uniform(0.5, 2, weight.shape))
    given = {f"weight{index}": weight.numpy() for index, weight in enumerate(layer.weights)}
    how = {} if training is None else {"training": training}
    with tensorflow.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, **how)
    d_outputs = random.standard_normal(outputs.shape)
    weights = [weight.value if hasattr(weight.value, "dtype") else weight for weight in layer.trainable_weights]
    d_inputs, *gradients = tape.gradient(outputs, [inputs, *weights], tensorflow.constant(d_outputs))
    found = {"inputs": inputs, "outputs": outputs, "d_outputs": d_outputs, "d_inputs": d_inputs}
    found |= {f"d_weight{index}": gradient for index, gradient in enumerate(gradients)}
    found |= {f"later_weight{index}": weight.numpy() for index, weight in enumerate(layer.weights)}
    return {name: np.asarray(value) for name, value in {**given, **found}.items()}


def main():
    """Write the file."""
    import tensorflow

    random = np.random.default_rng(11)
    found = {case: recorded(tensorflow, random, *how) for case, how in CASES.items()}
    np.savez_compressed(FILE, **{f"{case}/{name}": value for case, of in found.items() for name, value in of.items()})


if __name__ == "__main__":
    main()
