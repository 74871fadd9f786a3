"""ONNX models of other exporters, and models with activations written from layers of both faces."""

import math

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import nb_sepconv as tf
from nb_sepconv import keras, weights

node = onnx.helper.make_node
RNG = np.random.default_rng(8)
DEPTHWISE = RNG.normal(size=(4, 1, 3)).astype("f4")
POINTWISE = RNG.normal(size=(2, 4, 1)).astype("f4")
CHANNELS, FILTERS = np.float32([[1], [2], [3], [4]]), np.float32([[[10], [20]]])


def save_model(path, nodes, constants, output="y"):
    values = [onnx.helper.make_tensor_value_info(name, 1, ["N", size, None]) for name, size in (("x", 4), (output, 2))]
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = onnx.helper.make_graph(nodes, "g", values[:1], values[1:], tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)
    return path


def assert_same_function(path, output="y"):
    """The variables that are read give what the model gives."""
    found = weights.from_onnx(path)
    x = np.random.default_rng(2).normal(size=(2, 4, 9)).astype("f4")
    (wanted,) = ReferenceEvaluator(str(path)).run([output], {"x": x})
    arrays = [found.get(f"sep/{role}") for role in ("depthwise_kernel", "pointwise_kernel", "bias")]
    y = tf.ops.separable_conv1d(x, *arrays, data_format="channels_first")
    np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-4)


FIRST = node("Conv", ["x", "d"], ["h"], name="sep", group=4)
SECOND = node("Conv", ["h", "p"], ["y"])
CONSTANTS = {"d": DEPTHWISE, "p": POINTWISE}
BIASES = {
    "behind the second": ([FIRST, node("Conv", ["h", "p"], ["z"]), node("Add", ["z", "b"], ["y"])], {"b": FILTERS}),
    "in front": ([FIRST, node("Conv", ["h", "p"], ["z"]), node("Add", ["b", "z"], ["y"])], {"b": FILTERS}),
    "subtracted": ([FIRST, node("Conv", ["h", "p"], ["z"]), node("Sub", ["z", "b"], ["y"])], {"b": FILTERS}),
    "one number": ([FIRST, node("Conv", ["h", "p"], ["z"]), node("Add", ["z", "b"], ["y"])], {"b": np.float32(7)}),
    "between": (
        [FIRST, node("Add", ["h", "b"], ["i"]), node("Conv", ["i", "p"], ["y"])],
        {"b": CHANNELS},
    ),
    "everywhere": (
        [
            node("Conv", ["x", "d", "c"], ["h"], name="sep", group=4),
            node("Add", ["h", "b"], ["i"]),
            node("Conv", ["i", "p", "e"], ["z"]),
            node("Add", ["z", "f"], ["zz"]),
            node("Sub", ["zz", "f"], ["zzz"]),
            node("Add", ["zzz", "f"], ["y"]),
        ],
        {"b": CHANNELS, "c": np.float32([5, 6, 7, 8]), "e": np.float32([0.5, 0.25]), "f": FILTERS},
    ),
}


@pytest.mark.parametrize("where", BIASES)
def test_a_bias_may_be_a_node_of_its_own(where, tmp_path):
    nodes, constants = BIASES[where]
    assert_same_function(save_model(tmp_path / "a.onnx", nodes, CONSTANTS | constants))


@pytest.mark.parametrize(
    "last",
    [
        node("Add", ["z", "z"], ["y"]),
        node("Add", ["z", "x"], ["y"]),
        node("Sub", ["b", "z"], ["y"]),
        node("Mul", ["z", "b"], ["y"]),
        node("Add", ["z", "steps"], ["y"]),
    ],
    ids=["itself", "another value", "subtracted from", "scaled", "other for each step"],
)
def test_what_is_no_bias_stays_outside(last, tmp_path):
    constants = CONSTANTS | {"b": FILTERS, "steps": np.zeros((1, 1, 7), "f4")}
    nodes = [FIRST, node("Conv", ["h", "p"], ["z"]), last]
    assert set(weights.from_onnx(save_model(tmp_path / "a.onnx", nodes, constants))) == {
        "sep/depthwise_kernel",
        "sep/pointwise_kernel",
    }


