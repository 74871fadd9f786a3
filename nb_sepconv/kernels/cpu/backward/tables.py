"""The tables at the start of a worker's scratch memory: where rows, input steps and taps lie, in bytes."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cpu.codegen.addressing import INTP_BYTES
from nb_sepconv.kernels.cpu.codegen.function_pointers import compiled
from nb_sepconv.kernels.cpu.codegen.intrinsics import store_intp


@compiled
def fill_tables(p: Any, scratch: Any) -> None:
    """Rows one after the other; input steps, phases of the stride apart, and each tap's first row among them."""
    vector_bytes = p.width * p.item_bytes
    for i in range(p.tile_rows + p.width):
        store_intp(i * vector_bytes, scratch + p.row_table + i * INTP_BYTES)
    for i in range(p.window_steps):
        row = i % p.series_stride * p.window_rows + i // p.series_stride
        store_intp(row * vector_bytes, scratch + p.step_table + i * INTP_BYTES)
    for k in range(p.kernel_size):
        reach = k * p.series_dilation
        row = reach % p.series_stride * p.window_rows + reach // p.series_stride
        store_intp(row * vector_bytes, scratch + p.tap_table + k * INTP_BYTES)
    if p.d_inputs:
        _fill_phases(p, scratch)


@compiled
def _fill_phases(p, scratch):
    """For each phase of the input steps: where its taps start, and which hidden row each reads.

    The last tap comes first, so that the rows of a multiplier's taps follow one another.
    """
    taps = 0
    for phase in range(p.series_stride):
        store_intp(taps, scratch + p.phase_table + phase * INTP_BYTES)
        for k in range(p.kernel_size - 1, -1, -1):
            reach = k * p.series_dilation
            if reach % p.series_stride == phase:
                row = -(reach // p.series_stride)
                for m in range(p.multiplier):
                    offset = m * p.hidden_block_bytes + row * p.width * p.item_bytes
                    store_intp(offset, scratch + p.phase_tap_table + taps * INTP_BYTES)
                    taps += 1
    store_intp(taps, scratch + p.phase_table + p.series_stride * INTP_BYTES)
