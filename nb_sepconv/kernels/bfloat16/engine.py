"""Planning, packing and running where a unit for bfloat16 pairs may multiply; everything else is the FMA engine's."""

from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.bfloat16.choice import chosen
from nb_sepconv.kernels.bfloat16.forward import parts_worker_address
from nb_sepconv.kernels.bfloat16.plan import PartsPlan
from nb_sepconv.kernels.bfloat16.weights import parts_packer_address
from nb_sepconv.kernels.cpu.launch import launch
from nb_sepconv.kernels.cpu.weights import pack_runner


def plan(sizes, threads):
    """The plan for a convolution on at most ``threads`` threads."""
    found = chosen(sizes)
    if found is None:
        return cpu.plan(sizes, threads)
    return PartsPlan(sizes, cpu.engine.workers(sizes, threads), *found)


def pack(plan, depthwise, pointwise=None, bias=None):
    """The weights as the kernels read them, as :func:`nb_sepconv.kernels.cpu.pack` takes them."""
    buffer = cpu.pack(plan, depthwise, pointwise, bias)
    if isinstance(plan, PartsPlan):
        pack_runner()(parts_packer_address(), plan.address, id(buffer), 0, 0, id(buffer))
    return buffer


def run(plan, inputs, outputs, packed):
    """Fill ``outputs`` from ``inputs``, arrays of the strides that the plan was made for, with the packed weights."""
    if not isinstance(plan, PartsPlan):
        cpu.run(plan, inputs, outputs, packed)
    elif plan.tickets:
        launch(parts_worker_address(), plan, inputs, outputs, packed)
