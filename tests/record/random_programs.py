"""Record what TensorFlow answers to the random programs: ``python tests/record/random_programs.py [how many]``.

Needs ``pip install tensorflow-cpu tf_keras``.
"""

import json
import os
import sys
import warnings
from pathlib import Path

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data" / "random_programs.json"


def main(count):
    os.environ.update(TF_USE_LEGACY_KERAS="1", TF_CPP_MIN_LOG_LEVEL="3")
    sys.path.insert(0, str(TESTS))
    import tensorflow
    from random_programs import answer

    tf = tensorflow.compat.v1
    tf.disable_eager_execution()
    warnings.simplefilter("ignore")
    lines = [json.dumps(answer(tf, seed), separators=(",", ":")) for seed in range(count)]
    DATA.write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print(f"{count} programs in {DATA}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150)
