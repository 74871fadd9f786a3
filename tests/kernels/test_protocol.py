"""Each engine, and each plan that it makes, is what the protocol says."""

import importlib
import inspect
import sys

import plain_tiles
import pytest

from nb_sepconv.kernels import engines, protocol
from nb_sepconv.kernels.bf16 import availability
from nb_sepconv.kernels.bf16.backward.plan import GradientPartsPlan
from nb_sepconv.kernels.bf16.engine import AMX
from nb_sepconv.kernels.bf16.forward.plan import PartsPlan
from nb_sepconv.kernels.cpu.backward.plan import GradientPlan
from nb_sepconv.kernels.cpu.forward.plan import Plan
from nb_sepconv.kernels.cpu.products.plan import RowsPlan
from nb_sepconv.kernels.cpu.products.transposed_plan import StepsPlan
from nb_sepconv.kernels.cpu.transposed.plan import TransposedPlan

HOST = [engines.engine(name) for name in engines.ENGINES]
OPERANDS = ("inputs", "depthwise_kernel", "pointwise_kernel", "bias")


def sizes(item_bytes=4, steps_first=False, **changes):
    """16 steps of 16 channels and as many filters; strides in bytes, or in elements of one byte."""
    step, channel = (item_bytes, 16 * item_bytes) if steps_first else (16 * item_bytes, item_bytes)
    strides = {"input_strides": (256 * item_bytes, step, channel), "output_strides": (256 * item_bytes, step, channel)}
    return protocol.Sizes("float32", 2, 16, 16, 16, 16, 1, 1, 1, 1, 0, **strides)._replace(**changes)


def gradient_sizes(convolution):
    wanted = frozenset(OPERANDS[:2] if convolution.filters is None else OPERANDS)
    return protocol.GradientSizes(convolution, wanted, *[convolution.output_strides] * 3)


def assert_is(value, kind):
    """All names of a protocol are there, and each method takes the arguments that it must."""
    assert isinstance(value, kind)
    for name, method in vars(kind).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            _, *wanted = inspect.signature(method).parameters.values()
            found = inspect.signature(getattr(value, name)).parameters.values()
            assert [(each.name, each.kind, each.default) for each in found] == [
                (each.name, each.kind, each.default) for each in wanted
            ], (kind, name)


@pytest.mark.parametrize("engine", HOST, ids=lambda engine: engine.NAME)
def test_engines_of_the_host(engine):
    assert_is(engine, protocol.Engine)
    assert_is(engine, protocol.HostEngine)
    for product in (sizes(8, dtype="float64"), sizes(8, steps_first=True, dtype="float64")):
        assert_is(engine.plan_product(product, 2), protocol.ProductPlan)
    assert engine.OUTPUT_ACTIVATIONS <= engine.FUSED_ACTIVATIONS
    for convolution in (sizes(), sizes(steps_first=True), sizes(filters=None)):
        assert_is(engine.plan(convolution, 2), protocol.HostPlan)
        assert_is(engine.plan_gradients(gradient_sizes(convolution), 2), protocol.HostGradientPlan)


def test_every_plan_of_the_host(monkeypatch):
    monkeypatch.setattr(availability, "tiles_unit", lambda: plain_tiles.NAME)
    cpu = engines.engine("fma")
    plans = cpu.plan(sizes()), cpu.plan(sizes(steps_first=True)), AMX.plan(sizes())
    assert tuple(map(type, plans)) == (Plan, TransposedPlan, PartsPlan)
    gradients = cpu.plan_gradients(gradient_sizes(sizes())), AMX.plan_gradients(gradient_sizes(sizes()))
    assert tuple(map(type, gradients)) == (GradientPlan, GradientPartsPlan)
    for plan in plans:
        assert_is(plan, protocol.HostPlan)
    products = cpu.plan_product(sizes()), cpu.plan_product(sizes(steps_first=True))
    assert tuple(map(type, products)) == (RowsPlan, StepsPlan)
    assert AMX.plan_product(sizes()) is None
    for plan in products:
        assert_is(plan, protocol.ProductPlan)
    for plan in gradients:
        assert_is(plan, protocol.HostGradientPlan)


def test_names_are_those_that_callers_give():
    assert [engine.NAME for engine in HOST] == list(engines.ENGINES)


@pytest.mark.skipif(sys.platform == "darwin", reason="NVIDIA has no compiler for this system")
def test_the_engine_of_gpus(monkeypatch):
    """Planned without a GPU: what asks one is told that it has no tensor cores."""
    cuda = importlib.import_module(engines.GPU_ENGINE)
    monkeypatch.setattr("nb_sepconv.kernels.cuda.precision._has_tensor_cores", lambda: False)
    assert_is(cuda, protocol.Engine)
    assert cuda.OUTPUT_ACTIVATIONS <= cuda.FUSED_ACTIVATIONS
    for convolution in (sizes(1), sizes(1, filters=None), sizes(1, precision="tf32")):
        assert_is(cuda.plan(convolution), protocol.DevicePlan)
        assert_is(cuda.plan_gradients(gradient_sizes(convolution)), protocol.DeviceGradientPlan)
    apart = importlib.import_module("nb_sepconv.kernels.cuda.forward.cublas").ApartPlan(sizes(1))
    assert_is(apart, protocol.DevicePlan)
