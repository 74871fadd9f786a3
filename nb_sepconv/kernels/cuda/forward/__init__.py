"""The convolution on a GPU: its plan and its kernels."""
