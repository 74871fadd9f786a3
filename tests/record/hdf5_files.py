# ruff: noqa: B905, UP031
"""Record a Keras-like ``.h5`` file with one version of h5py.

    python tests/record/hdf5_files.py FOLDER    # Python 2.7 or newer, h5py

The files in tests/data/weights/old were written by h5py 2.6.0 (HDF5 1.8.17), 2.8.0 (1.10.2), 2.10.0 (1.10.4),
3.1.0 (1.12.0), 3.8.0 (1.12.2), 3.11.0 (1.14.2) and 3.16.0 (2.0.0). Their values are those of
``value`` below.
"""

import os
import sys

import h5py
import numpy as np

LAYERS = 11


def value(layer, role):
    """The values of a variable, other ones for each."""
    return np.arange(4, dtype="f4") + 10 * layer + 1000 * (role == "bias")


def main():
    path = os.path.join(sys.argv[1], "h5py-%s.h5" % h5py.__version__)
    names = ["block/sep%d" % layer for layer in range(LAYERS)] + ["dropout"]
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights")
        file.attrs["keras_version"] = b"2.1.6-tf"
        root.attrs["layer_names"] = np.array(names, "S")
        for layer, name in enumerate(names):
            group = root.create_group(name)
            roles = ["kernel", "bias"] if name != "dropout" else []
            weights = ["%s/%s:0" % (name, role) for role in roles]
            group.attrs["weight_names"] = np.array(weights, "S") if weights else []
            for weight, role in zip(weights, roles):
                group.create_dataset(weight, data=value(layer, role))
        root.attrs["layer_names"] = np.array(names, "S")  # written again, as Keras does where it saves over a file
        file.create_group("optimizer_weights").attrs["weight_names"] = np.array([b"iterations:0"])
        file["optimizer_weights/iterations:0"] = np.int64(7)


if __name__ == "__main__":
    main()
