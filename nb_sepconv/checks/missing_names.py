"""What TF1 has and this library has not, and what to do instead."""

from __future__ import annotations

_EAGER = "everything runs at once: call the function with arrays and use the array it returns"
_LAYER = "this library has separable_conv1d and SeparableConv1D only"
_KERAS = "the library has the layer under `nb_sepconv.keras.layers`, without models"

_INSTEAD = {
    **dict.fromkeys(
        (
            *("placeholder", "placeholder_with_default", "Session", "InteractiveSession", "get_default_session", "run"),
            *("ConfigProto", "GPUOptions", "disable_eager_execution", "disable_v2_behavior", "control_dependencies"),
            *("group", "no_op", "Operation", "executing_eagerly", "enable_eager_execution"),
        ),
        _EAGER,
    ),
    **dict.fromkeys(
        (
            *("global_variables_initializer", "local_variables_initializer", "variables_initializer"),
            *("initialize_all_variables", "initialize_variables", "tables_initializer"),
        ),
        "variables hold their initial values as soon as they are created: leave the call out",
    ),
    **dict.fromkeys(
        (
            *("fixed_size_partitioner", "variable_axis_size_partitioner", "min_max_variable_partitioner"),
            *("create_partitioned_variables", "device", "distribute"),
        ),
        "variables are whole and live in this process's memory: leave it out",
    ),
    **dict.fromkeys(
        ("gradients", "GradientTape"),
        "there is no graph of operations: `nb_sepconv.ops.separable_conv1d_gradients` gives the layer's gradients",
    ),
    **dict.fromkeys(
        ("summary", "logging", "app", "flags", "gfile", "estimator", "data", "contrib", "metrics", "image"),
        "it lies outside of this library: use the standard library, NumPy or TensorFlow itself",
    ),
    **dict.fromkeys(("Dense", "dense", "Conv1D", "conv1d", "Conv2D", "conv2d"), _LAYER),
    **dict.fromkeys(
        ("assign", "assign_add", "assign_sub"),
        "variables have these as methods: `variable.assign(value)`",
    ),
    "random": "use `set_random_seed` and NumPy",
    "float": "use float32 or float64",
    "string": "arrays of numbers only",
    "compat": "`import nb_sepconv as tf` stands for `import tensorflow.compat.v1 as tf`: use `tf` without `compat.v1`",
}


def explain(module: str, name: str) -> str:
    """The message for a name that ``module`` has not."""
    advice = _INSTEAD.get(name)
    if advice is None and module.endswith(".layers"):
        advice = _LAYER
    ending = f": {advice}" if advice else f"; `dir({module})` lists what there is"
    return f"module '{module}' has no attribute '{name}'{ending}"
