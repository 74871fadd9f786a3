"""PyTorch with a DataLoader over chunks, and the outputs in a mapped file."""

import numpy as np
import torch

from benchmarks.jobs import chunks, halo


def version():
    return torch.__version__


def use_threads(count):
    torch.set_num_threads(count)


class Chunks(torch.utils.data.Dataset):
    def __init__(self, series, around):
        self.series, self.places = series, list(chunks(len(series), around))

    def __len__(self):
        return len(self.places)

    def __getitem__(self, index):
        _, _, first, last = self.places[index]
        return torch.from_numpy(np.array(self.series[first:last].T)), index


def network(layers):
    modules = []
    for layer in layers:
        (steps, channels, _), filters = layer.depthwise.shape, layer.pointwise.shape[1]
        depthwise = torch.nn.Conv1d(channels, channels, steps, padding=steps // 2, groups=channels, bias=False)
        pointwise = torch.nn.Conv1d(channels, filters, 1)
        with torch.no_grad():
            depthwise.weight.copy_(torch.from_numpy(layer.depthwise.transpose(1, 2, 0).copy()))
            pointwise.weight.copy_(torch.from_numpy(layer.pointwise.T[:, :, None].copy()))
            pointwise.bias.copy_(torch.from_numpy(layer.bias))
        modules += [depthwise, pointwise, torch.nn.ReLU()]
    return torch.nn.Sequential(*modules).eval()


def job(layers):
    net, around, filters = network(layers), halo(layers), layers[-1].pointwise.shape[1]

    def run(source, destination):
        data = Chunks(np.load(source, mmap_mode="r"), around)
        outputs = np.lib.format.open_memmap(destination, "w+", np.float32, (len(data.series), filters))
        with torch.inference_mode():
            for inputs, index in torch.utils.data.DataLoader(data, batch_size=1, num_workers=0):
                start, stop, first, _ = data.places[int(index)]
                answer = net(inputs)[0, :, start - first : stop - first]
                outputs[start:stop] = answer.T.numpy()
        outputs.flush()

    return run
