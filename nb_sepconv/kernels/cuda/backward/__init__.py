"""The gradients on a GPU: their plan and their kernels."""
