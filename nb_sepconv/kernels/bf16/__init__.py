"""Pointwise products of float32 numbers that are split into bfloat16 parts, on the units that multiply those."""
