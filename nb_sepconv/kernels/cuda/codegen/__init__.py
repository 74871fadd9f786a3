"""The instructions that kernels are made of, each beside its Python twin for the simulator."""
