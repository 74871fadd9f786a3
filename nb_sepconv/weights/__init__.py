"""Files of weights without the frameworks that wrote them: TensorFlow, Keras, NumPy, safetensors; PyTorch, ONNX."""

from nb_sepconv.weights.errors import WeightsError
from nb_sepconv.weights.loading import load

__all__ = ["WeightsError", "load"]
