"""Record what TensorFlow answers to tests/programs: TF_USE_LEGACY_KERAS=1 python -m tests.record.programs

Needs tensorflow and tf_keras. Writes tests/data/programs.npz. Each program builds its graph, its variables are given
numbers that follow from their names, and the outputs are computed once; then the updates of moving averages run.
"""

import json
from pathlib import Path

import numpy as np

from tests.programs import all_programs, make_inputs, make_weight

DATA = Path(__file__).parents[1] / "data"


def answers(tf, name, program):
    """{key: array} of one program: its outputs, its losses, the moving averages afterwards, and its variables."""
    arrays = make_inputs(name, program)
    with tf.Graph().as_default(), tf.Session() as session:
        outputs = program(tf, **{key: tf.constant(value) for key, value in arrays.items()})
        variables, losses = tf.global_variables(), tf.losses.get_losses()
        penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        session.run(tf.global_variables_initializer())
        for variable in variables:
            variable.load(make_weight(variable.name, variable.shape.as_list(), variable.dtype.as_numpy_dtype), session)
        found = {f"outputs/{key}": value for key, value in session.run(outputs).items()}
        found |= {f"losses/{index}": value for index, value in enumerate(session.run(losses))}
        found |= {f"penalties/{index}": value for index, value in enumerate(session.run(penalties))}
        session.run(updates)
        averages = [variable for variable in variables if "moving" in variable.name]
        found |= {f"averages/{variable.name}": session.run(variable) for variable in averages}
        trained = {variable.name for variable in tf.trainable_variables()}
        described = [
            [variable.name, variable.shape.as_list(), variable.dtype.base_dtype.name, variable.name in trained]
            for variable in variables
        ]
    return {**found, "variables": np.array(json.dumps(described))}


def main():
    """Write the answers of all programs."""
    import tensorflow

    tf = tensorflow.compat.v1
    tf.disable_v2_behavior()
    recorded = {
        f"{name}/{key}".replace("/", "|"): value
        for name, program in all_programs().items()
        for key, value in answers(tf, name, program).items()
    }
    np.savez_compressed(DATA / "programs.npz", **recorded)
    print(f"recorded {len(all_programs())} programs of TensorFlow {tensorflow.__version__}")


if __name__ == "__main__":
    main()
