"""The gradients: against NumPy and TensorFlow, and by inner products, which need no other implementation."""

import itertools
import json
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import reference
from test_ops import GEOMETRIES, REFUSALS, assert_close, operands, views

from nb_sepconv import activations, nn, ops
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.cpu.backward import plan as gradient_plan
from nb_sepconv.kernels.protocol import GradientSizes, Sizes

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
NAMES = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")
RECORDED = np.load(Path(__file__).parents[1] / "data" / "gradients.npz")
CASES = json.loads(str(RECORDED["cases"]))
LAYOUTS = pytest.mark.parametrize("layout", ["channels_last", "channels_first"])


def transposed(layout, array):
    return array if layout == "channels_last" else np.ascontiguousarray(array.transpose(0, 2, 1))


def gradients(layout, d_outputs, x, *weights, function=ops.separable_conv1d_gradients, **keywords):
    """Run in a layout; the gradient of the inputs in channels_last."""
    arrays = (transposed(layout, d_outputs), transposed(layout, x))
    d_inputs, *others = function(*arrays, *weights, data_format=layout, **keywords)
    return d_inputs if d_inputs is None else transposed(layout, d_inputs), *others


def cotangent(rng, y, dtype=np.float32, integers=False):
    return (rng.integers(-3, 4, y.shape) if integers else rng.standard_normal(y.shape)).astype(dtype)


def assert_equal(got, wanted, context=""):
    for name, one, other in zip(NAMES, got, wanted, strict=False):
        assert (one is None) == (other is None), (name, context)
        if one is not None:
            np.testing.assert_array_equal(one, other, err_msg=f"{name} {context}")


@pytest.mark.parametrize("threads", [1, 2])
@LAYOUTS
def test_every_small_geometry_exactly(layout, threads):
    rng = np.random.default_rng(threads)
    with cpu.num_threads(threads):
        for length, taps, stride, dilation, padding, multiplier in GEOMETRIES:
            x, *weights = operands(rng, 2, length, 3, taps, multiplier, 5, integers=True)
            geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
            g = cotangent(rng, reference.separable_conv1d(x, *weights, **geometry), integers=True)
            got = gradients(layout, g, x, *weights, **geometry)
            assert_equal(got, reference.separable_conv1d_gradients(g, x, *weights, **geometry), (length, geometry))


@LAYOUTS
def test_inner_products_on_every_small_geometry(layout):
    """``<g, f(.., a + da, ..) - f(.., a, ..)> = <gradient of a, da>``: the convolution is linear in each operand."""
    rng = np.random.default_rng(3)
    for length, taps, stride, dilation, padding, multiplier in GEOMETRIES:
        arrays = operands(rng, 2, length, 3, taps, multiplier, 5, np.float64)
        moves = [rng.standard_normal(array.shape) for array in arrays]
        geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
        g = cotangent(rng, reference.separable_conv1d(*arrays, **geometry), np.float64)
        got = gradients(layout, g, *arrays, **geometry)
        for index, (gradient, move) in enumerate(zip(got, moves, strict=True)):
            moved = [move if i == index else array for i, array in enumerate(arrays)]
            if index != 3:
                moved[3] = None
            change = np.broadcast_to(move, g.shape) if index == 3 else ops.separable_conv1d(*moved, **geometry)
            scale = np.sum(np.abs(g) * np.abs(change)) + np.sum(np.abs(gradient) * np.abs(move))
            assert abs(np.sum(g * change) - np.sum(gradient * move)) <= 1e-13 * scale, (NAMES[index], length, geometry)


@LAYOUTS
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_channel_and_filter_edges(layout, dtype, multiplier):
    rng = np.random.default_rng([4, multiplier])
    for channels, filters in itertools.product((1, 7, 8, 9, 16, 17, 33, 40), (1, 15, 16, 17, 33, 48, 49, 65)):
        x, *weights = operands(rng, 2, 23, channels, 3, multiplier, filters, dtype, integers=True)
        g = cotangent(rng, reference.separable_conv1d(x, *weights, padding="same"), dtype, integers=True)
        wanted = reference.separable_conv1d_gradients(g, x, *weights, padding="same")
        assert_equal(gradients(layout, g, x, *weights, padding="same"), wanted, (channels, filters))


