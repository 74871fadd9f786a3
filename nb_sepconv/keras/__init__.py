"""The Keras 3 face of the layer: ``keras.layers.SeparableConv1D`` and what its arguments may be."""

from importlib import import_module

from nb_sepconv.checks.missing_names import explain

__all__ = ["activations", "constraints", "initializers", "layers", "regularizers"]


def __getattr__(name):
    if name in __all__:
        return import_module(f"nb_sepconv.keras.{name}")
    raise AttributeError(explain(__name__, name))


def __dir__() -> list[str]:
    return __all__
