"""From PyTorch and ONNX and back, and batch normalization folded in and out."""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from nb_sepconv import weights
from tests import reference

MULTIPLIERS = [1, 2, 3]


def layer(multiplier=1, seed=0, bias=True, name=None):
    rng = np.random.default_rng(seed)
    shapes = {"depthwise_kernel": (5, 4, multiplier), "pointwise_kernel": (1, 4 * multiplier, 6), "bias": (6,)}
    prefix = f"{name}/" if name else ""
    return {
        prefix + role: rng.normal(size=shape).astype("f4") for role, shape in shapes.items() if bias or role != "bias"
    }


def grouped_then_pointwise(x, depthwise, depthwise_bias, pointwise, pointwise_bias):
    """The two convolutions of PyTorch in plain loops, on (N, C, L)."""
    hidden, _, taps = depthwise.shape
    per_group = hidden // x.shape[1]
    steps = x.shape[2] - taps + 1
    middle = np.empty((x.shape[0], hidden, steps))
    for h in range(hidden):
        for t in range(steps):
            middle[:, h, t] = x[:, h // per_group, t : t + taps] @ depthwise[h, 0] + depthwise_bias[h]
    return np.einsum("nht,fh->nft", middle, pointwise.reshape(-1, hidden)) + pointwise_bias[:, None]


def assert_same(found, wanted):
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)


def output_of(variables, x):
    """This library's layer on (N, L, C)."""
    arrays = [variables[role].astype("f8") for role in ("depthwise_kernel", "pointwise_kernel")]
    return reference.separable_conv1d(x.astype("f8"), *arrays, variables["bias"].astype("f8"))


@pytest.mark.parametrize("multiplier", MULTIPLIERS)
def test_torch_weights_give_torch_outputs(multiplier):
    rng = np.random.default_rng(multiplier)
    x = rng.normal(size=(2, 4, 9))
    state = {
        "conv.depthwise.weight": rng.normal(size=(4 * multiplier, 1, 3)),
        "conv.depthwise.bias": rng.normal(size=4 * multiplier),
        "conv.pointwise.weight": rng.normal(size=(5, 4 * multiplier, 1)),
        "conv.pointwise.bias": rng.normal(size=5),
    }
    variables = weights.from_torch(
        state, depthwise="conv.depthwise", pointwise="conv.pointwise.weight", depth_multiplier=multiplier
    )
    wanted = grouped_then_pointwise(x, *state.values())
    np.testing.assert_allclose(
        output_of(variables, x.transpose(0, 2, 1)).transpose(0, 2, 1), wanted, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("multiplier", MULTIPLIERS)
@pytest.mark.parametrize("bias", [True, False])
def test_torch_round_trip(multiplier, bias):
    wanted = layer(multiplier, bias=bias, name="enc/sep")
    state = weights.to_torch(wanted)
    assert state["enc.sep.depthwise.weight"].shape == (4 * multiplier, 1, 5)
    assert state["enc.sep.pointwise.weight"].shape == (6, 4 * multiplier, 1)
    found = weights.from_torch(
        state, depthwise="enc.sep.depthwise", pointwise="enc.sep.pointwise", depth_multiplier=multiplier, name="enc/sep"
    )
    assert_same(found, wanted)


def test_convbert_layout_of_separate_bias():
    wanted = layer()
    state = weights.to_torch({role: array for role, array in wanted.items() if role != "bias"})
    state["bias"] = wanted["bias"][:, None]
    assert_same(weights.from_torch(state, depthwise="depthwise", pointwise="pointwise", bias="bias"), wanted)


def test_arrays_in_place_of_a_state_dict():
    state = weights.to_torch(layer(bias=False))
    found = weights.from_torch(depthwise=state["depthwise.weight"], pointwise=state["pointwise.weight"][:, :, 0])
    assert_same(found, layer(bias=False))


class Tensor:
    """What from_torch asks of a tensor of bfloat16, whose ``numpy`` refuses."""

    dtype = "torch.bfloat16"

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    cpu = detach

    def float(self):
        return Float(self.array)


class Float(Tensor):
    dtype = "torch.float32"

    def numpy(self):
        return self.array


def test_tensors_of_bfloat16():
    values = np.float32([[[1.5, -2.0, 0.25]]])
    found = weights.from_torch(depthwise=Tensor(values), pointwise=Float(np.ones((2, 1, 1), "f4")))
    assert found["depthwise_kernel"].dtype.name == "bfloat16"
    np.testing.assert_array_equal(found["depthwise_kernel"].astype("f4").ravel(), values.ravel())


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"depthwise": "no"}, "`depthwise` must name a tensor of `state_dict`. Received: 'no.weight'"),
        ({"depthwise": "a", "state_dict": None}, "`depthwise` may be a name only with a `state_dict`. Received: 'a'"),
        (
            {"depthwise": np.ones((4, 2, 3))},
            r"`depthwise` must have the shape \(C\*1, 1, K\).*Received: shape=\(4, 2, 3\)",
        ),
        ({"depth_multiplier": 3}, r"shape \(C\*3, 1, K\) for depth_multiplier=3"),
        ({"pointwise": np.ones((6, 5, 1))}, r"`pointwise` must have the shape \(F, 4, 1\). Received: shape=\(6, 5\)"),
        ({"pointwise": np.ones((6, 4, 3))}, "`pointwise` must have at most 0 spatial axes above 1"),
        ({"bias": np.ones(5)}, r"bias of `pointwise` must have the shape \(6,\). Received: 5 elements"),
    ],
)
def test_what_torch_cannot_give(arguments, match):
    state = weights.to_torch(layer())
    with pytest.raises(ValueError, match=match):
        weights.from_torch(**({"state_dict": state, "depthwise": "depthwise", "pointwise": "pointwise"} | arguments))


