"""Record the public names of TensorFlow's and Keras's modules: python -m tests.record.names

Needs tensorflow, tf_keras and keras. Writes tests/data/names.json: of each module its names, with a space between them.
"""

import json
import os
from operator import attrgetter
from pathlib import Path

DATA = Path(__file__).parents[1] / "data" / "names.json"
OF_TENSORFLOW = ("layers", "losses", "nn", "train", "initializers")
OF_KERAS = ("layers", "models", "activations", "initializers", "regularizers", "constraints")


def names(module):
    return " ".join(sorted(name for name in dir(module) if not name.startswith("_")))


def main():
    os.environ["TF_USE_LEGACY_KERAS"] = "1"  # or tf.compat.v1.layers has no names
    import keras
    import tensorflow.compat.v1 as tf

    found = {"": names(tf)} | {room: names(getattr(tf, room)) for room in OF_TENSORFLOW}
    found |= {"keras": names(keras)} | {f"keras.{room}": names(attrgetter(room)(keras)) for room in OF_KERAS}
    DATA.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
