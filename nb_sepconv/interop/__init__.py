"""The convolution inside other libraries that derive gradients; each module needs the package that it is named after.

``nb_sepconv.interop.autograd``, ``nb_sepconv.interop.torch`` and ``nb_sepconv.interop.jax`` are loaded when they are
first used: ``pip install nb_sepconv[autograd]``, ``[torch]`` or ``[jax]``.
"""

from importlib import import_module

from nb_sepconv.checks.missing_names import explain

__all__ = ["autograd", "jax", "torch"]


def __getattr__(name):
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(explain(__name__, name))


def __dir__() -> list[str]:
    return __all__
