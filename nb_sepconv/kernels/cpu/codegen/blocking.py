"""The register blocking of the micro-kernels: how many rows, steps, taps and vectors one iteration holds."""

ROWS = 14  # rows of the pointwise micro-kernel: with two vectors of filters, 28 accumulators
STEPS = 16  # steps of the depthwise micro-kernel
ADJACENT = (4, 3, 2, 1)  # taps whose rows follow one another, taken together
FEW = 4  # rows or steps of the smaller groups, for what is left
PANEL_VECTORS = 2  # vectors of filters in a panel of pointwise weights
