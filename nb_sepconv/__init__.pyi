"""What `__init__.py` loads by name, for editors and type checkers."""

from typing import Any

import numpy as np

from nb_sepconv import activations as activations
from nb_sepconv import batch as batch
from nb_sepconv import constraints as constraints
from nb_sepconv import initializers as initializers
from nb_sepconv import interop as interop
from nb_sepconv import keras as keras
from nb_sepconv import layers as layers
from nb_sepconv import losses as losses
from nb_sepconv import nn as nn
from nb_sepconv import ops as ops
from nb_sepconv import regularizers as regularizers
from nb_sepconv import streaming as streaming
from nb_sepconv import train as train
from nb_sepconv import weights as weights
from nb_sepconv.array_ops.joining import concat as concat
from nb_sepconv.array_ops.joining import meshgrid as meshgrid
from nb_sepconv.array_ops.joining import split as split
from nb_sepconv.array_ops.joining import stack as stack
from nb_sepconv.array_ops.joining import unstack as unstack
from nb_sepconv.array_ops.making import constant as constant
from nb_sepconv.array_ops.making import convert_to_tensor as convert_to_tensor
from nb_sepconv.array_ops.making import eye as eye
from nb_sepconv.array_ops.making import fill as fill
from nb_sepconv.array_ops.making import identity as identity
from nb_sepconv.array_ops.making import lin_space as lin_space
from nb_sepconv.array_ops.making import linspace as linspace
from nb_sepconv.array_ops.making import one_hot as one_hot
from nb_sepconv.array_ops.making import ones as ones
from nb_sepconv.array_ops.making import ones_like as ones_like
from nb_sepconv.array_ops.making import range as range
from nb_sepconv.array_ops.making import sequence_mask as sequence_mask
from nb_sepconv.array_ops.making import stop_gradient as stop_gradient
from nb_sepconv.array_ops.making import zeros as zeros
from nb_sepconv.array_ops.making import zeros_like as zeros_like
from nb_sepconv.array_ops.selecting import boolean_mask as boolean_mask
from nb_sepconv.array_ops.selecting import gather as gather
from nb_sepconv.array_ops.selecting import gather_nd as gather_nd
from nb_sepconv.array_ops.selecting import invert_permutation as invert_permutation
from nb_sepconv.array_ops.selecting import reverse_sequence as reverse_sequence
from nb_sepconv.array_ops.selecting import scatter_nd as scatter_nd
from nb_sepconv.array_ops.selecting import slice as slice
from nb_sepconv.array_ops.selecting import strided_slice as strided_slice
from nb_sepconv.array_ops.selecting import where as where
from nb_sepconv.array_ops.selecting import where_v2 as where_v2
from nb_sepconv.array_ops.shaping import broadcast_to as broadcast_to
from nb_sepconv.array_ops.shaping import diag as diag
from nb_sepconv.array_ops.shaping import diag_part as diag_part
from nb_sepconv.array_ops.shaping import expand_dims as expand_dims
from nb_sepconv.array_ops.shaping import matrix_band_part as matrix_band_part
from nb_sepconv.array_ops.shaping import matrix_transpose as matrix_transpose
from nb_sepconv.array_ops.shaping import pad as pad
from nb_sepconv.array_ops.shaping import rank as rank
from nb_sepconv.array_ops.shaping import repeat as repeat
from nb_sepconv.array_ops.shaping import reshape as reshape
from nb_sepconv.array_ops.shaping import reverse as reverse
from nb_sepconv.array_ops.shaping import reverse_v2 as reverse_v2
from nb_sepconv.array_ops.shaping import roll as roll
from nb_sepconv.array_ops.shaping import shape as shape
from nb_sepconv.array_ops.shaping import size as size
from nb_sepconv.array_ops.shaping import squeeze as squeeze
from nb_sepconv.array_ops.shaping import tile as tile
from nb_sepconv.array_ops.shaping import transpose as transpose
from nb_sepconv.cli.show_config import show_config as show_config
from nb_sepconv.cli.warming import warmup as warmup
from nb_sepconv.clip_ops import clip_by_global_norm as clip_by_global_norm
from nb_sepconv.clip_ops import clip_by_norm as clip_by_norm
from nb_sepconv.clip_ops import clip_by_value as clip_by_value
from nb_sepconv.clip_ops import global_norm as global_norm
from nb_sepconv.convolution.precisions import precision as precision
from nb_sepconv.framework.graph import Graph as Graph
from nb_sepconv.framework.graph import add_to_collection as add_to_collection
from nb_sepconv.framework.graph import add_to_collections as add_to_collections
from nb_sepconv.framework.graph import get_all_collection_keys as get_all_collection_keys
from nb_sepconv.framework.graph import get_collection as get_collection
from nb_sepconv.framework.graph import get_collection_ref as get_collection_ref
from nb_sepconv.framework.graph import get_default_graph as get_default_graph
from nb_sepconv.framework.graph import reset_default_graph as reset_default_graph
from nb_sepconv.framework.graph import set_random_seed as set_random_seed
from nb_sepconv.framework.graph_keys import GraphKeys as GraphKeys
from nb_sepconv.framework.name_scope import name_scope as name_scope
from nb_sepconv.framework.template import make_template as make_template
from nb_sepconv.framework.variable_scope import VariableScope as VariableScope
from nb_sepconv.framework.variable_scope import get_local_variable as get_local_variable
from nb_sepconv.framework.variable_scope import get_variable as get_variable
from nb_sepconv.framework.variable_scope import get_variable_scope as get_variable_scope
from nb_sepconv.framework.variable_scope import no_regularizer as no_regularizer
from nb_sepconv.framework.variable_scope import variable_scope as variable_scope
from nb_sepconv.framework.variable_store import AUTO_REUSE as AUTO_REUSE
from nb_sepconv.framework.variables import Variable as Variable
from nb_sepconv.framework.variables import VariableAggregation as VariableAggregation
from nb_sepconv.framework.variables import VariableSynchronization as VariableSynchronization
from nb_sepconv.framework.variables import global_variables as global_variables
from nb_sepconv.framework.variables import local_variables as local_variables
from nb_sepconv.framework.variables import model_variables as model_variables
from nb_sepconv.framework.variables import moving_average_variables as moving_average_variables
from nb_sepconv.framework.variables import trainable_variables as trainable_variables
from nb_sepconv.functions.function import function as function
from nb_sepconv.initializers import constant as constant_initializer
from nb_sepconv.initializers import glorot_normal as glorot_normal_initializer
from nb_sepconv.initializers import glorot_uniform as glorot_uniform_initializer
from nb_sepconv.initializers import ones as ones_initializer
from nb_sepconv.initializers import orthogonal as orthogonal_initializer
from nb_sepconv.initializers import random_normal as random_normal_initializer
from nb_sepconv.initializers import random_uniform as random_uniform_initializer
from nb_sepconv.initializers import truncated_normal as truncated_normal_initializer
from nb_sepconv.initializers import uniform_unit_scaling as uniform_unit_scaling_initializer
from nb_sepconv.initializers import variance_scaling as variance_scaling_initializer
from nb_sepconv.initializers import zeros as zeros_initializer
from nb_sepconv.kernels.cpu import get_num_threads as get_num_threads
from nb_sepconv.kernels.cpu import num_threads as num_threads
from nb_sepconv.kernels.cpu import set_num_threads as set_num_threads
from nb_sepconv.math_ops.elementwise import abs as abs
from nb_sepconv.math_ops.elementwise import accumulate_n as accumulate_n
from nb_sepconv.math_ops.elementwise import acos as acos
from nb_sepconv.math_ops.elementwise import acosh as acosh
from nb_sepconv.math_ops.elementwise import add as add
from nb_sepconv.math_ops.elementwise import add_n as add_n
from nb_sepconv.math_ops.elementwise import asin as asin
from nb_sepconv.math_ops.elementwise import asinh as asinh
from nb_sepconv.math_ops.elementwise import atan as atan
from nb_sepconv.math_ops.elementwise import atan2 as atan2
from nb_sepconv.math_ops.elementwise import atanh as atanh
from nb_sepconv.math_ops.elementwise import cast as cast
from nb_sepconv.math_ops.elementwise import ceil as ceil
from nb_sepconv.math_ops.elementwise import cos as cos
from nb_sepconv.math_ops.elementwise import cosh as cosh
from nb_sepconv.math_ops.elementwise import div as div
from nb_sepconv.math_ops.elementwise import div_no_nan as div_no_nan
from nb_sepconv.math_ops.elementwise import divide as divide
from nb_sepconv.math_ops.elementwise import equal as equal
from nb_sepconv.math_ops.elementwise import erf as erf
from nb_sepconv.math_ops.elementwise import erfc as erfc
from nb_sepconv.math_ops.elementwise import exp as exp
from nb_sepconv.math_ops.elementwise import expm1 as expm1
from nb_sepconv.math_ops.elementwise import floor as floor
from nb_sepconv.math_ops.elementwise import floor_div as floor_div
from nb_sepconv.math_ops.elementwise import floordiv as floordiv
from nb_sepconv.math_ops.elementwise import floormod as floormod
from nb_sepconv.math_ops.elementwise import greater as greater
from nb_sepconv.math_ops.elementwise import greater_equal as greater_equal
from nb_sepconv.math_ops.elementwise import is_finite as is_finite
from nb_sepconv.math_ops.elementwise import is_inf as is_inf
from nb_sepconv.math_ops.elementwise import is_nan as is_nan
from nb_sepconv.math_ops.elementwise import less as less
from nb_sepconv.math_ops.elementwise import less_equal as less_equal
from nb_sepconv.math_ops.elementwise import log as log
from nb_sepconv.math_ops.elementwise import log1p as log1p
from nb_sepconv.math_ops.elementwise import log_sigmoid as log_sigmoid
from nb_sepconv.math_ops.elementwise import logical_and as logical_and
from nb_sepconv.math_ops.elementwise import logical_not as logical_not
from nb_sepconv.math_ops.elementwise import logical_or as logical_or
from nb_sepconv.math_ops.elementwise import logical_xor as logical_xor
from nb_sepconv.math_ops.elementwise import maximum as maximum
from nb_sepconv.math_ops.elementwise import minimum as minimum
from nb_sepconv.math_ops.elementwise import mod as mod
from nb_sepconv.math_ops.elementwise import multiply as multiply
from nb_sepconv.math_ops.elementwise import negative as negative
from nb_sepconv.math_ops.elementwise import not_equal as not_equal
from nb_sepconv.math_ops.elementwise import pow as pow
from nb_sepconv.math_ops.elementwise import realdiv as realdiv
from nb_sepconv.math_ops.elementwise import reciprocal as reciprocal
from nb_sepconv.math_ops.elementwise import rint as rint
from nb_sepconv.math_ops.elementwise import round as round
from nb_sepconv.math_ops.elementwise import rsqrt as rsqrt
from nb_sepconv.math_ops.elementwise import saturate_cast as saturate_cast
from nb_sepconv.math_ops.elementwise import scalar_mul as scalar_mul
from nb_sepconv.math_ops.elementwise import sigmoid as sigmoid
from nb_sepconv.math_ops.elementwise import sign as sign
from nb_sepconv.math_ops.elementwise import sin as sin
from nb_sepconv.math_ops.elementwise import sinh as sinh
from nb_sepconv.math_ops.elementwise import sqrt as sqrt
from nb_sepconv.math_ops.elementwise import square as square
from nb_sepconv.math_ops.elementwise import squared_difference as squared_difference
from nb_sepconv.math_ops.elementwise import subtract as subtract
from nb_sepconv.math_ops.elementwise import tan as tan
from nb_sepconv.math_ops.elementwise import tanh as tanh
from nb_sepconv.math_ops.elementwise import to_bfloat16 as to_bfloat16
from nb_sepconv.math_ops.elementwise import to_double as to_double
from nb_sepconv.math_ops.elementwise import to_float as to_float
from nb_sepconv.math_ops.elementwise import to_int32 as to_int32
from nb_sepconv.math_ops.elementwise import to_int64 as to_int64
from nb_sepconv.math_ops.elementwise import truediv as truediv
from nb_sepconv.math_ops.elementwise import truncatediv as truncatediv
from nb_sepconv.math_ops.elementwise import truncatemod as truncatemod
from nb_sepconv.math_ops.products import einsum as einsum
from nb_sepconv.math_ops.products import matmul as matmul
from nb_sepconv.math_ops.products import tensordot as tensordot
from nb_sepconv.math_ops.products import trace as trace
from nb_sepconv.math_ops.reductions import argmax as argmax
from nb_sepconv.math_ops.reductions import argmin as argmin
from nb_sepconv.math_ops.reductions import count_nonzero as count_nonzero
from nb_sepconv.math_ops.reductions import cumprod as cumprod
from nb_sepconv.math_ops.reductions import cumsum as cumsum
from nb_sepconv.math_ops.reductions import norm as norm
from nb_sepconv.math_ops.reductions import reduce_all as reduce_all
from nb_sepconv.math_ops.reductions import reduce_any as reduce_any
from nb_sepconv.math_ops.reductions import reduce_logsumexp as reduce_logsumexp
from nb_sepconv.math_ops.reductions import reduce_max as reduce_max
from nb_sepconv.math_ops.reductions import reduce_mean as reduce_mean
from nb_sepconv.math_ops.reductions import reduce_min as reduce_min
from nb_sepconv.math_ops.reductions import reduce_prod as reduce_prod
from nb_sepconv.math_ops.reductions import reduce_sum as reduce_sum
from nb_sepconv.math_ops.reductions import segment_sum as segment_sum
from nb_sepconv.math_ops.reductions import unsorted_segment_max as unsorted_segment_max
from nb_sepconv.math_ops.reductions import unsorted_segment_sum as unsorted_segment_sum
from nb_sepconv.random_ops import random_normal as random_normal
from nb_sepconv.random_ops import random_shuffle as random_shuffle
from nb_sepconv.random_ops import random_uniform as random_uniform
from nb_sepconv.random_ops import truncated_normal as truncated_normal
from nb_sepconv.stacks.receptive_field import ReceptiveField as ReceptiveField
from nb_sepconv.stacks.receptive_field import receptive_field as receptive_field
from nb_sepconv.stacks.stack import Stack as Stack
from nb_sepconv.tensors.tensor import Tensor as Tensor
from nb_sepconv.tensors.tensor_shape import Dimension as Dimension
from nb_sepconv.version import __version__ as __version__

