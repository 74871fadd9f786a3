"""TF1's separable_conv1d on NumPy arrays."""

from nb_sepconv.version import __version__

__all__ = ["__version__"]