def test_a_value_that_others_read_too_has_no_bias_behind_it(tmp_path):
    nodes = [FIRST, node("Conv", ["h", "p"], ["y"]), node("Add", ["y", "b"], ["other"])]
    assert "sep/bias" not in weights.from_onnx(save_model(tmp_path / "a.onnx", nodes, CONSTANTS | {"b": FILTERS}))


def test_constants_may_be_nodes_and_have_further_names(tmp_path):
    """Other exporters write `Constant` nodes, and share weights by `Identity`."""
    nodes = [
        node("Constant", [], ["d"], value=onnx.numpy_helper.from_array(DEPTHWISE)),
        node("Identity", ["shared"], ["q"]),
        node("Identity", ["q"], ["p"]),
        node("Conv", ["x", "d"], ["h"], name="sep", group=4),
        node("Identity", ["h"], ["i"]),
        node("Conv", ["i", "p"], ["z"]),
        node("Constant", [], ["b"], value=onnx.numpy_helper.from_array(FILTERS)),
        node("Add", ["z", "b"], ["zz"]),
        node("Identity", ["zz"], ["y"]),
    ]
    assert_same_function(save_model(tmp_path / "a.onnx", nodes, {"shared": POINTWISE}))


def test_names_that_go_round_in_a_circle(tmp_path):
    nodes = [node("Identity", ["a"], ["d"]), node("Identity", ["d"], ["a"]), FIRST, SECOND]
    with pytest.raises(weights.WeightsError, match="its names go round in a circle"):
        weights.from_onnx(save_model(tmp_path / "a.onnx", nodes, {"p": POINTWISE}))


def test_nodes_that_go_round_in_a_circle(tmp_path):
    nodes = [FIRST, node("Add", ["h", "b"], ["i"]), node("Add", ["i", "b"], ["h"])]
    with pytest.raises(
        weights.WeightsError, match=r"expected an end of the nodes behind 'sep'|expected a grouped Conv"
    ):
        weights.from_onnx(save_model(tmp_path / "a.onnx", nodes, CONSTANTS | {"b": CHANNELS}))


def test_constants_without_their_values(tmp_path):
    short = onnx.numpy_helper.from_array(DEPTHWISE, "d")
    short.raw_data = short.raw_data[:-3]
    nodes = [node("Constant", [], ["d"], value=short), FIRST, SECOND]
    with pytest.raises(weights.WeightsError, match="expected the values of 'd'"):
        weights.from_onnx(save_model(tmp_path / "a.onnx", nodes, {"p": POINTWISE}))


def test_constant_nodes_in_other_files_are_refused(tmp_path):
    tensor = onnx.numpy_helper.from_array(DEPTHWISE, "d")
    onnx.external_data_helper.set_external_data(tensor, "../secret")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    nodes = [node("Constant", [], ["d"], value=tensor), FIRST, SECOND]
    path = save_model(tmp_path / "b.onnx", [FIRST, SECOND], CONSTANTS)
    model = onnx.load(path)
    del model.graph.node[:], model.graph.initializer[:1]
    model.graph.node.extend(nodes)
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(weights.WeightsError, match="expected all weights inside the model"):
        weights.from_onnx(tmp_path / "a.onnx")


NAMES = [
    "relu",
    "relu6",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "sigmoid",
    "hard_sigmoid",
    "tanh",
    "softplus",
    "softsign",
]
NAMES += ["swish", "silu", "mish", "exponential", "softmax", "log_softmax", "linear", None]
LAYERS = ["LeakyReLU", "ELU", "ReLU", "ThresholdedReLU", "Softmax"]
CONFIGS = [
    {"class_name": "ReLU", "config": {"max_value": 0.5, "negative_slope": 0.1}},
    {"class_name": "Softmax", "config": {"axis": 1}},
    {"class_name": "LeakyReLU", "config": {"alpha": 0.01}},
]


def assert_model_computes(path, run, data_format="channels_last"):
    x = np.random.default_rng(3).normal(size=(2, 17, 4)).astype("f4") * 2
    (found,) = ReferenceEvaluator(str(path)).run(None, {"inputs": x.transpose(0, 2, 1)})
    wanted = run(x) if data_format == "channels_last" else run(x.transpose(0, 2, 1)).transpose(0, 2, 1)
    np.testing.assert_allclose(found.transpose(0, 2, 1), wanted, rtol=1e-4, atol=1e-4)


