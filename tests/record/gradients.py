"""Record TensorFlow's gradients anew: TF_USE_LEGACY_KERAS=1 python -m tests.record.gradients

Needs tensorflow-cpu. Reads the cases and their operands from tests/data/gradients.npz, and writes the outputs and
the gradients that TensorFlow computes for them in float64 back to it.
"""

import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).parents[1] / "data" / "gradients.npz"
OPERANDS = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")


def padded(tensorflow, case, inputs, taps):
    """The inputs, with the zeros of causal padding, and the padding that is left to the convolution."""
    if case["padding"] != "causal":
        return inputs, case["padding"].upper()
    return tensorflow.pad(inputs, [[0, 0], [(taps - 1) * case["dilation_rate"], 0], [0, 0]]), "VALID"


def outputs_of(tensorflow, case, inputs, depthwise_kernel, pointwise_kernel, bias=None):
    """The layer by TensorFlow's operations on images of height one."""
    inputs, padding = padded(tensorflow, case, inputs, depthwise_kernel.shape[0])
    outputs = tensorflow.nn.separable_conv2d(
        inputs[:, None],
        depthwise_kernel[None],
        pointwise_kernel[None],
        strides=[1, case["strides"], case["strides"], 1],
        padding=padding,
        dilations=[1, case["dilation_rate"]],
    )[:, 0]
    outputs = outputs if bias is None else outputs + bias
    activation = case["activation"]
    return getattr(tensorflow.keras.activations, activation)(outputs) if activation else outputs


def recorded(tensorflow, case, operands, d_outputs):
    """The outputs and the gradients of one case by name."""
    tensors = {name: tensorflow.constant(operand) for name, operand in operands.items()}
    with tensorflow.GradientTape() as tape:
        tape.watch(tensors)
        outputs = outputs_of(tensorflow, case, **tensors)
    gradients = tape.gradient(outputs, tensors, tensorflow.constant(d_outputs))
    return {"outputs": outputs.numpy()} | {f"d_{name}": gradient.numpy() for name, gradient in gradients.items()}


def main():
    """Replace the recorded outputs and gradients."""
    import tensorflow

    values = dict(np.load(FILE))
    for case in json.loads(str(values["cases"])):
        prefix = case["id"]
        operands = {name: values[f"{prefix}/{name}"] for name in OPERANDS if f"{prefix}/{name}" in values}
        found = recorded(tensorflow, case, operands, values[f"{prefix}/d_outputs"])
        changes = [np.abs(value - values[f"{prefix}/{name}"]).max() for name, value in found.items()]
        print(f"{prefix}: largest change {max(changes):.2g}")
        values.update({f"{prefix}/{name}": value for name, value in found.items()})
    np.savez_compressed(FILE, **values)


if __name__ == "__main__":
    main()
