"""PyTorch with the steps kept by hand: joined with each chunk, convolved without padding, the last ones kept."""

from functools import partial

import torch
from torch.nn import functional

from benchmarks.peers import Prepared, channels_first, grouped_kernel, mixing_kernel
from benchmarks.peers.with_pytorch import use_threads, version

__all__ = ["CANDIDATES", "use_threads", "version"]


class Series:
    """Channels first, a convolution of one tap for the mixing."""

    def __init__(self, workload, arrays):
        self.dilation, self.channels, self.kept_steps = workload.dilation_rate, workload.channels, workload.span - 1
        self.depthwise = torch.from_numpy(grouped_kernel(workload, arrays["depthwise"]))
        self.mixing = torch.from_numpy(mixing_kernel(arrays["pointwise"])) if workload.filters else None
        self.bias = torch.from_numpy(arrays["bias"]) if workload.filters else None
        self.kept = torch.zeros(workload.batch, self.channels, self.kept_steps)

    def chunk(self, inputs):
        return torch.from_numpy(channels_first(inputs))

    def fetch(self, outputs):
        return channels_first(outputs.numpy())

    def joined(self, chunk):
        series = torch.cat([self.kept, chunk], 2)
        self.kept = series[:, :, series.shape[2] - self.kept_steps :]
        return series

    def convolved(self, series):
        return functional.conv1d(series, self.depthwise, None, 1, 0, self.dilation, self.channels)

    def push(self, chunk):
        hidden = self.convolved(self.joined(chunk))
        return hidden if self.mixing is None else functional.conv1d(hidden, self.mixing, self.bias)


class SeriesThenProduct(Series):
    """The mixing as a linear layer over the channels."""

    def __init__(self, workload, arrays):
        super().__init__(workload, arrays)
        self.mixing = self.mixing[:, :, 0].contiguous() if workload.filters else None

    def fetch(self, outputs):
        return outputs.numpy()

    def push(self, chunk):
        hidden = self.convolved(self.joined(chunk)).transpose(1, 2)
        return hidden if self.mixing is None else functional.linear(hidden, self.mixing, self.bias)


class ImagesThenProduct(SeriesThenProduct):
    """The depthwise half on images of height one, whose channels lie last; so does what is kept."""

    def __init__(self, workload, arrays):
        super().__init__(workload, arrays)
        self.depthwise = self.depthwise[:, :, None].contiguous(memory_format=torch.channels_last)
        self.kept = torch.zeros(workload.batch, self.kept_steps, self.channels)

    def chunk(self, inputs):
        return torch.from_numpy(inputs)

    def joined(self, chunk):
        series = torch.cat([self.kept, chunk], 1)
        self.kept = series[:, series.shape[1] - self.kept_steps :]
        return series

    def convolved(self, series):
        images = series.transpose(1, 2)[:, :, None]
        return functional.conv2d(images, self.depthwise, None, 1, 0, (1, self.dilation), self.channels)[:, :, 0]


class TapsThenProduct(ImagesThenProduct):
    """The depthwise half tap by tap, as products of whole rows."""

    def __init__(self, workload, arrays):
        super().__init__(workload, arrays)
        self.taps = torch.from_numpy(arrays["depthwise"][:, :, 0].copy())

    def convolved(self, series):
        steps = series.shape[1] - self.kept_steps
        hidden = series[:, :steps] * self.taps[0]
        for tap in range(1, len(self.taps)):
            first = tap * self.dilation
            hidden.addcmul_(series[:, first : first + steps], self.taps[tap])
        return hidden.transpose(1, 2)


def prepared(kind, workload, arrays):
    with torch.inference_mode():
        stream = kind(workload, arrays)
        chunk = stream.chunk(arrays["inputs"])
        stream.push(chunk)

    def call():
        with torch.inference_mode():
            return stream.push(chunk)

    return Prepared(call, stream.fetch)


CANDIDATES = {
    kind.__name__: partial(prepared, kind) for kind in (Series, SeriesThenProduct, ImagesThenProduct, TapsThenProduct)
}
