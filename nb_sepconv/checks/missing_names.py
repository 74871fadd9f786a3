"""What TF1 and Keras have and this library has not, and what to do instead."""

from __future__ import annotations

import difflib
import sys

_EAGER = "everything runs at once: call the function with arrays and use the array that it returns"
_ARRAY = "use NumPy on the arrays"
_LAYER = (
    "this library has separable_conv1d, conv1d, dense and a few layers around them; compute others with NumPy on their "
    "outputs"
)
_KERAS_LAYER = (
    "this library has SeparableConv1D and the layers around it that `dir(nb_sepconv.keras.layers)` lists; compute "
    "others with NumPy on their outputs"
)
_MODEL = (
    "the library has `keras.Sequential` and no graphs of layers: for other models call layers in a function of your own"
)
_INITIAL = "variables hold their initial values as soon as they are created: leave the call out"
_WHOLE = "variables are whole and live in this process's memory: leave it out"
_OUTSIDE = "it lies outside of this library: use the standard library, NumPy or TensorFlow itself instead"
_GRADIENT = (
    "there is no graph of operations: use `layer.value_and_pullback` or `nb_sepconv.ops.separable_conv1d_gradients`"
)
_METHODS = "variables have these as methods: use `variable.assign(value)`, `assign_add` or `assign_sub`"
_LOSS = "compute the loss with NumPy, and give its derivative by the outputs to the layer's pullback instead"
_CHECKPOINT = "use `nb_sepconv.train.load_checkpoint(path)` or `nb_sepconv.weights.load(path)`"
_MODELS_SAVED = (
    "use `nb_sepconv.weights.load(folder)` for the variables: graphs of operations are not read, call a function"
)
_COMPAT = "`import nb_sepconv as tf` stands for `import tensorflow.compat.v1 as tf`: use `tf` without `compat.v1`"
_KERAS_DEFAULTS = (
    "use the arguments `dtype` and `data_format`, or write `floatx` and `image_data_format` into keras.json"
)

_INSTEAD = {
    _EAGER: (
        "placeholder placeholder_with_default Session InteractiveSession get_default_session run ConfigProto "
        "GPUOptions disable_eager_execution disable_v2_behavior control_dependencies group no_op Operation Tensor "
        "executing_eagerly enable_eager_execution function py_func numpy_function while_loop cond"
    ),
    _INITIAL: (
        "global_variables_initializer local_variables_initializer variables_initializer initialize_all_variables "
        "initialize_variables initialize_local_variables tables_initializer report_uninitialized_variables "
        "is_variable_initialized assert_variables_initialized"
    ),
    _WHOLE: (
        "fixed_size_partitioner variable_axis_size_partitioner min_max_variable_partitioner "
        "create_partitioned_variables device distribute colocate_with"
    ),
    _GRADIENT: "gradients GradientTape stop_gradient custom_gradient hessians",
    _OUTSIDE: "summary logging app flags gfile estimator data contrib metrics image io audio",
    _METHODS: "assign assign_add assign_sub",
    _MODELS_SAVED: "saved_model import_graph_def GraphDef",
    _COMPAT: "compat",
    "use `set_random_seed` and NumPy": "random",
    "use bfloat16, float16, float32 or float64": "float half double",
    "arrays of numbers only: use NumPy for text": "string",
}

_INSTEAD_IN = {
    "keras": {
        _MODEL: "Model Functional",
        _EAGER: "Input InputLayer KerasTensor",
        _KERAS_DEFAULTS: "backend config mixed_precision",
        "use the optimizers of `nb_sepconv.train`": "optimizers",
        _LOSS: "losses",
    },
    "train": {
        _CHECKPOINT: "load_variable NewCheckpointReader",
        "use `nb_sepconv.train.Saver`, which reads and writes checkpoints, instead": "Checkpoint CheckpointManager",
        "use `nb_sepconv.train.latest_checkpoint(folder)`": "get_checkpoint_state update_checkpoint_state",
        "use `nb_sepconv.train.Saver().restore(None, path)` after calling the function that makes the variables": (
            "import_meta_graph export_meta_graph"
        ),
        "use NumPy: `average = decay * average + (1 - decay) * value` after each step": "ExponentialMovingAverage",
        _EAGER: (
            "MonitoredTrainingSession MonitoredSession SingularMonitoredSession Coordinator start_queue_runners "
            "SessionRunHook Scaffold Supervisor"
        ),
    },
}

_OF_MODULE = {
    "nb_sepconv": "it is not part of this library; use NumPy on the arrays that go in and come out",
    "layers": _LAYER,
    "keras.layers": _KERAS_LAYER,
    "keras": _MODEL,
    "losses": _LOSS,
    "nn": "use NumPy on the arrays; this module has what `dir(nb_sepconv.nn)` lists",
    "train": "use the optimizers, learning rates and `Saver` of this module, and a loop of your own instead",
    "initializers": "use a function `(shape, dtype) -> array` of your own instead, which works wherever a name does",
}


def explain(module: str, name: str) -> str:
    """The message for a name that ``module`` has not: what to do instead, or what was probably meant."""
    room = module.removeprefix("nb_sepconv.")
    advice = _advice(room, name) or _numpy(room, name) or _similar(module, name) or _OF_MODULE.get(room)
    return f"module '{module}' has no attribute '{name}': {advice or f'use what `dir({module})` lists'}"


def _advice(room, name):
    for table in (_INSTEAD_IN.get(room, {}), _INSTEAD if room != "keras" else {}):
        for advice, names in table.items():
            if name in names.split():
                return advice
    return None


def _similar(module, name):
    offered = dir(sys.modules[module]) if module in sys.modules else []
    found = difflib.get_close_matches(name, [each for each in offered if not each.startswith("_")], 1, 0.85)
    return f"use `{found[0]}`, if that was meant" if found else None


def _numpy(room, name):
    """NumPy's function of the same purpose, for the functions of arrays at the top of TensorFlow."""
    if room != "nb_sepconv":
        return None
    import numpy as np

    name = _OF_NUMPY.get(name, name)
    return f"{_ARRAY}: `np.{name}`" if not name.startswith("_") and hasattr(np, name) else None


_OF_NUMPY = {
    **{"concat": "concatenate", "reduce_max": "max", "reduce_min": "min", "reduce_prod": "prod", "reduce_all": "all"},
    **{"reduce_any": "any", "convert_to_tensor": "asarray", "constant": "array", "cast": "asarray", "range": "arange"},
    **{"pow": "power", "add_n": "sum", "identity": "copy", "slice": "s_", "gather": "take", "unstack": "split"},
    **{"random_normal": "random", "random_uniform": "random", "truncated_normal": "random", "shape": "shape"},
    **{"reverse": "flip", "rsqrt": "sqrt", "check_numerics": "isfinite", "one_hot": "eye", "to_float": "float32"},
    **{"batch_to_space": "reshape", "top_k": "argsort", "floordiv": "floor_divide", "div": "divide", "mod": "mod"},
}
