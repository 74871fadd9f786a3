"""What `__init__.py` loads by name, for editors and type checkers."""

from nb_sepconv.keras import activations as activations
from nb_sepconv.keras import constraints as constraints
from nb_sepconv.keras import initializers as initializers
from nb_sepconv.keras import layers as layers
from nb_sepconv.keras import models as models
from nb_sepconv.keras import regularizers as regularizers
from nb_sepconv.keras.layers import Input as Input
from nb_sepconv.keras.models import Sequential as Sequential

__all__ = [
    "Input",
    "Sequential",
    "activations",
    "constraints",
    "initializers",
    "layers",
    "models",
    "regularizers",
]
