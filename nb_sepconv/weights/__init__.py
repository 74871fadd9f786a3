"""Files of weights without the frameworks that wrote them: TensorFlow, Keras, NumPy, safetensors; PyTorch, ONNX."""

from nb_sepconv.files.errors import WeightsError
from nb_sepconv.weights.batch_norm import fold_batch_norm, unfold_batch_norm
from nb_sepconv.weights.loading import load
from nb_sepconv.weights.onnx import from_onnx, to_onnx
from nb_sepconv.weights.saving import save
from nb_sepconv.weights.torch import from_torch, to_torch

__all__ = [
    "WeightsError",
    "fold_batch_norm",
    "from_onnx",
    "from_torch",
    "load",
    "save",
    "to_onnx",
    "to_torch",
    "unfold_batch_norm",
]


def __dir__() -> list[str]:
    return __all__