@pytest.mark.parametrize(
    ("mapping", "match"),
    [
        ({"bias": np.ones(3)}, "`mapping` must hold a `depthwise_kernel`"),
        ({"a/depthwise_kernel": np.ones((3, 4, 1))}, "must hold `a/pointwise_kernel` beside `a/depthwise_kernel`"),
        (
            {"depthwise_kernel": np.ones((3, 4, 1)), "pointwise_kernel": np.ones((1, 5, 2))},
            r"shapes \(K, C, M\) and \(1, C\*M, F\). Received: shapes=\(3, 4, 1\) and \(1, 5, 2\)",
        ),
    ],
)
def test_mappings_without_a_layer(mapping, match):
    with pytest.raises(ValueError, match=match):
        weights.to_torch(mapping)


@pytest.mark.parametrize("multiplier", MULTIPLIERS)
def test_onnx_round_trip(multiplier, tmp_path):
    wanted = layer(multiplier, name="sep1") | {
        "block/sep2/depthwise_kernel": np.random.default_rng(5).normal(size=(3, 6, 1)).astype("f4"),
        "block/sep2/pointwise_kernel": np.random.default_rng(6).normal(size=(1, 6, 2)).astype("f4"),
    }
    weights.to_onnx(tmp_path / "a.onnx", wanted)
    assert_same(weights.from_onnx(tmp_path / "a.onnx"), wanted)


@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
@pytest.mark.parametrize(("strides", "dilation_rate"), [(1, 1), (2, 1), (1, 2)])
def test_onnx_models_compute_the_layer(padding, strides, dilation_rate, tmp_path):
    variables = layer(multiplier=2)
    weights.to_onnx(tmp_path / "a.onnx", variables, padding=padding, strides=strides, dilation_rate=dilation_rate)
    x = np.random.default_rng(1).normal(size=(2, 21, 4)).astype("f4")
    (found,) = ReferenceEvaluator(str(tmp_path / "a.onnx")).run(None, {"inputs": x.transpose(0, 2, 1)})
    wanted = reference.separable_conv1d(
        *(array.astype("f8") for array in (x, *variables.values())),
        padding=padding,
        strides=strides,
        dilation_rate=dilation_rate,
    )
    np.testing.assert_allclose(found.transpose(0, 2, 1), wanted, rtol=1e-4, atol=1e-4)


def model_of(nodes, constants, outputs=("y",)):
    graph = onnx.helper.make_graph(
        nodes,
        "g",
        [onnx.helper.make_tensor_value_info("x", 1, [1, 4, 9])],
        [onnx.helper.make_tensor_value_info(name, 1, None) for name in outputs],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)


CONSTANTS = {"d": np.ones((4, 1, 1, 3), "f4"), "db": np.arange(4, dtype="f4"), "p": np.ones((2, 4, 1, 1), "f4")}
DEPTHWISE = onnx.helper.make_node("Conv", ["x", "d", "db"], ["h"], name="/enc/sep.conv", group=4)
POINTWISE = onnx.helper.make_node("Conv", ["h", "p"], ["y"])


