"""OpenVINO told to compute in bfloat16 where it can; inputs and outputs are float32."""

from functools import partial

from benchmarks.peers import with_openvino
from benchmarks.peers.with_openvino import use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]

CANDIDATES = {f"{name}, bf16": partial(build, precision="bf16") for name, build in with_openvino.CANDIDATES.items()}
