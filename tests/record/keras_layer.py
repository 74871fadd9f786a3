"""Record what Keras 3 answers to tests/keras_cases.py: KERAS_BACKEND=tensorflow python -m tests.record.keras_layer

Needs keras and tensorflow-cpu. Writes tests/data/keras.npz and tests/data/keras_configs.json.
"""

import json
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parents[1]


def main():
    """Write the values of all cases and the configs."""
    import keras

    from tests.keras_cases import cases, configs

    values = {name.replace("/", "|"): np.asarray(case()) for name, case in cases(keras).items()}
    np.savez_compressed(TESTS / "data" / "keras.npz", **values)
    (TESTS / "data" / "keras_configs.json").write_text(json.dumps(configs(keras), indent=1) + "\n")
    print(f"recorded {len(values)} values of Keras {keras.__version__}")


if __name__ == "__main__":
    main()
