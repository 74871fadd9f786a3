"""Compiled loops. Only the packages below import Numba."""
