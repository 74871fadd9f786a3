"""Planning where a unit for bfloat16 pairs may multiply; everything else is the FMA engine's."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels import cpu
from nb_sepconv.kernels.bf16 import ahead, availability, choice
from nb_sepconv.kernels.bf16.backward.plan import GradientPartsPlan
from nb_sepconv.kernels.bf16.forward.plan import PartsPlan
from nb_sepconv.kernels.cpu.engine import gradient_workers, workers


class Engine:
    """``choose(sizes)`` gives (unit, parts) for a convolution, ``choose_for_gradients(sizes)`` for its gradients; None
    leaves it to the FMA engine.
    """

    FUSED_ACTIVATIONS, OUTPUT_ACTIVATIONS = cpu.FUSED_ACTIVATIONS, cpu.OUTPUT_ACTIVATIONS

    def __init__(self, name: str, choose: Any, choose_for_gradients: Any) -> None:
        self.NAME, self._choose, self._choose_for_gradients = name, choose, choose_for_gradients

    def plan(self, sizes: Any, threads: int = 1) -> Any:
        """The plan for a convolution on at most ``threads`` threads."""
        found = self._choose(sizes)
        if found is None:
            return cpu.plan(sizes, threads)
        return PartsPlan(sizes, workers(sizes, threads), *found)

    def plan_product(self, sizes: Any, threads: int = 1) -> Any:
        """The plan for a convolution of all channels at once, or None where a unit is to multiply its rows."""
        rows = sizes._replace(channels=sizes.channels * sizes.kernel_size)
        return cpu.plan_product(sizes, threads) if self._choose(rows) is None else None

    def plan_gradients(self, sizes: Any, threads: int = 1) -> Any:
        """The plan for the gradients of a convolution on at most ``threads`` threads."""
        found = self._choose_for_gradients(sizes.convolution)
        if found is None:
            return cpu.plan_gradients(sizes, threads)
        return GradientPartsPlan(sizes, gradient_workers(sizes, threads), *found)

    @staticmethod
    def compile_ahead(dtype: Any, transposed: Any = False, gradients: Any = False, activations: Any = ()) -> None:
        """Compile what calls on arrays of a type need, as the FMA engine does, with products in parts beside it."""
        cpu.compile_ahead(dtype, transposed, gradients, activations)
        for unit, parts in choice.units_and_parts() if dtype != "float64" else ():
            ahead.compile_ahead(unit, parts, gradients)

    @staticmethod
    def describe() -> dict[Any, Any]:
        """What runs here, and who multiplies what beside fused multiply-adds, or why nobody does."""
        tiles = f"bf16x3 and bf16 of layers of {_wide(choice.TILES[1])}; float32 where the engine is amx"
        dots = f"bf16 of layers of {_wide(choice.DOTS)}"
        return {
            **cpu.describe(),
            "amx": _use(tiles, availability.why_no_tiles()),
            "avx512_bf16": _use(dots, availability.why_no_fast_dots()),
        }


def _use(purpose, why_not):
    return {"used": not why_not, "serves": None if why_not else purpose, "why_not": why_not or None}


def _wide(least):
    return f"{least.hidden} hidden channels and {least.filters} filters or more"


AUTO = Engine("auto", choice.fastest, choice.fastest_for_gradients)
AMX = Engine("amx", choice.tiles, choice.tiles)
