"""The Keras 3 face: ``keras.layers``, ``keras.Sequential``, and what their arguments may be."""

from importlib import import_module

from nb_sepconv.checks.missing_names import explain

_MODULES = ("activations", "constraints", "initializers", "layers", "models", "regularizers")
_HOMES = {"Input": "layers", "Sequential": "models"}

__all__ = [*_MODULES, *_HOMES]


def __getattr__(name):
    if name in _MODULES:
        return import_module(f"nb_sepconv.keras.{name}")
    if name in _HOMES:
        return getattr(import_module(f"nb_sepconv.keras.{_HOMES[name]}"), name)
    raise AttributeError(explain(__name__, name))


def __dir__() -> list[str]:
    return __all__
