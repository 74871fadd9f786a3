"""Files that people take for weights: what each is, and what to do with it."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nb_sepconv.files.errors import WeightsError

if TYPE_CHECKING:
    from nb_sepconv.files.random_access import RandomAccessFile

PYTORCH = (
    "this is a PyTorch archive, whose values are a pickle: load it with PyTorch and pass its `state_dict()` to "
    "`weights.from_torch`, or store it as .safetensors"
)
PYTORCH_MEMBER = "data.pkl"
PICKLE = (
    "this is a pickle, which can run code and is never loaded: load it with what wrote it, and store its arrays with "
    "`numpy.savez` or as .safetensors"
)
PICKLE_START = rb"\x80[\x02-\x05](?:\x95|[\]}(c\x8a\x8c\x58])|[\]})(]q\0|\(dp?\d|\(lp?\d|c\w+\n\w+\n"
WEB_PAGE = (rb"(?i)\s*<(!doctype|html)", "this is a web page in place of the file: download the file itself")
START_BYTES = 512
POINTERS = [
    (
        rb"version https://git-lfs\.github\.com/spec/",
        "this is a Git LFS pointer in place of the file: run `git lfs pull`",
    ),
    (rb"[/.]*(git)?/annex/objects/", "this is a git-annex pointer in place of the file: run `git annex get`"),
]
KINDS: list[tuple[bytes, str]] = [
    *POINTERS,
    (rb"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19", PYTORCH.replace("archive", "file")),
    (PICKLE_START, PICKLE),
    (rb"\x93NUMPY", "this is a single array: load it with `numpy.load`"),
    WEB_PAGE,
    (rb"version https?:|\s*[{\[]", "this is JSON or other text, which holds no arrays"),
    (rb"\x1f\x8b|BZh|\xfd7zXZ\0|\x28\xb5\x2f\xfd", "this file is compressed: unpack it"),
    (rb".{257}ustar", "this is a tar archive: unpack it"),
    (rb"GGUF", "this is a GGUF file, whose values may be quantized: convert it to .safetensors"),
    (rb".{4}TFL3", "this is a TensorFlow Lite model: take the weights from the model that it was made of"),
    (rb"\x08[\x03-\x10](?:\x12[\x01-\x30][\w ./-]+|\x3a)", "this is an ONNX model: open it with `weights.from_onnx`"),
    (rb"\x08\x01\x12", "this may be the graph of a SavedModel: open the folder that it is in"),
]


def foreign_kind(file: RandomAccessFile, kinds: list[tuple[bytes, str]] = KINDS) -> str:
    """A sentence on what a file is, to stand in front of what was expected; empty where it is not known.

    Args:
        file: RandomAccessFile.
        kinds: list of (regular expression of the first bytes, what such a file is).
    """
    if file.size == 0:
        return "this file is empty, as after a copy that was cut off; "
    start = file.read(0, min(START_BYTES, file.size), "the start of a file")
    found = next((meaning for pattern, meaning in kinds if re.match(pattern, start, re.DOTALL)), None)
    return "" if found is None else f"{found}; "


@contextmanager
def pointers_named(file):
    """Say of a part of a checkpoint that cannot be read that it is a pointer in its place, where it is."""
    try:
        yield
    except WeightsError as error:
        kind = foreign_kind(file, POINTERS)
        if not kind:
            raise
        raise WeightsError(kind + error.problem, error.path, error.offset) from None
