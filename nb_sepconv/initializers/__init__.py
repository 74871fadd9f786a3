"""Initializers: ``tf.initializers`` of TF1, and those of Keras by name.

Same seed, same values, bit for bit, on every platform and with every NumPy. Uniform numbers are those of TensorFlow's
graph mode bit for bit, normal and orthogonal ones to float rounding: see :mod:`.distributions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nb_sepconv.checks.missing_names import explain
from nb_sepconv.initializers import keras
from nb_sepconv.initializers.base import Initializer
from nb_sepconv.initializers.fixed import Constant, Identity, Ones, Zeros
from nb_sepconv.initializers.random import (
    GlorotNormal,
    GlorotUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    UniformUnitScaling,
    VarianceScaling,
    he_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
)
from nb_sepconv.initializers.seeds import use_graph_seed
from nb_sepconv.tensors.serialization import interpret, keras_config

if TYPE_CHECKING:
    from nb_sepconv.tensors.typing import Identifier

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "Identity",
    "Initializer",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "UniformUnitScaling",
    "VarianceScaling",
    "Zeros",
    "constant",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "uniform_unit_scaling",
    "use_graph_seed",
    "variance_scaling",
    "zeros",
]

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
identity = Identity
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
uniform_unit_scaling = UniformUnitScaling
variance_scaling = VarianceScaling
zeros = Zeros

_TF1_CLASSES = {
    "constant": Constant,
    "glorot_normal": GlorotNormal,
    "glorot_uniform": GlorotUniform,
    "identity": Identity,
    "ones": Ones,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "uniform_unit_scaling": UniformUnitScaling,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
}
_KERAS_CLASSES = {
    "constant": keras.Constant,
    "glorot_normal": keras.GlorotNormal,
    "glorot_uniform": keras.GlorotUniform,
    "he_normal": keras.HeNormal,
    "he_uniform": keras.HeUniform,
    "identity": keras.Identity,
    "lecun_normal": keras.LecunNormal,
    "lecun_uniform": keras.LecunUniform,
    "ones": keras.Ones,
    "orthogonal": keras.Orthogonal,
    "random_normal": keras.RandomNormal,
    "random_uniform": keras.RandomUniform,
    "truncated_normal": keras.TruncatedNormal,
    "variance_scaling": keras.VarianceScaling,
    "zeros": keras.Zeros,
}
_SHORT = {"normal": "random_normal", "one": "ones", "uniform": "random_uniform", "zero": "zeros"}


def _with_class_names(classes):
    return {**classes, **{each.__name__: each for each in classes.values()}}


_BY_TF1_NAME = _with_class_names(_TF1_CLASSES)
_BY_NAME = _with_class_names(_KERAS_CLASSES) | {short: _KERAS_CLASSES[name] for short, name in _SHORT.items()}


def get(identifier: Identifier) -> Any:
    """The initializer that a name, a Keras config or a callable stands for.

    Names mean Keras's initializers, with Keras's defaults. A config that holds a ``dtype`` means TF1's.

    Args:
        identifier: None, a name (``"glorot_uniform"``, ``"GlorotUniform"``, ...), a config dict as :func:`serialize`
            and Keras write it, a callable ``(shape, dtype) -> array``, or a class.

    Returns:
        A callable, or None. A callable is returned as it is, a class is called.

    Raises:
        ValueError: an unknown name, an incomplete config, or something else.

    Example:
        >>> get("glorot_uniform").get_config(), get(None), type(get(Zeros)) is Zeros
        ({'seed': None}, None, True)
    """
    if identifier is None:
        return None
    return interpret(identifier, "initializer", _BY_TF1_NAME if _holds_a_type(identifier) else _BY_NAME)


def _holds_a_type(identifier):
    return isinstance(identifier, dict) and "dtype" in (identifier.get("config") or {})


def serialize(initializer: Any) -> Any:
    """The Keras config of an initializer of this library; any other callable stands for itself.

    Args:
        initializer: what :func:`get` returned.

    Returns:
        A dict that :func:`get` understands (and Keras, if it holds no ``dtype``), or ``initializer`` itself.

    Example:
        >>> serialize(get("zeros"))
        {'module': 'keras.initializers', 'class_name': 'Zeros', 'config': {}, 'registered_name': None}
    """
    return keras_config(initializer, Initializer, "keras.initializers")


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # to a type checker, what is not here is an error

    def __getattr__(name):
        raise AttributeError(explain(__name__, name))
