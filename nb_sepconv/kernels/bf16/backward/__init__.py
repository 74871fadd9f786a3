"""The gradients with the pointwise products in bfloat16 parts."""
