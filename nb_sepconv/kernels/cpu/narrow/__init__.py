"""Both passes for inputs of fewer channels than a vector has lanes."""
