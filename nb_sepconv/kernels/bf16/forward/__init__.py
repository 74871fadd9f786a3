"""The forward pass with the pointwise product in bfloat16 parts."""