@LAYOUTS
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("steps", [1, 13, 14, 15, 127, 128, 129, 335, 336, 337, 700])
def test_step_edges(steps, stride, layout):
    rng = np.random.default_rng(steps)
    x, *weights = operands(rng, 3, steps, 20, 12, 1, 20, integers=True)
    geometry = {"padding": "same", "strides": stride, "dilation_rate": 3}
    g = cotangent(rng, reference.separable_conv1d(x, *weights, **geometry), integers=True)
    wanted = reference.separable_conv1d_gradients(g, x, *weights, **geometry)
    assert_equal(gradients(layout, g, x, *weights, **geometry), wanted)


@LAYOUTS
@pytest.mark.parametrize("examples", [1, 5])
def test_many_rows_are_summed_in_parts(examples, layout):
    """Integers up to 3, 6000 terms each at most: every sum is exact in float32 whatever its order."""
    rng = np.random.default_rng(examples)
    x, *weights = operands(rng, examples, 6000 // examples, 5, 4, 1, 3, integers=True)
    g = cotangent(rng, reference.separable_conv1d(x, *weights), integers=True)
    wanted = reference.separable_conv1d_gradients(g, x, *weights)
    for threads in (1, 2):
        with cpu.num_threads(threads):
            assert_equal(gradients(layout, g, x, *weights), wanted)


@LAYOUTS
@pytest.mark.parametrize("stride", [1, 2, 5])
@pytest.mark.parametrize("dilation", [64, 600, 1000])
@pytest.mark.parametrize("padding", ["same", "causal", (1100, 70)])
def test_long_dilations(stride, dilation, padding, layout):
    rng = np.random.default_rng([stride, dilation])
    x, *weights = operands(rng, 2, 2500, 17, 3, 2, 5, integers=True)
    geometry = {"strides": stride, "padding": padding, "dilation_rate": dilation}
    g = cotangent(rng, reference.separable_conv1d(x, *weights, **geometry), integers=True)
    wanted = reference.separable_conv1d_gradients(g, x, *weights, **geometry)
    assert_equal(gradients(layout, g, x, *weights, **geometry), wanted)


@pytest.mark.parametrize(("taps", "stride"), [(300, 1), (2, 100), (1, 1000), (700, 3)])
def test_long_kernels_and_strides(taps, stride):
    rng = np.random.default_rng(taps)
    x, *weights = operands(rng, 2, 900, 3, taps, 1, 4, integers=True)
    geometry = {"strides": stride, "padding": "same"}
    g = cotangent(rng, reference.separable_conv1d(x, *weights, **geometry), integers=True)
    for layout in ("channels_last", "channels_first"):
        wanted = reference.separable_conv1d_gradients(g, x, *weights, **geometry)
        assert_equal(gradients(layout, g, x, *weights, **geometry), wanted)


@LAYOUTS
@pytest.mark.parametrize(("padding", "tap"), [("same", 1), ("causal", 2)])
@pytest.mark.parametrize("dilation", [5000, 2**40])
def test_dilations_beyond_all_steps_leave_one_tap(dilation, padding, tap, layout):
    rng = np.random.default_rng(21)
    x, d, p, b = operands(rng, 2, 900, 5, 3, 2, 4, integers=True)
    g = cotangent(rng, np.empty((2, 900, 4)), integers=True)
    got = gradients(layout, g, x, d, p, b, padding=padding, dilation_rate=dilation)
    d_inputs, d_tap, *others = reference.separable_conv1d_gradients(g, x, d[tap : tap + 1], p, b)
    wanted = np.zeros(d.shape)
    wanted[tap] = d_tap[0]
    assert_equal(got, [d_inputs, wanted, *others])


@LAYOUTS
@pytest.mark.parametrize("dilation", [1, 2, 4])
def test_strides_beyond_all_steps_leave_one_step(dilation, layout):
    rng = np.random.default_rng(22)
    x, *weights = operands(rng, 2, 9, 5, 3, 2, 4, integers=True)
    g = cotangent(rng, np.empty((2, 1, 4)), integers=True)
    got = gradients(layout, g, x, *weights, strides=2**62, dilation_rate=dilation)
    assert_equal(got, reference.separable_conv1d_gradients(g, x, *weights, strides=100, dilation_rate=dilation))


@pytest.mark.parametrize(("channels", "multiplier", "filters"), [(600, 1, 37), (40, 3, 1100), (300, 4, 600)])
def test_many_channels_are_taken_in_groups(channels, multiplier, filters):
    rng = np.random.default_rng(channels)
    x, *weights = operands(rng, 2, 30, channels, 2, multiplier, filters, integers=True)
    g = cotangent(rng, reference.separable_conv1d(x, *weights), integers=True)
    wanted = reference.separable_conv1d_gradients(g, x, *weights)
    for layout in ("channels_last", "channels_first"):
        assert_equal(gradients(layout, g, x, *weights), wanted)


@LAYOUTS
@pytest.mark.parametrize("multiplier", [1, 2, 3])
def test_depthwise_alone(layout, multiplier):
    rng = np.random.default_rng([8, multiplier])
    for channels, strides in itertools.product((1, 5, 16, 33), (1, 2)):
        x, d, *_ = operands(rng, 3, 37, channels, 4, multiplier, 1, integers=True)
        geometry = {"strides": strides, "padding": "same"}
        g = cotangent(rng, reference.depthwise_conv1d(x, d, **geometry), integers=True)
        got = gradients(layout, g, x, d, function=ops.depthwise_conv1d_gradients, **geometry)
        assert_equal(got, reference.depthwise_conv1d_gradients(g, x, d, **geometry), (channels, strides))


def test_all_of_tensorflows_cases_are_here():
    assert len({case["id"] for case in CASES}) == 16


@LAYOUTS
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 2e-5)])
@pytest.mark.parametrize("given", [False, True], ids=["outputs computed", "outputs given"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_tensorflow_agrees(case, given, dtype, tolerance, layout):
    names = ("d_outputs", *NAMES[: 4 if case["use_bias"] else 3])
    arrays = [RECORDED[f"{case['id']}/{name}"].astype(dtype) for name in names]
    keywords = {key: case[key] for key in ("strides", "dilation_rate", "padding", "activation")}
    if given:
        keywords["outputs"] = transposed(layout, RECORDED[f"{case['id']}/outputs"].astype(dtype))
    for name, gradient in zip(NAMES, gradients(layout, *arrays, **keywords), strict=True):
        if name in names:
            wanted = RECORDED[f"{case['id']}/d_{name}"]
            assert gradient.dtype == dtype
            assert gradient.shape == wanted.shape
            assert np.linalg.norm(gradient - wanted) <= tolerance * np.linalg.norm(wanted), name


KNOWN = [
    *("elu", "exponential", "gelu", "hard_sigmoid", "leaky_relu", "log_softmax", "mish", "relu", "relu6", "selu"),
    *("sigmoid", "softmax", "softplus", "softsign", "swish", "tanh", nn.leaky_relu, "LeakyReLU", "Softmax", "ELU"),
    {"class_name": "ReLU", "config": {"max_value": 1.5, "negative_slope": 0.3, "threshold": 0.2}},
    {"class_name": "ThresholdedReLU", "config": {"theta": 0.4}},
]


@LAYOUTS
@pytest.mark.parametrize("operation", ["separable", "depthwise"])
@pytest.mark.parametrize("activation", KNOWN, ids=lambda activation: getattr(activation, "__name__", str(activation)))
def test_central_differences_of_every_activation(activation, operation, layout):
    rng = np.random.default_rng(9)
    x, *weights = operands(rng, 2, 6, 3, 2, 2, 4, np.float64)
    weights = weights if operation == "separable" else weights[:1]
    forward = getattr(ops, f"{operation}_conv1d")
    backward = getattr(ops, f"{operation}_conv1d_gradients")
    arrays, keywords = (transposed(layout, x), *weights), {"activation": activation, "data_format": layout}
    g = cotangent(rng, forward(*arrays, **keywords), np.float64)
    for index, gradient in enumerate(backward(g, *arrays, **keywords)):
        move = rng.standard_normal(arrays[index].shape) * 1e-6
        ends = [[a + sign * move if i == index else a for i, a in enumerate(arrays)] for sign in (1, -1)]
        above, below = (np.sum(g * forward(*end, **keywords)) for end in ends)
        assert (above - below) / 2e-6 == pytest.approx(np.sum(gradient * move) / 1e-6, rel=2e-7, abs=2e-8)


SPECIAL = [name for name in sorted(cpu.FUSED_ACTIVATIONS) if name not in ("exponential", "relu")]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", SPECIAL)
def test_slopes_far_out_are_finite(activation, dtype):
    x = np.array([-np.inf, -1e30, -700, -90, -20, 20, 90, 700, 1e30, np.inf], dtype).reshape(1, -1, 1)
    one = np.ones((1, 1, 1), dtype)
    d_inputs, *_ = ops.separable_conv1d_gradients(
        np.ones_like(x), x, one, one, activation=activation, wanted="inputs"
    )  # fmt: skip
    assert np.isfinite(d_inputs).all()
    low = {"leaky_relu": 0.2}.get(activation, 0)
    high = {"relu6": 0, "sigmoid": 0, "tanh": 0, "softsign": 0, "hard_sigmoid": 0, "selu": 1.0507009873554805}
    np.testing.assert_allclose(d_inputs.ravel()[[0, 1]], low, atol=1e-7)
    np.testing.assert_allclose(d_inputs.ravel()[[-2, -1]], high.get(activation, 1), rtol=1e-6)


@LAYOUTS
@pytest.mark.parametrize("activation", [None, "tanh", "swish"])
def test_the_same_bits_for_any_threads_and_layout(activation, layout, monkeypatch):
    rng = np.random.default_rng(12)
    x, *weights = operands(rng, 7, 301, 70, 5, 1, 75)
    keywords = {"padding": "same", "activation": activation}
    g = cotangent(rng, ops.separable_conv1d(x, *weights, **keywords))
    with cpu.num_threads(1):
        serial = gradients("channels_last", g, x, *weights, **keywords)
    for threads in (1, 2, 3, 16):  # also more than there are
        monkeypatch.setattr(cpu, "get_num_threads", lambda threads=threads: threads)
        assert_equal(gradients(layout, g, x, *weights, **keywords), serial)


@pytest.mark.parametrize("examples", [1, 40])
def test_errors_are_those_of_a_sum(examples):
    rng = np.random.default_rng(13)
    x, *weights = operands(rng, examples, 4000 // examples, 33, 5, 1, 17)
    g = cotangent(rng, reference.separable_conv1d(x, *weights, padding="same"))
    got = ops.separable_conv1d_gradients(g, x, *weights, padding="same")
    wanted = reference.separable_conv1d_gradients(g, x, *weights, padding="same")
    scales = reference.separable_conv1d_gradients(*map(np.abs, (g, x, *weights)), padding="same")
    for gradient, exact, scale, terms in zip(got, wanted, scales, (24, 4050, 4050, 4050), strict=True):
        assert_close(gradient, exact, scale, terms)


@pytest.mark.parametrize("dtype", [np.dtype(np.float16), BFLOAT16])
@LAYOUTS
def test_sixteen_bits_are_summed_in_float32_and_rounded_once(dtype, layout):
    rng = np.random.default_rng(14)
    x, *weights = operands(rng, 2, 900, 35, 5, 2, 37, dtype)
    g = cotangent(rng, reference.separable_conv1d(x, *weights, strides=2), dtype)
    got = gradients(layout, g, x, *weights, strides=2, precision="float32")
    wide = ops.separable_conv1d_gradients(*(a.astype(np.float32) for a in (g, x, *weights)), strides=2)
    for one, other in zip(got, wide, strict=True):
        assert one.dtype == dtype
        np.testing.assert_array_equal(one.astype(np.float32), other.astype(dtype).astype(np.float32))


@pytest.mark.parametrize("wanted", [w for n in range(5) for w in itertools.combinations(NAMES, n)], ids=str)
@pytest.mark.parametrize("activation", [None, "relu"])
def test_wanted_gradients_alone_are_computed(wanted, activation):
    rng = np.random.default_rng(15)
    x, *weights = operands(rng, 2, 40, 20, 3, 2, 19)
    g = cotangent(rng, ops.separable_conv1d(x, *weights))
    every = ops.separable_conv1d_gradients(g, x, *weights, activation=activation)
    some = ops.separable_conv1d_gradients(g, x, *weights, activation=activation, wanted=wanted)
    assert_equal(some, [gradient if name in wanted else None for name, gradient in zip(NAMES, every, strict=True)])


def test_what_is_not_wanted_is_not_computed(monkeypatch):
    """Neither allocated nor among the compiled loops; a list, a name and an iterator say the same as a tuple."""
    seen, run = [], gradient_plan.GradientPlan.run
    monkeypatch.setattr(gradient_plan.GradientPlan, "run", lambda *given: seen.append(given) or run(*given))
    rng = np.random.default_rng(24)
    x, *weights = operands(rng, 2, 40, 20, 3, 2, 19)
    g = cotangent(rng, ops.separable_conv1d(x, *weights), integers=True)
    for wanted in ("bias", ["bias"], {"bias"}, iter(["bias"]), iter(["bias"])):
        got = ops.separable_conv1d_gradients(g, x, *weights, wanted=wanted)
        np.testing.assert_array_equal(got[3], g.sum(axis=(0, 1)), strict=True)
        plan, _, operands_given = seen.pop()
        assert [operand is None for operand in operands_given[4:]] == [True, True, True, False]
        problem = gradient_plan.GradientProblem(*plan._fields[: len(gradient_plan.GradientProblem._fields)])
        assert not any((problem.through_pointwise, problem.correlate, problem.rank_update_3, problem.multiply_panel))
        assert problem.add_rows


def test_planned_calls_are_remembered(monkeypatch):
    planned, engine = [], engines.engine()
    plan = engine.plan_gradients
    monkeypatch.setattr(engine, "plan_gradients", lambda *given: planned.append(given) or plan(*given))
    rng = np.random.default_rng(25)
    x, *weights = operands(rng, 2, 41, 3, 3, 2, 5)
    g = cotangent(rng, ops.separable_conv1d(x, *weights))
    for wanted in (["inputs", "bias"], ("bias", "inputs"), {"inputs", "bias"}):
        ops.separable_conv1d_gradients(g, x, *weights, activation="tanh", wanted=wanted)
    assert len(planned) == 1


def test_without_a_bias_there_is_no_gradient_of_it():
    x, d, p, _ = operands(np.random.default_rng(16), 2, 9, 3, 2, 1, 5)
    g = np.ones((2, 8, 5), np.float32)
    assert ops.separable_conv1d_gradients(g, x, d, p)[3] is None
    assert ops.separable_conv1d_gradients(g, x, d, p, wanted="bias") == (None, None, None, None)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@LAYOUTS
@pytest.mark.parametrize("role", ["inputs", "d_outputs", "outputs"])
def test_memory_of_every_kind(dtype, layout, role):
    rng = np.random.default_rng(17)
    x, *weights = operands(rng, 3, 23, 19, 4, 1, 21, dtype, integers=True)
    arrays = {"inputs": x, "d_outputs": rng.integers(-3, 4, (3, 23, 21)).astype(dtype)}
    arrays["outputs"] = rng.integers(-1, 2, (3, 23, 21)).astype(dtype)
    for kind, view in views(arrays[role]):
        given = {**arrays, role: view}
        plain = [np.array(given[name], np.float64) for name in ("d_outputs", "inputs", "outputs")]
        wanted = reference.separable_conv1d_gradients(plain[0] * (plain[2] > 0), plain[1], *weights, padding="same")
        if layout == "channels_first":
            given = {name: array.transpose(0, 2, 1) for name, array in given.items()}
        before = np.array(given[role])
        got = ops.separable_conv1d_gradients(
            given["d_outputs"], given["inputs"], *weights, padding="same", data_format=layout, activation="relu",
            outputs=given["outputs"],
        )  # fmt: skip
        assert_equal((transposed(layout, got[0]), *got[1:]), [each.astype(dtype) for each in wanted], kind)
        np.testing.assert_array_equal(given[role], before, err_msg=kind)


WORKLOADS = json.loads((Path(__file__).parents[2] / "benchmarks" / "workloads.json").read_text())


@pytest.mark.parametrize("threads", [1, 2, 16])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload["name"])
def test_memory_beside_the_gradients_is_bounded(workload, dtype, threads):
    w = {key: workload[key] for key in ("length", "channels", "filters", "kernel_size")}
    steps = reference.output_length(
        *(workload[k] for k in ("length", "kernel_size", "strides", "dilation_rate", "padding"))
    )
    shape = {"examples": workload["batch"], "multiplier": workload["depth_multiplier"], "steps": steps, "left": 0}
    moves = {"stride": workload["strides"], "dilation": workload["dilation_rate"], "activation": "relu"}
    strides = dict.fromkeys(("input_strides", "output_strides"), (0, 0, 0))
    convolution = Sizes(dtype, **w, **shape, **moves, **strides)
    plan = cpu.plan_gradients(GradientSizes(convolution, frozenset(NAMES), *[(0, 0, 0)] * 3), threads)
    hidden = w["channels"] * shape["multiplier"]
    sums = plan.sum_dtype.itemsize * (hidden * (w["filters"] + w["kernel_size"]) + w["filters"])
    beside = plan.workers * plan.scratch_bytes + plan.packed_bytes + (plan.parts > 1) * plan.parts * sums
    assert beside <= plan.workers * 8 * 2**20


@pytest.mark.parametrize("shape", [(0, 9, 3), (2, 0, 3)])
@pytest.mark.parametrize("activation", [None, "relu", "gelu"])
def test_sizes_of_zero(shape, activation):
    x, d, p, b = np.zeros(shape, np.float32), *operands(np.random.default_rng(18), 1, 1, 3, 2, 1, 4)[1:]
    g = np.zeros((*shape[:2], 4), np.float32)
    got = ops.separable_conv1d_gradients(g, x, d, p, b, padding="same", activation=activation)
    for gradient, operand in zip(got, (x, d, p, b), strict=True):
        assert gradient.shape == operand.shape
        assert not gradient.any()


def test_nan_reaches_what_it_touches_and_no_further():
    rng = np.random.default_rng(19)
    x, *weights = operands(rng, 2, 40, 20, 3, 1, 40)
    g = cotangent(rng, reference.separable_conv1d(x, *weights, padding="same"))
    for role, channel in itertools.product((0, 1), (0, 15, 16, 19)):
        arrays = [g.copy(), x.copy()]
        arrays[role][1, 20, channel] = np.nan
        got = ops.separable_conv1d_gradients(*arrays, *weights, padding="same")
        if role == 0:
            assert np.isnan(got[0][1, 19:22]).all()
            assert np.isnan(got[0]).sum() == 60
            assert np.isnan(got[3]).nonzero()[0].tolist() == [channel]
        else:
            assert np.isnan(got[1][:, channel]).all()
            assert np.isnan(got[1]).sum() == 3
            assert np.isfinite(got[0]).all()
        column = got[2][0, :, channel] if role == 0 else got[2][0, channel]
        assert np.isnan(column).all()
        assert np.isnan(got[2]).sum() == column.size


@pytest.mark.parametrize("examples", [1, 40])
def test_overflow_is_infinite_and_silent(examples):
    x, *weights = (
        np.full(a.shape, 200, np.float16) for a in operands(np.random.default_rng(26), examples, 90, 3, 2, 1, 5)
    )
    with np.errstate(all="raise"):
        got = ops.separable_conv1d_gradients(np.full((examples, 89, 5), 200, np.float16), x, *weights)
    assert all(np.isposinf(gradient).all() for gradient in got[:3])
    assert np.isposinf(got[3]).all() == (examples * 89 * 200 > 65504)


GRADIENT_REFUSALS = [
    *((wrong, error, message) for wrong, error, message in REFUSALS if "out" not in wrong),
    ({"d_outputs": np.zeros((2, 8, 4), np.float32)}, ValueError, r"`d_outputs` must have the shape.*\(2, 8, 5\).*8, 4"),
    ({"d_outputs": np.zeros((2, 8, 5))}, TypeError, "`d_outputs` must have the type of `inputs`, float32.*float64"),
    ({"d_outputs": np.zeros((2, 8, 5), int)}, TypeError, "`d_outputs` must be an array of float16.*Received: int64"),
    ({"outputs": np.zeros((2, 8, 4), np.float32)}, ValueError, "`outputs` must have the shape of the outputs"),
    ({"wanted": ("inputs", "d_bias")}, ValueError, "`wanted` must be names among inputs.*d_bias"),
    ({"wanted": 3}, (TypeError, ValueError), "`wanted` must be names.*Received: 3"),
    ({"activation": np.tanh}, TypeError, "`activation` must be None, a name.*apply the function.*Received: <ufunc"),
    ({"engine": "abacus"}, ValueError, "`engine`.*abacus"),
]


@pytest.mark.parametrize(("wrong", "error", "message"), GRADIENT_REFUSALS, ids=lambda value: str(value)[:40])
def test_refusals_name_the_argument(wrong, error, message):
    rng = np.random.default_rng(20)
    arrays = dict(zip(NAMES, operands(rng, 2, 9, 3, 2, 1, 5), strict=True))
    arrays["d_outputs"] = np.zeros((2, 8, 5), np.float32)
    with pytest.raises(error, match=message):
        ops.separable_conv1d_gradients(**{**arrays, **wrong})


def test_every_activation_of_the_library_has_a_derivative():
    for name in activations._BY_NAME:
        x = np.full((1, 2, 1), 0.3)
        one = np.ones((1, 1, 1))
        assert np.isfinite(ops.separable_conv1d_gradients(x, x, one, one, activation=name)[0]).all()