def scope():
    return tf.Graph().as_default()


@pytest.mark.parametrize(
    "activation",
    [*NAMES, *LAYERS, *CONFIGS, tf.nn.relu, tf.nn.leaky_relu, np.tanh],
    ids=lambda activation: getattr(activation, "__name__", str(activation)),
)
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_layers_bring_their_activation(activation, data_format, tmp_path):
    with scope():
        layer = tf.layers.SeparableConv1D(
            5, 3, strides=2, padding="same", activation=activation, data_format=data_format, depth_multiplier=2
        )
        layer.build((None, 17, 4) if data_format == "channels_last" else (None, 4, 17))
    weights.to_onnx(tmp_path / "a.onnx", layer)
    assert_model_computes(tmp_path / "a.onnx", layer, data_format)


KERAS_NAMES = [
    "relu",
    "hard_sigmoid",
    "hard_silu",
    "log_sigmoid",
    "silu",
    "gelu",
    "leaky_relu",
    "softmax",
    "mish",
    None,
]


@pytest.mark.parametrize("activation", KERAS_NAMES)
def test_layers_of_the_keras_face(activation, tmp_path):
    """`hard_sigmoid` has another formula there."""
    first = keras.layers.SeparableConv1D(6, 3, dilation_rate=2, padding="causal", activation=activation)
    second = keras.layers.SeparableConv1D(2, 2, use_bias=False)
    second(first(np.zeros((1, 17, 4), "f4")))
    weights.to_onnx(tmp_path / "a.onnx", [first, second])
    assert_model_computes(tmp_path / "a.onnx", lambda x: second(first(x)))
    assert len(weights.from_onnx(tmp_path / "a.onnx")) == 5


def test_an_activation_for_a_mapping(tmp_path):
    kernels = {"depthwise_kernel": np.ones((3, 4, 1), "f8"), "pointwise_kernel": RNG.normal(size=(1, 4, 5))}
    weights.to_onnx(tmp_path / "a.onnx", kernels, activation="swish", strides=2)
    (y,) = ReferenceEvaluator(str(tmp_path / "a.onnx")).run(None, {"inputs": np.ones((1, 4, 9))})
    x = kernels["pointwise_kernel"].sum(axis=1) * 3
    np.testing.assert_allclose(y[0, :, 0], (x / (1 + np.exp(-x)))[0])


def cube(x):
    return x**3


def relu(x):
    """A function of a known name with another meaning."""
    return np.maximum(x, 0.25)


@pytest.mark.parametrize(
    "activation", [cube, relu, lambda x: x, math.nan.__class__.__call__], ids=["cube", "relu", "lambda", "odd"]
)
def test_activations_without_an_onnx_form_are_refused(activation, tmp_path):
    with scope():
        layer = tf.layers.SeparableConv1D(5, 3, activation=activation, name="sep")
        layer.build((None, 17, 4))
    with pytest.raises(
        ValueError, match=r"`activation` of 'sep' must be one of elu, exponential, .* to be written. Received"
    ):
        weights.to_onnx(tmp_path / "a.onnx", layer)
    assert not (tmp_path / "a.onnx").exists()


def test_what_cannot_be_written(tmp_path):
    with scope():
        layer = tf.layers.SeparableConv1D(5, 3, name="sep")
        with pytest.raises(
            ValueError, match=r"The layer 'sep' must be built before it is written. Received: no variables"
        ):
            weights.to_onnx(tmp_path / "a.onnx", [layer])
        layer.build((None, 17, 4))
    with pytest.raises(ValueError, match=r"Layers bring `strides`, .* along. Received: both"):
        weights.to_onnx(tmp_path / "a.onnx", [layer], strides=2)
    with pytest.raises(ValueError, match=r"must have names of their own. Received: 'sep' twice"):
        weights.to_onnx(tmp_path / "a.onnx", [layer, layer])
    with pytest.raises(ValueError, match=r"`mapping` must hold layers. Received: none"):
        weights.to_onnx(tmp_path / "a.onnx", [])
    with pytest.raises(TypeError, match=r"`mapping` must be a mapping, a layer or a list of layers. Received: int"):
        weights.to_onnx(tmp_path / "a.onnx", 3)
