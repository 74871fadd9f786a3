"""The CPU kernels: one forward pass, threaded or serial, behind :func:`forward`."""

from nb_sepconv.kernels.cpu.forward import forward

__all__ = ["forward"]
