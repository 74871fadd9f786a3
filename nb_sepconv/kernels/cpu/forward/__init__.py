"""The fused forward pass."""