def test_onnx_of_two_dimensions_with_a_bias_in_between(tmp_path):
    onnx.save(model_of([DEPTHWISE, POINTWISE], CONSTANTS), tmp_path / "a.onnx")
    found = weights.from_onnx(tmp_path / "a.onnx")
    assert {name: array.shape for name, array in found.items()} == {
        "enc/sep/conv/depthwise_kernel": (3, 4, 1),
        "enc/sep/conv/pointwise_kernel": (1, 4, 2),
        "enc/sep/conv/bias": (2,),
    }
    np.testing.assert_array_equal(found["enc/sep/conv/bias"], [6, 6])


def test_onnx_pairs_whose_middle_is_used_elsewhere_are_left_alone(tmp_path):
    onnx.save(model_of([DEPTHWISE, POINTWISE], CONSTANTS, outputs=("y", "h")), tmp_path / "a.onnx")
    with pytest.raises(weights.WeightsError, match="expected a grouped Conv followed by a 1x1 Conv"):
        weights.from_onnx(tmp_path / "a.onnx")


def test_onnx_with_weights_in_other_files_is_refused(tmp_path):
    model = model_of([DEPTHWISE, POINTWISE], CONSTANTS)
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "../secret")
    (tmp_path / "a.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(weights.WeightsError, match="expected all weights inside the model"):
        weights.from_onnx(tmp_path / "a.onnx")


def test_what_is_no_onnx_model(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"\xff" * 50)
    with pytest.raises(weights.WeightsError, match="expected an ONNX model"):
        weights.from_onnx(tmp_path / "a.onnx")


def test_onnx_padding_is_checked(tmp_path):
    with pytest.raises(ValueError, match=r"`padding` must be one of valid, same, causal. Received: 'full'"):
        weights.to_onnx(tmp_path / "a.onnx", layer(), padding="full")


def statistics(seed=3):
    rng = np.random.default_rng(seed)
    gamma, beta, mean = rng.normal(size=(3, 6))
    return gamma, beta, mean, rng.uniform(0.1, 2, 6)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("epsilon", [1e-3, 1e-5])
def test_folded_layer_gives_normalized_outputs(bias, epsilon):
    variables = layer(multiplier=2)
    gamma, beta, mean, variance = statistics()
    x = np.random.default_rng(1).normal(size=(2, 11, 4))
    before = variables["bias"] if bias else None
    plain = output_of(variables | {"bias": variables["bias"] if bias else np.zeros(6)}, x)
    wanted = (plain - mean) / np.sqrt(variance + epsilon) * gamma + beta
    kernel, new_bias = weights.fold_batch_norm(
        variables["pointwise_kernel"].astype("f8"), before, gamma, beta, mean, variance, epsilon
    )
    found = output_of(variables | {"pointwise_kernel": kernel, "bias": new_bias}, x)
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("absent", [(), ("gamma",), ("beta",), ("gamma", "beta")])
def test_unfolding_undoes_folding(absent):
    names = ["gamma", "beta", "mean", "variance"]
    parameters = {name: None if name in absent else value for name, value in zip(names, statistics(), strict=True)}
    kernel, bias = layer()["pointwise_kernel"], layer()["bias"]
    folded = weights.fold_batch_norm(kernel, bias, **parameters)
    assert [array.dtype for array in folded] == [np.float32] * 2
    found = weights.unfold_batch_norm(*folded, **parameters)
    np.testing.assert_allclose(found[0], kernel, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found[1], bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"gamma": np.ones(5)}, r"`gamma` must have the shape \(6,\).*Received: shape=\(5,\)"),
        ({"mean": None}, r"`mean` must have the shape \(6,\)"),
        ({"variance": -np.ones(6)}, "`variance` \\+ `epsilon` must be positive"),
        ({"pointwise_kernel": np.float32(1)}, "`pointwise_kernel` must have its filters on the last axis"),
    ],
)
def test_bad_statistics(change, match):
    gamma, beta, mean, variance = statistics()
    good = {"pointwise_kernel": layer()["pointwise_kernel"], "bias": None}
    good |= {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    with pytest.raises(ValueError, match=match):
        weights.fold_batch_norm(**(good | change))


def test_zero_gamma_cannot_be_unfolded():
    _, beta, mean, variance = statistics()
    with pytest.raises(ValueError, match="`gamma` must have no zeros"):
        weights.unfold_batch_norm(layer()["pointwise_kernel"], None, np.zeros(6), beta, mean, variance)
