"""Record what Keras 3 and tf_keras answer to tests/keras_model_cases.py, and the files that they write.

    KERAS_BACKEND=tensorflow python -m tests.record.keras_models

Needs tensorflow and tf_keras. Writes tests/data/keras_models/.
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "data" / "keras_models"


def main():
    """Write the values of all layers, and files and answers of all models."""
    import keras
    import tf_keras

    from tests.keras_model_cases import fill, functional, layer_cases, models, series

    FOLDER.mkdir(exist_ok=True)
    values = {name.replace("/", "|"): np.asarray(case()) for name, case in layer_cases(keras).items()}
    np.savez_compressed(FOLDER / "layers.npz", **values)
    answers, configs = {}, {}
    for kind, module in (("keras3", keras), ("tf_keras", tf_keras)):
        for name, model in {**models(module), "functional": functional(module)}.items():
            fill(model)
            answers[f"{kind}_{name}"] = np.asarray(model(series()))
            configs[f"{kind}_{name}"] = model.to_json()
            model.save(FOLDER / f"{kind}_{name}.keras")
            model.save(FOLDER / f"{kind}_{name}.h5")
            model.save_weights(FOLDER / f"{kind}_{name}.weights.h5")
    np.savez_compressed(FOLDER / "answers.npz", **answers, **{f"{name}_json": text for name, text in configs.items()})
    print(f"recorded {len(values)} layers and {len(answers)} models of Keras {keras.__version__}")


if __name__ == "__main__":
    main()
