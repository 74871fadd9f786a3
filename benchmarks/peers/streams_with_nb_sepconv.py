"""Ours: a stream of the weights, in both layouts."""

from functools import partial

import numpy as np

from benchmarks.peers import Prepared, channels_first
from benchmarks.peers.with_nb_sepconv import LAYOUTS, use_threads, version
from nb_sepconv.streaming import Stream

__all__ = ["CANDIDATES", "use_threads", "version"]


def stream(data_format, workload, arrays):
    weights = [arrays[name] for name in ("depthwise", "pointwise", "bias") if name in arrays]
    how = {"padding": "causal", "dilation_rate": workload.dilation_rate, "data_format": data_format}
    opened = Stream(*weights, batch_size=workload.batch, **how)
    change = channels_first if data_format == "channels_first" else np.asarray
    chunk = change(arrays["inputs"])
    opened.push(chunk)
    return Prepared(partial(opened.push, chunk), change)


CANDIDATES = {f"stream, {data_format}": partial(stream, data_format) for data_format in LAYOUTS}
