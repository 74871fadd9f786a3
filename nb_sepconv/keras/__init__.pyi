"""What `__init__.py` loads by name, for editors and type checkers."""

from nb_sepconv.keras import activations as activations
from nb_sepconv.keras import constraints as constraints
from nb_sepconv.keras import initializers as initializers
from nb_sepconv.keras import layers as layers
from nb_sepconv.keras import regularizers as regularizers

__all__ = ["activations", "constraints", "initializers", "layers", "regularizers"]
