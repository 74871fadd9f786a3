"""From Python functions of integers to LLVM instructions: Numba reads them, and nothing has to be inferred."""
