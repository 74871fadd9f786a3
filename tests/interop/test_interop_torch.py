"""The convolution as an operator and a module of PyTorch."""

import os
from functools import partial

import numpy as np
import pytest
from interop_cases import NAMES, SETTINGS, arrays, assert_names_functions_and_refusals, like

import nb_sepconv as tf
from nb_sepconv import ops

if not os.environ.get("NB_SEPCONV_TEST_TORCH"):
    pytest.skip("PyTorch takes minutes to install: `make test-all` does it", allow_module_level=True)

import torch

from nb_sepconv.interop import torch as interop

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch"),
    pytest.mark.filterwarnings("ignore::UserWarning:torch"),
]


def tensors(settings, **keywords):
    return [torch.from_numpy(array).requires_grad_() for array in arrays(settings, **keywords) if array is not None]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradients_are_those_of_the_operation(settings):
    operands = tensors(settings)
    outputs = interop.separable_conv1d(*operands, **settings)
    expected = ops.separable_conv1d(*arrays(settings), **settings)
    np.testing.assert_array_equal(outputs.detach().numpy(), expected)
    d_outputs = like(expected)
    outputs.backward(torch.from_numpy(d_outputs))
    wanted = ops.separable_conv1d_gradients(d_outputs, *arrays(settings), **settings)
    for name, operand, gradient in zip(NAMES, operands, wanted, strict=True):
        np.testing.assert_allclose(operand.grad.numpy(), gradient, rtol=1e-12, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_gradcheck_passes(settings):
    assert torch.autograd.gradcheck(
        lambda *operands: interop.separable_conv1d(*operands, **settings), tensors(settings)
    )


def test_operators_are_well_formed():
    operands = tensors({})
    settings = (1, 1, "valid", [], "channels_last", "tanh")
    torch.library.opcheck(interop._convolve, (*operands, *settings))
    torch.library.opcheck(interop._convolve, (*operands[:3], None, *settings))
    torch.library.opcheck(interop._convolve, (*operands, *settings, "bf16"))


def test_tensors_are_read_without_a_copy():
    tensor = torch.arange(12.0).reshape(3, 4)[::2, 1:]
    assert np.shares_memory(interop._array(tensor), tensor.numpy())
    half = tensor.to(torch.bfloat16)
    array = interop._array(half)
    array[0, 0] = 40
    assert half[0, 0].item() == 40
    assert interop._tensor(array).data_ptr() == half.data_ptr()


def test_strides_do_not_matter():
    inputs, *others = tensors({})
    across = inputs.detach().transpose(0, 1).contiguous().transpose(0, 1)
    assert not across.is_contiguous()
    found = [interop.separable_conv1d(tensor, *others) for tensor in (inputs, across)]
    assert torch.equal(*found)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_types_stay(dtype):
    operands = [tensor.detach().to(dtype).requires_grad_() for tensor in tensors({})]
    outputs = interop.separable_conv1d(*operands, padding="same")
    outputs.sum().backward()
    wide = [tensor.detach().double().numpy() for tensor in operands]
    assert {outputs.dtype, *(operand.grad.dtype for operand in operands)} == {dtype}
    expected = ops.separable_conv1d(*wide, padding="same")
    np.testing.assert_allclose(outputs.detach().double().numpy(), expected, rtol=2e-2, atol=1e-1)


def test_activations():
    assert_names_functions_and_refusals(interop.separable_conv1d, torch.from_numpy)


def test_activation_of_pytorch():
    operands = tensors({})
    outputs = interop.separable_conv1d(*operands, activation=torch.nn.functional.gelu)
    expected = torch.nn.functional.gelu(interop.separable_conv1d(*operands))
    assert torch.equal(outputs, expected)
    for found, wanted in zip(*(torch.autograd.grad(y.sum(), operands) for y in (outputs, expected)), strict=True):
        assert torch.equal(found, wanted)


def test_only_what_is_asked_for_is_computed(monkeypatch):
    asked, (inputs, *others) = [], tensors({})
    gradients = ops.separable_conv1d_gradients

    def spy(*args, wanted, **keywords):
        asked.append(wanted)
        return gradients(*args, wanted=wanted, **keywords)

    monkeypatch.setattr(ops, "separable_conv1d_gradients", spy)
    interop.separable_conv1d(inputs.detach(), *others).sum().backward()
    assert asked == [["depthwise_kernel", "pointwise_kernel", "bias"]]


def test_second_derivatives_are_refused():
    inputs, *others = tensors({})
    outputs = interop.separable_conv1d(inputs, *others, activation="tanh")
    (slope,) = torch.autograd.grad(outputs.sum(), inputs, create_graph=True)
    with pytest.raises(RuntimeError, match=r"nb_sepconv.*separable_conv1d_gradients"):
        slope.sum().backward()


@pytest.mark.parametrize(
    ("bad", "error", "message"),
    [
        (lambda t: t.numpy(), TypeError, "`inputs` must be a tensor of float16, .* Received: ndarray"),
        (lambda t: t.long(), TypeError, r"`inputs` must be a tensor of float16, .* Received: torch.int64"),
        (lambda t: t.to("meta"), ValueError, r"`inputs` must be a tensor on the CPU\. Received: a tensor on meta"),
    ],
)
def test_refuses(bad, error, message):
    inputs, *others = (tensor.detach() for tensor in tensors({}))
    with pytest.raises(error, match=message):
        interop.separable_conv1d(bad(inputs), *others)


# ---- the module ----


def made(**keywords):
    torch.manual_seed(3)
    module = interop.SeparableConv1d(3, 4, 3, depth_multiplier=2, **keywords)
    with torch.no_grad():
        module.bias.normal_()
    return module


@pytest.mark.parametrize("padding", [0, 2, (1, 3), "same", "causal", "valid"])
def test_module_is_two_convolutions_of_pytorch(padding):
    module, inputs = made(padding=padding, dilation=2), torch.randn(2, 3, 12)
    zeros = {"same": (2, 2), "causal": (4, 0), "valid": (0, 0)}.get(padding, padding)
    padded = torch.nn.functional.pad(inputs, (zeros, zeros) if isinstance(zeros, int) else zeros)
    depthwise = module.depthwise_kernel.permute(1, 2, 0).reshape(6, 1, 3)
    hidden = torch.nn.functional.conv1d(padded, depthwise, groups=3, dilation=2)
    expected = torch.nn.functional.conv1d(hidden, module.pointwise_kernel.permute(2, 1, 0), module.bias)
    torch.testing.assert_close(module(inputs), expected)


def test_state_dict_has_the_layers_arrays():
    module, layer = made(activation="tanh"), tf.layers.SeparableConv1D(4, 3, depth_multiplier=2, activation="tanh")
    state = module.state_dict()
    inputs = torch.randn(2, 3, 12)
    layer.build((None, 12, 3))
    assert list(state) == ["depthwise_kernel", "pointwise_kernel", "bias"]
    layer.set_weights([tensor.numpy() for tensor in state.values()])
    np.testing.assert_allclose(
        module(inputs).detach().numpy(), layer(inputs.transpose(1, 2).numpy()).transpose(0, 2, 1), rtol=1e-5, atol=1e-6
    )
    other = interop.SeparableConv1d(3, 4, 3, depth_multiplier=2, activation="tanh")
    other.load_state_dict(state)
    assert torch.equal(other(inputs), module(inputs))


def test_module_starts_from_glorots_distribution():
    module = interop.SeparableConv1d(40, 50, 9, depth_multiplier=2, bias=True)
    for kernel, limit in (
        (module.depthwise_kernel, np.sqrt(6 / (9 * (40 + 2)))),
        (module.pointwise_kernel, np.sqrt(6 / (80 + 50))),
    ):
        assert 0.97 * limit < kernel.abs().max().item() <= limit
        assert abs(kernel.mean().item()) < 0.1 * limit
    assert not module.bias.any()
    assert list(interop.SeparableConv1d(3, 4, 3, bias=False).state_dict()) == ["depthwise_kernel", "pointwise_kernel"]


def test_module_takes_tuples_of_one_as_pytorchs_does():
    module = interop.SeparableConv1d(3, 4, (3,), stride=(2,), dilation=(1,))
    assert module(torch.randn(2, 3, 12)).shape == (2, 4, 5)
    with pytest.raises(ValueError, match="`kernel_size`"):
        interop.SeparableConv1d(3, 4, (3, 3))


@pytest.mark.parametrize("compiled", [False, True])
def test_precision_reaches_the_outputs_and_the_gradients(compiled, monkeypatch):
    asked = []
    for name in ("separable_conv1d", "separable_conv1d_gradients"):
        monkeypatch.setattr(interop.ops, name, noting(getattr(interop.ops, name), asked))
    function = torch.compile(interop.separable_conv1d, backend="aot_eager") if compiled else interop.separable_conv1d
    operands = tensors({})
    function(*operands, precision="bf16").sum().backward()
    with tf.precision("bf16x3"):
        function(*operands).sum().backward()
    function(*operands).sum().backward()
    assert asked[:2] == ["bf16"] * 2
    assert asked[2:] in (["bf16x3"] * 2 + [None] * 2, ["bf16x3"] * 4)  # what was traced may stay


def noting(operation, asked):
    def noted(*arrays, **keywords):
        asked.append(keywords["precision"])
        return operation(*arrays, **keywords)

    return noted


def test_module_says_what_it_is():
    assert repr(made(precision="bf16")).endswith(", activation=None, precision='bf16')")
    assert repr(made(activation="relu")) == (
        "SeparableConv1d(3, 4, kernel_size=3, stride=1, padding=(0, 0), dilation=1, depth_multiplier=2, bias=True, "
        "activation='relu')"
    )


def test_module_learns():
    module, inputs = made(activation="tanh"), torch.randn(8, 3, 12)
    targets = inputs[:, :1, 1:-1].expand(8, 4, 10) / 3
    optimizer, losses = torch.optim.Adam(module.parameters(), 0.03), []
    for _ in range(150):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(module(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]


def test_compiled_module_stays_whole():
    module = torch.nn.Sequential(made(activation="tanh"), torch.nn.ReLU(), interop.SeparableConv1d(4, 2, 3))
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    for shape in ((2, 3, 12), (2, 3, 15), (5, 3, 31)):
        inputs = torch.randn(shape)
        found, wanted = (network(inputs) for network in (compiled, module))
        torch.testing.assert_close(found, wanted)
        gradients = [torch.autograd.grad((y**2).sum(), module.parameters()) for y in (found, wanted)]
        torch.testing.assert_close(*gradients)


@pytest.mark.parametrize("activation", ["tanh", torch.nn.functional.gelu], ids=["name", "function"])
def test_compiled_function_stays_whole(activation):
    operands = tensors({})
    convolve = partial(interop.separable_conv1d, activation=activation)
    compiled = torch.compile(convolve, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(*operands), convolve(*operands))


def test_activation_with_parameters_is_part_of_the_module():
    module = made(activation=torch.nn.PReLU())
    outputs = module(torch.randn(2, 3, 12))
    outputs.sum().backward()
    assert "activation.weight" in module.state_dict()
    assert module.activation.weight.grad is not None
