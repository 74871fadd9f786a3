"""Everything that calls may compile, compiled ahead of them: the inner loops by name, and who calls them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nb_sepconv.kernels.cpu.backward.loops import gradient_worker_address
from nb_sepconv.kernels.cpu.backward.packing import gradient_packer_address
from nb_sepconv.kernels.cpu.codegen import gradient_microkernels
from nb_sepconv.kernels.cpu.codegen.procedures import procedure
from nb_sepconv.kernels.cpu.forward.depthwise import depthwise_worker_address
from nb_sepconv.kernels.cpu.forward.keeping import keeper_address
from nb_sepconv.kernels.cpu.forward.length_calls import problem_writer, table_writer
from nb_sepconv.kernels.cpu.forward.lengths import clearer_address
from nb_sepconv.kernels.cpu.forward.loops import worker_address
from nb_sepconv.kernels.cpu.forward.packing import pack_runner, packer_address, sharing_packer_address
from nb_sepconv.kernels.cpu.narrow.loops import narrow_worker_address
from nb_sepconv.kernels.cpu.narrow.packing import narrow_packer_address, sharing_narrow_packer_address
from nb_sepconv.kernels.cpu.narrow.plan import INTERLEAVED
from nb_sepconv.kernels.cpu.narrow.transposed_loops import narrow_transposed_worker_address
from nb_sepconv.kernels.cpu.narrow.transposed_packing import (
    narrow_transposed_packer_address,
    sharing_narrow_transposed_packer_address,
)
from nb_sepconv.kernels.cpu.products.loops import rows_worker_address
from nb_sepconv.kernels.cpu.products.transposed_loops import steps_worker_address
from nb_sepconv.kernels.cpu.products.transposed_packing import sharing_steps_packer_address, steps_packer_address
from nb_sepconv.kernels.cpu.runtime.launch import compile_runners
from nb_sepconv.kernels.cpu.transposed.loops import transposed_worker_address
from nb_sepconv.kernels.cpu.transposed.packing import sharing_transposed_packer_address, transposed_packer_address

BESIDE = ("rows", "columns", "items")
MOVED = ("pack_panel", *(f"{way}_{beside}" for way in ("load", "store") for beside in BESIDE))
FORWARD = ("convolve", "convolve_adjacent")
PRODUCTS = ("multiply_panel", "multiply_vector")
NARROW = ("copy_numbers", "split_phases", "spread", "pack_lanes", "convolve_numbers")
ROWS = tuple(f"multiply_rows_{kind}{distance}" for kind in ("panel", "vector") for distance in ("", "_far"))
STEPS = ("multiply_steps_panel", "multiply_steps_vector")
TRANSPOSED = (
    "convolve_transposed",
    "convolve_adjacent_transposed",
    "multiply_transposed",
    "multiply_transposed_far",
    "multiply_half_panel",
    "multiply_half_panel_far",
    "store_last_rows",
)
NARROW_TRANSPOSED = ("convolve_numbers_transposed", *map("interleave_{}".format, INTERLEAVED))


def compile_ahead(
    dtype: str, transposed: bool = False, gradients: bool = False, activations: Iterable[str] = ()
) -> None:
    """Compile what calls on arrays of a type need, whatever their shapes and strides.

    Args:
        dtype: the name of a float type.
        transposed: whether the channels of arrays may come before their steps.
        gradients: whether gradients are wanted.
        activations: names of fused activations.
    """
    names: list[str] = [
        *MOVED,
        *FORWARD,
        *NARROW,
        *PRODUCTS,
        *(f"{name}_far" for name in PRODUCTS),
        *ROWS,
        *activations,
    ]
    users: list[Any] = [worker_address, depthwise_worker_address, packer_address, sharing_packer_address, pack_runner]
    users += [clearer_address, problem_writer, keeper_address]
    users += [narrow_worker_address, narrow_packer_address, sharing_narrow_packer_address, rows_worker_address]
    if transposed:
        names += [*TRANSPOSED, *NARROW_TRANSPOSED, *STEPS]
        users += [narrow_transposed_worker_address, narrow_transposed_packer_address]
        users += [sharing_narrow_transposed_packer_address]
        users += [steps_worker_address, steps_packer_address, sharing_steps_packer_address]
        users += [transposed_worker_address, transposed_packer_address, sharing_transposed_packer_address]
    if gradients:
        names += [*gradient_microkernels.BY_NAME, *(f"differentiate_{name}" for name in activations)]
        users += [gradient_worker_address, gradient_packer_address, table_writer]
    for name in names:
        procedure(dtype, name)
    if gradients:
        for beside in ("rows", "items"):
            procedure("float64" if dtype == "float64" else "float32", f"store_{beside}")
    for user in users:
        user()
    compile_runners()
