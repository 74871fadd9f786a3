"""Planned convolutions and their gradients, on the host and on a GPU."""
