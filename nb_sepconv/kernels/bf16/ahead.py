"""Everything that calls with products in parts may compile, compiled ahead of them."""

from nb_sepconv.kernels.bf16.backward.loops import step_addresses
from nb_sepconv.kernels.bf16.backward.plan import SUMMED, THROUGH
from nb_sepconv.kernels.bf16.codegen.procedures import procedure
from nb_sepconv.kernels.bf16.codegen.units import UNITS
from nb_sepconv.kernels.bf16.forward.loops import parts_worker_address
from nb_sepconv.kernels.bf16.forward.packing import splitter_address

FORWARD = ("split_rows", "split_pairs", "product:2", "product:1")


def compile_ahead(unit: str, parts: int, gradients: bool = False) -> None:
    """Compile what calls need whose products are in so many parts on a unit, and gradients where they are wanted."""
    configuring = ("begin", "end", "product_far:2", "product_far:1") if UNITS[unit].configured else ()
    for name in (*FORWARD, *configuring, *((*THROUGH, *SUMMED) if gradients else ())):
        procedure(name, unit, parts)
    for address in (parts_worker_address, splitter_address, *(step_addresses.values() if gradients else ())):
        address()
