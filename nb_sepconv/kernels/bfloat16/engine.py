"""Planning, packing and running where a unit for bfloat16 pairs may multiply; everything else is the FMA engine's."""

from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.bfloat16 import availability, choice
from nb_sepconv.kernels.bfloat16.plan import PartsPlan
from nb_sepconv.kernels.bfloat16.weights import parts_packer_address
from nb_sepconv.kernels.cpu.engine import workers
from nb_sepconv.kernels.cpu.weights import pack_runner


class Engine:
    """The interface of :mod:`nb_sepconv.kernels.cpu`; ``choose(sizes)`` gives (unit, parts), or None for its plans."""

    run = staticmethod(cpu.run)
    plan_gradients = staticmethod(cpu.plan_gradients)
    pack_gradients = staticmethod(cpu.pack_gradients)
    run_gradients = staticmethod(cpu.run_gradients)

    def __init__(self, name, choose):
        self.NAME, self._choose = name, choose

    def plan(self, sizes, threads):
        """The plan for a convolution on at most ``threads`` threads."""
        found = self._choose(sizes)
        if found is None:
            return cpu.plan(sizes, threads)
        return PartsPlan(sizes, workers(sizes, threads), *found)

    @staticmethod
    def pack(plan, depthwise, pointwise=None, bias=None):
        """The weights as the kernels read them, as :func:`nb_sepconv.kernels.cpu.pack` takes them."""
        buffer = cpu.pack(plan, depthwise, pointwise, bias)
        if isinstance(plan, PartsPlan):
            pack_runner()(parts_packer_address(), plan.address, id(buffer), 0, 0, id(buffer))
        return buffer

    @staticmethod
    def describe():
        """What runs here, and who multiplies what beside fused multiply-adds, or why nobody does."""
        tiles, dots = availability.why_no_tiles(), availability.why_no_dots()
        return {
            **cpu.describe(),
            "AMX": f"not used: {tiles}" if tiles else f"every precision of {_wide(choice.TILES[3])}; {UNMEASURED}",
            "AVX512-BF16": f"not used: {dots}" if dots else f'"bf16" of {_wide(choice.DOTS)}',
        }


UNMEASURED = "chosen by a prototype's speed, docs/precision.md"


def _wide(least):
    return f"layers of {least.hidden} hidden channels and {least.filters} filters or more"


AUTO, AMX = Engine("auto", choice.fastest), Engine("amx", choice.tiles)
