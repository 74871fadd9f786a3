"""Layers one after the other: a stack, and its receptive field."""
