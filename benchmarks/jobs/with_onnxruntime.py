"""ONNX Runtime over chunks that are cut by hand, with the outputs in a mapped file."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from benchmarks.jobs import chunks, halo

THREADS = []
FLOAT = TensorProto.FLOAT


def version():
    return onnxruntime.__version__


def use_threads(count):
    THREADS[:] = [count]


def model(layers):
    """Convolutions of series with channels first, between two transpositions."""
    nodes, constants, now = [helper.make_node("Transpose", ["x"], ["x0"], perm=[0, 2, 1])], {}, "x0"
    for index, layer in enumerate(layers):
        depthwise = np.ascontiguousarray(layer.depthwise.transpose(1, 2, 0))
        constants |= {f"d{index}": depthwise, f"p{index}": np.ascontiguousarray(layer.pointwise.T[:, :, None])}
        constants[f"b{index}"], side = layer.bias, len(layer.depthwise) // 2
        settings = {"group": len(depthwise), "pads": [side, side]}
        nodes.append(helper.make_node("Conv", [now, f"d{index}"], [f"h{index}"], **settings))
        nodes.append(helper.make_node("Conv", [f"h{index}", f"p{index}", f"b{index}"], [f"s{index}"]))
        now = f"a{index}"
        nodes.append(helper.make_node("Relu", [f"s{index}"], [now]))
    nodes.append(helper.make_node("Transpose", [now], ["y"], perm=[0, 2, 1]))
    graph = helper.make_graph(
        nodes,
        "job",
        [helper.make_tensor_value_info("x", FLOAT, [1, None, layers[0].depthwise.shape[1]])],
        [helper.make_tensor_value_info("y", FLOAT, [1, None, layers[-1].pointwise.shape[1]])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return made.SerializeToString()


def job(layers):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS[0], 1
    session = onnxruntime.InferenceSession(model(layers), options, providers=["CPUExecutionProvider"])
    around, filters = halo(layers), layers[-1].pointwise.shape[1]

    def run(source, destination):
        series = np.load(source, mmap_mode="r")
        outputs = np.lib.format.open_memmap(destination, "w+", np.float32, (len(series), filters))
        for start, stop, first, last in chunks(len(series), around):
            (answer,) = session.run(None, {"x": series[None, first:last]})
            outputs[start:stop] = answer[0, start - first : stop - first]
        outputs.flush()

    return run
