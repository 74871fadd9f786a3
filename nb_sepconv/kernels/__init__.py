"""Compiled loops, engine by engine; :mod:`nb_sepconv.kernels.engines` chooses. Only here Numba is imported."""
