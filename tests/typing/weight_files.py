"""Files of weights, and the weights of other libraries."""

import tempfile
from pathlib import Path

import numpy as np

import nb_sepconv as tf

with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "model.npz"
    tf.weights.save(path, {"sep/bias": np.arange(3.0), "sep/gain": [1.0, 2.0]})
    with tf.weights.load(path) as file:
        for name, array in file.items():
            print(name, array.shape, file.info(name).dtype, file.info(name).nbytes)
        print(len(file), "sep/bias" in file, file.format, file.path, dict(file.slots), file.unreadable)
    try:
        tf.weights.load(path.with_suffix(".other"))
    except (tf.weights.WeightsError, FileNotFoundError) as error:
        print(error)

variables = tf.weights.from_torch(depthwise=np.ones((4, 1, 9)), pointwise=np.ones((8, 4, 1)))
state_dict = tf.weights.to_torch({f"sep/{name}": array for name, array in variables.items()})
kernel, bias = tf.weights.fold_batch_norm(np.ones((1, 1, 2)), None, [2.0, 4.0], None, [1.0, 0.0], [1.0, 1.0])
print(state_dict["sep.depthwise.weight"].shape, kernel.tolist(), bias.mean())
