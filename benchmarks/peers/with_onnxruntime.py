"""ONNX Runtime: two Conv nodes, or a Conv and a MatMul, with inputs and outputs bound once."""

from functools import partial

import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper

from benchmarks.peers import Prepared, channels_first, grouped_kernel, mixing_kernel

THREADS = []
FLOAT = TensorProto.FLOAT


def version():
    return onnxruntime.__version__


def use_threads(count):
    THREADS[:] = [count]


def model(nodes, constants, input_shape, output_shape):
    graph = helper.make_graph(
        nodes,
        "separable",
        [helper.make_tensor_value_info("x", FLOAT, input_shape)],
        [helper.make_tensor_value_info("y", FLOAT, output_shape)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(made)
    return made.SerializeToString()


def session(serialized):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = THREADS[0], 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    return onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])


def bound(serialized, inputs, output_shape, fetch):
    runner = session(serialized)
    outputs = onnxruntime.OrtValue.ortvalue_from_shape_and_type(output_shape, np.float32)
    binding = runner.io_binding()
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(inputs))
    binding.bind_ortvalue_output("y", outputs)
    return Prepared(partial(runner.run_with_iobinding, binding), lambda _: fetch(outputs.numpy()))


def depthwise_node(workload, rank):
    left, right = workload.pads
    ahead = [0] * (rank - 1)
    return helper.make_node(
        "Conv",
        ["x", "depthwise"],
        ["hidden"],
        group=workload.channels,
        strides=[1] * (rank - 1) + [workload.strides],
        dilations=[1] * (rank - 1) + [workload.dilation_rate],
        pads=[*ahead, left, *ahead, right],
    )


def two_convolutions(rank, workload, arrays):
    ones = (1,) * (rank - 1)
    depthwise, mixing = grouped_kernel(workload, arrays["depthwise"]), mixing_kernel(arrays["pointwise"])
    constants = {
        "depthwise": depthwise.reshape(*depthwise.shape[:2], *ones, workload.kernel_size),
        "mixing": mixing.reshape(*mixing.shape[:2], *ones, 1),
        "bias": arrays["bias"],
    }
    nodes = [depthwise_node(workload, rank), helper.make_node("Conv", ["hidden", "mixing", "bias"], ["y"])]
    inputs = channels_first(arrays["inputs"])
    inputs = inputs.reshape(*inputs.shape[:2], *ones, workload.length)
    output_shape = [workload.batch, workload.filters, *ones, workload.output_length]
    serialized = model(nodes, constants, inputs.shape, output_shape)
    return bound(serialized, inputs, output_shape, lambda y: channels_first(y.reshape(*y.shape[:2], -1)))


def convolution_and_product(workload, arrays):
    constants = {
        "depthwise": grouped_kernel(workload, arrays["depthwise"]),
        "mixing": np.ascontiguousarray(arrays["pointwise"].T),
        "bias": arrays["bias"][:, None],
    }
    nodes = [
        depthwise_node(workload, 1),
        helper.make_node("MatMul", ["mixing", "hidden"], ["mixed"]),
        helper.make_node("Add", ["mixed", "bias"], ["y"]),
    ]
    inputs = channels_first(arrays["inputs"])
    output_shape = [workload.batch, workload.filters, workload.output_length]
    return bound(model(nodes, constants, inputs.shape, output_shape), inputs, output_shape, channels_first)


CANDIDATES = {
    "series, channels_first": partial(two_convolutions, 1),
    "image, channels_first": partial(two_convolutions, 2),
    "series and product, channels_first": convolution_and_product,
}
