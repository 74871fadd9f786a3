"""The CPU kernels: one forward pass, threaded or serial, behind :func:`forward`."""




