"""TF1's separable convolution layer on NumPy arrays, under TF1's names: ``import nb_sepconv as tf``.

Names are loaded when they are first used; nothing is compiled by importing. ``__init__.pyi`` names them for editors.
"""

import sys
from importlib import import_module

from nb_sepconv.version import __version__

if sys.maxsize < 2**63 - 1:
    raise ImportError(
        "nb_sepconv needs a 64-bit Python: its kernels compute 64-bit addresses. Received: a 32-bit Python"
    )

_MODULES = (
    *("activations", "batch", "constraints", "initializers", "interop", "keras", "layers", "losses", "nn", "ops"),
    *("regularizers", "streaming", "train", "weights"),
)

_HOMES = {
    "array_ops.joining": ("concat", "meshgrid", "split", "stack", "unstack"),
    "array_ops.making": (
        *("constant", "convert_to_tensor", "eye", "fill", "identity", "lin_space", "linspace", "one_hot", "ones"),
        *("ones_like", "range", "sequence_mask", "stop_gradient", "zeros", "zeros_like"),
    ),
    "array_ops.selecting": (
        *("boolean_mask", "gather", "gather_nd", "invert_permutation", "reverse_sequence", "scatter_nd", "slice"),
        *("strided_slice", "where", "where_v2"),
    ),
    "array_ops.shaping": (
        *("broadcast_to", "diag", "diag_part", "expand_dims", "matrix_band_part", "matrix_transpose", "pad", "rank"),
        *("repeat", "reshape", "reverse", "reverse_v2", "roll", "shape", "size", "squeeze", "tile", "transpose"),
    ),
    "clip_ops": ("clip_by_global_norm", "clip_by_norm", "clip_by_value", "global_norm"),
    "cli.show_config": ("show_config",),
    "cli.warming": ("warmup",),
    "framework.graph_keys": ("GraphKeys",),
    "functions.function": ("function",),
    "framework.graph": (
        *("Graph", "add_to_collection", "add_to_collections", "get_all_collection_keys", "get_collection"),
        *("get_collection_ref", "get_default_graph", "reset_default_graph", "set_random_seed"),
    ),
    "kernels.cpu": ("get_num_threads", "num_threads", "set_num_threads"),
    "math_ops.elementwise": (
        *("abs", "accumulate_n", "acos", "acosh", "add", "add_n", "asin", "asinh", "atan", "atan2", "atanh", "cast"),
        *("ceil", "cos", "cosh", "div", "div_no_nan", "divide", "equal", "erf", "erfc", "exp", "expm1", "floor"),
        *("floor_div", "floordiv", "floormod", "greater", "greater_equal", "is_finite", "is_inf", "is_nan", "less"),
        *("less_equal", "log", "log1p", "log_sigmoid", "logical_and", "logical_not", "logical_or", "logical_xor"),
        *("maximum", "minimum", "mod", "multiply", "negative", "not_equal", "pow", "realdiv", "reciprocal", "rint"),
        *("round", "rsqrt", "saturate_cast", "scalar_mul", "sigmoid", "sign", "sin", "sinh", "sqrt", "square"),
        *("squared_difference", "subtract", "tan", "tanh", "to_bfloat16", "to_double", "to_float", "to_int32"),
        *("to_int64", "truediv", "truncatediv", "truncatemod"),
    ),
    "math_ops.products": ("einsum", "matmul", "tensordot", "trace"),
    "math_ops.reductions": (
        *("argmax", "argmin", "count_nonzero", "cumprod", "cumsum", "norm", "reduce_all", "reduce_any"),
        *("reduce_logsumexp", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "segment_sum"),
        *("unsorted_segment_max", "unsorted_segment_sum"),
    ),
    "stacks.receptive_field": ("ReceptiveField", "receptive_field"),
    "stacks.stack": ("Stack",),
    "random_ops": ("random_normal", "random_shuffle", "random_uniform", "truncated_normal"),
    "tensors.tensor": ("Tensor",),
    "tensors.tensor_shape": ("Dimension",),
    "framework.name_scope": ("name_scope",),
    "convolution.precisions": ("precision",),
    "framework.variable_scope": (
        *("VariableScope", "get_local_variable", "get_variable", "get_variable_scope"),
        *("no_regularizer", "variable_scope"),
    ),
    "framework.variable_store": ("AUTO_REUSE",),
    "framework.template": ("make_template",),
    "framework.variables": (
        *("Variable", "VariableAggregation", "VariableSynchronization", "global_variables", "local_variables"),
        *("model_variables", "moving_average_variables", "trainable_variables"),
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

_INITIALIZERS = {
    f"{name}_initializer": name
    for name in (
        *("zeros", "ones", "constant", "random_uniform", "random_normal", "truncated_normal", "orthogonal"),
        *("uniform_unit_scaling", "variance_scaling", "glorot_uniform", "glorot_normal"),
    )
}
_DTYPES = ("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
_OPTIONAL_DTYPES = ("bfloat16",)
_LIKE_BUILTINS = ("abs", "bool", "pow", "range", "round", "slice")  # `from nb_sepconv import *` must not replace them

__all__ = [*sorted({*_MODULES, *_HOME_OF, *_INITIALIZERS, *_DTYPES} - {*_LIKE_BUILTINS}), "__version__"]


def __getattr__(name):
    value = _load(name)
    globals()[name] = value
    return value


def _load(name):
    if name in _MODULES:
        return import_module(f"nb_sepconv.{name}")
    if name in _HOME_OF:
        return getattr(import_module(f"nb_sepconv.{_HOME_OF[name]}"), name)
    if name in _INITIALIZERS:
        return getattr(import_module("nb_sepconv.initializers"), _INITIALIZERS[name])
    if name in _DTYPES or name in _OPTIONAL_DTYPES:
        return import_module("nb_sepconv.tensors.dtypes").dtype_named(name)
    from nb_sepconv.checks.missing_names import explain

    raise AttributeError(explain("nb_sepconv", name))


def __dir__() -> list[str]:
    return sorted((*__all__, *_LIKE_BUILTINS, *_OPTIONAL_DTYPES))