bool: np.dtype[np.bool_]
float16: np.dtype[np.float16]
float32: np.dtype[np.float32]
float64: np.dtype[np.float64]
int8: np.dtype[np.int8]
int16: np.dtype[np.int16]
int32: np.dtype[np.int32]
int64: np.dtype[np.int64]
uint8: np.dtype[np.uint8]
bfloat16: np.dtype[Any]

__all__ = [
    "AUTO_REUSE",
    "Dimension",
    "Graph",
    "GraphKeys",
    "ReceptiveField",
    "Stack",
    "Tensor",
    "Variable",
    "VariableAggregation",
    "VariableScope",
    "VariableSynchronization",
    "__version__",
    "accumulate_n",
    "acos",
    "acosh",
    "activations",
    "add",
    "add_n",
    "add_to_collection",
    "add_to_collections",
    "argmax",
    "argmin",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "batch",
    "boolean_mask",
    "broadcast_to",
    "cast",
    "ceil",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "concat",
    "constant",
    "constant_initializer",
    "constraints",
    "convert_to_tensor",
    "cos",
    "cosh",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "diag",
    "diag_part",
    "div",
    "div_no_nan",
    "divide",
    "einsum",
    "equal",
    "erf",
    "erfc",
    "exp",
    "expand_dims",
    "expm1",
    "eye",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "floor_div",
    "floordiv",
    "floormod",
    "function",
    "gather",
    "gather_nd",
    "get_all_collection_keys",
    "get_collection",
    "get_collection_ref",
    "get_default_graph",
    "get_local_variable",
    "get_num_threads",
    "get_variable",
    "get_variable_scope",
    "global_norm",
    "global_variables",
    "glorot_normal_initializer",
    "glorot_uniform_initializer",
    "greater",
    "greater_equal",
    "identity",
    "initializers",
    "int8",
    "int16",
    "int32",
    "int64",
    "interop",
    "invert_permutation",
    "is_finite",
    "is_inf",
    "is_nan",
    "keras",
    "layers",
    "less",
    "less_equal",
    "lin_space",
    "linspace",
    "local_variables",
    "log",
    "log1p",
    "log_sigmoid",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "losses",
    "make_template",
    "matmul",
    "matrix_band_part",
    "matrix_transpose",
    "maximum",
    "meshgrid",
    "minimum",
    "mod",
    "model_variables",
    "moving_average_variables",
    "multiply",
    "name_scope",
    "negative",
    "nn",
    "no_regularizer",
    "norm",
    "not_equal",
    "num_threads",
    "one_hot",
    "ones",
    "ones_initializer",
    "ones_like",
    "ops",
    "orthogonal_initializer",
    "pad",
    "precision",
    "random_normal",
    "random_normal_initializer",
    "random_shuffle",
    "random_uniform",
    "random_uniform_initializer",
    "rank",
    "realdiv",
    "receptive_field",
    "reciprocal",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "regularizers",
    "repeat",
    "reset_default_graph",
    "reshape",
    "reverse",
    "reverse_sequence",
    "reverse_v2",
    "rint",
    "roll",
    "rsqrt",
    "saturate_cast",
    "scalar_mul",
    "scatter_nd",
    "segment_sum",
    "sequence_mask",
    "set_num_threads",
    "set_random_seed",
    "shape",
    "show_config",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "size",
    "split",
    "sqrt",
    "square",
    "squared_difference",
    "squeeze",
    "stack",
    "stop_gradient",
    "streaming",
    "strided_slice",
    "subtract",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "to_bfloat16",
    "to_double",
    "to_float",
    "to_int32",
    "to_int64",
    "trace",
    "train",
    "trainable_variables",
    "transpose",
    "truediv",
    "truncated_normal",
    "truncated_normal_initializer",
    "truncatediv",
    "truncatemod",
    "uint8",
    "uniform_unit_scaling_initializer",
    "unsorted_segment_max",
    "unsorted_segment_sum",
    "unstack",
    "variable_scope",
    "variance_scaling_initializer",
    "warmup",
    "weights",
    "where",
    "where_v2",
    "zeros",
    "zeros_initializer",
    "zeros_like",
]
