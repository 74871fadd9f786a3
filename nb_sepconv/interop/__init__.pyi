"""What `__init__.py` loads by name, for editors and type checkers."""

from nb_sepconv.interop import autograd as autograd
from nb_sepconv.interop import jax as jax
from nb_sepconv.interop import torch as torch

__all__ = ["autograd", "jax", "torch"]
