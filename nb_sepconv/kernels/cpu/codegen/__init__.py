"""Inner loops as LLVM instructions, and their compilation."""
