"""Weights from ONNX models and to them, through the package onnx."""

from nb_sepconv.weights.onnx.reading import from_onnx
from nb_sepconv.weights.onnx.writing import to_onnx

__all__ = ["from_onnx", "to_onnx"]
