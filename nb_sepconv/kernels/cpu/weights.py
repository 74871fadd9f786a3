"""Weights in the order that the micro-kernels read them: one aligned buffer of depthwise, bias and pointwise panels."""

from functools import cache

import numpy as np
from numba import njit

from nb_sepconv.kernels.cpu.movers import address_of
from nb_sepconv.kernels.cpu.problem import PANEL_VECTORS
from nb_sepconv.kernels.cpu.vector import ALIGNMENT


@cache
def weight_packer(width):
    """Compiled ``pack(depthwise (K, C, M), pointwise (H, F), bias (F,))``: a flat buffer, zeros where there is no channel.

    Depthwise ``[block][m][k][lane]``; bias ``[f]``; pointwise ``[panel][block][m][lane][filter]`` without absent lanes.
    """
    panel_filters = PANEL_VECTORS * width

    @njit(nogil=True)
    def pack(depthwise, pointwise, bias):
        taps, channels, multiplier = depthwise.shape
        filters = pointwise.shape[1]
        blocks = (channels + width - 1) // width
        padded = (filters + width - 1) // width * width
        size = blocks * multiplier * taps * width + padded + padded * pointwise.shape[0]
        buffer = np.zeros(size + ALIGNMENT // depthwise.itemsize, depthwise.dtype)
        misaligned = address_of(buffer) % ALIGNMENT
        at = (ALIGNMENT - misaligned) % ALIGNMENT // depthwise.itemsize
        for c in range(channels):
            for m in range(multiplier):
                row = at + ((c // width * multiplier + m) * taps) * width + c % width
                for k in range(taps):
                    buffer[row + k * width] = depthwise[k, c, m]
        at += blocks * multiplier * taps * width
        buffer[at : at + filters] = bias
        at += padded
        for panel in range(0, filters, panel_filters):
            columns = min(panel_filters, padded - panel)
            present = min(columns, filters - panel)
            for block in range(0, channels, width):
                for m in range(multiplier):
                    for c in range(block, min(block + width, channels)):
                        for f in range(present):
                            buffer[at + f] = pointwise[c * multiplier + m, panel + f]
                        at += columns
        return buffer

    return pack
