"""One call's sizes as plain integers: what the compiled loops are told."""

from typing import NamedTuple

from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from nb_sepconv.kernels.cpu.vector import INTP


class Problem(NamedTuple):
    """All integers; strides and ``*_bytes`` are in bytes. A row is one output step of one example."""

    examples: int
    length: int
    channels: int
    steps: int
    filters: int
    kernel_size: int
    multiplier: int
    stride: int
    dilation: int
    left: int

    input_example_stride: int
    input_step_stride: int
    input_channel_stride: int
    output_example_stride: int
    output_step_stride: int
    output_filter_stride: int

    width: int
    item_bytes: int
    stored_bytes: int
    tile_rows: int
    sum_blocks: int
    load_blocks: int
    filter_parts: int
    windows: int
    window_span: int
    phases: int
    phase_rows: int
    output_phases: int
    runs: int
    rows_in_place: int
    fused: int

    load_rows: int
    load_items: int
    load: int
    convolve: int
    multiply_panel: int
    multiply_vector: int
    activate: int
    store: int


@intrinsic
def _load_fields(typingctx, address):
    """The fields that lie at an address, as a tuple."""
    count = len(Problem._fields)

    def codegen(context, builder, signature, arguments):
        start = builder.inttoptr(arguments[0], INTP.as_pointer())
        return cgutils.pack_array(builder, [builder.load(builder.gep(start, [INTP(i)])) for i in range(count)])

    return types.UniTuple(types.intp, count)(types.intp), codegen


@njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
def load_problem(address):
    """The problem whose fields lie at an address, in order."""
    return Problem(*_load_fields(address))
