"""Checks of what callers pass, and the messages they get."""
