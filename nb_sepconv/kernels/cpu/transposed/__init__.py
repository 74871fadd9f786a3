"""The forward pass with the operands of the product swapped, for outputs whose steps are contiguous."""
