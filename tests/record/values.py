"""Record what TensorFlow answers to tests/value_cases.py: TF_USE_LEGACY_KERAS=1 python -m tests.record.values

Needs tensorflow-cpu and tf_keras. Writes tests/data/values.npz; 16-bit values are kept as float32.
"""

from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]


def recorded(case, tensorflow):
    """The value of one case in a graph of its own."""
    with tensorflow.Graph().as_default(), tensorflow.compat.v1.Session() as session:
        tensor = tensorflow.identity(case())
        session.run(tensorflow.compat.v1.global_variables_initializer())
        value = session.run(tensor)
    return value.astype(np.float32) if value.dtype.itemsize == 2 else value


def main():
    """Write the values of all cases."""
    import tensorflow

    from tests.value_cases import cases

    tf = tensorflow.compat.v1
    tf.nn.gelu = tensorflow.nn.gelu
    values = {name.replace("/", "|"): recorded(case, tensorflow) for name, case in cases(tf).items()}
    np.savez_compressed(TESTS / "data" / "values.npz", **values)
    print(f"recorded {len(values)} values")


if __name__ == "__main__":
    main()
