"""Every initializer that draws random values, by name."""

from nb_sepconv import initializers
from nb_sepconv.initializers import keras as keras_classes

SEEDED = {
    "glorot_normal": initializers.glorot_normal,
    "glorot_uniform": initializers.glorot_uniform,
    "he_normal": initializers.he_normal,
    "he_uniform": initializers.he_uniform,
    "lecun_normal": initializers.lecun_normal,
    "lecun_uniform": initializers.lecun_uniform,
    "orthogonal": initializers.orthogonal,
    "random_normal": initializers.random_normal,
    "random_uniform": initializers.random_uniform,
    "truncated_normal": initializers.truncated_normal,
    "uniform_unit_scaling": initializers.uniform_unit_scaling,
    "variance_scaling": initializers.variance_scaling,
    **{f"keras {name}": getattr(keras_classes, name) for name in ("GlorotUniform", "HeNormal", "LecunNormal")},
    **{f"keras {name}": getattr(keras_classes, name) for name in ("RandomNormal", "RandomUniform", "TruncatedNormal")},
    **{f"keras {name}": getattr(keras_classes, name) for name in ("Orthogonal", "VarianceScaling")},
}
