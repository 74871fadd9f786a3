"""The fused gradients."""
