"""PyTorch in bfloat16: inputs, weights and outputs."""

from functools import partial

import torch

from benchmarks.peers import with_pytorch
from benchmarks.peers.with_pytorch import use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]

CANDIDATES = {f"{name}, bf16": partial(build, dtype=torch.bfloat16) for name, build in with_pytorch.CANDIDATES.items()}
