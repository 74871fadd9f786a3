"""Layers one after the other: a stack, its receptive field, and its outputs for a range of steps."""
