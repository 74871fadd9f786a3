"""TF1's ``tf.train``: optimizers, learning rates, the global step and checkpoints under their TF1 names."""

from importlib import import_module

from nb_sepconv.checks.missing_names import explain

_HOMES = {
    "adaptive": ("AdadeltaOptimizer", "AdagradOptimizer", "AdamOptimizer", "RMSPropOptimizer"),
    "checkpoints": ("CheckpointReader", "latest_checkpoint", "list_variables", "load_checkpoint"),
    "descent": ("GradientDescentOptimizer", "MomentumOptimizer"),
    "ftrl": ("FtrlOptimizer",),
    "initialization": ("init_from_checkpoint",),
    "learning_rates": (
        *("DecayedRate", "cosine_decay", "cosine_decay_restarts", "exponential_decay", "inverse_time_decay"),
        *("linear_cosine_decay", "natural_exp_decay", "piecewise_constant", "piecewise_constant_decay"),
        "polynomial_decay",
    ),
    "optimizer": ("Optimizer",),
    "saver": ("Saver",),
    "steps": (
        "assert_global_step",
        "create_global_step",
        "get_global_step",
        "get_or_create_global_step",
        "global_step",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted(_HOME_OF)


def __getattr__(name):
    if name not in _HOME_OF:
        raise AttributeError(explain(__name__, name))
    value = getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
