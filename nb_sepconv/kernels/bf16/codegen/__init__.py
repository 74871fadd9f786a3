"""The inner loops on bfloat16 parts, as LLVM instructions."""
