"""The package onnx, imported where a model is read or written."""

from typing import Any


def import_onnx() -> Any:
    """The package onnx, or an ImportError that says how to get it."""
    try:
        import onnx
    except ImportError as error:
        raise ImportError("Reading and writing ONNX models needs onnx: pip install 'nb_sepconv[onnx]'") from error
    return onnx
