"""Record anew what real TensorFlow answers: `python tests/conformance/record.py [subject ...]`.

It needs TensorFlow and the Keras that still has `tf.compat.v1.layers`: `pip install tensorflow-cpu tf_keras`.
"""

import json
import os
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from conformance.harness import outcome
from conformance.scenarios import SUBJECTS

GOLDEN = Path(__file__).parent / "golden"


def tensorflow_v1():
    os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3")
    import tensorflow

    tensorflow.compat.v1.disable_eager_execution()
    return tensorflow.compat.v1


def session_runner(tf):
    def run(value):
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return session.run(value)

    return run


def as_text(answers):
    """One line per scenario, so that a changed answer is one changed line."""
    lines = [f"{json.dumps(name)}: {json.dumps(answer, separators=(',', ':'))}" for name, answer in answers.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(subjects):
    tf = tensorflow_v1()
    warnings.simplefilter("ignore")
    for subject in subjects or SUBJECTS:
        answers = {name: outcome(scenario, tf, session_runner(tf)) for name, scenario in SUBJECTS[subject].items()}
        (GOLDEN / f"{subject}.json").write_text(as_text(answers))
        print(f"{subject}: {len(answers)} scenarios")


if __name__ == "__main__":
    main(sys.argv[1:])
