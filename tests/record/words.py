"""Record what TensorFlow answers to the calls of tests/word_cases.py: python -m tests.record.words

Needs tensorflow-cpu. Writes tests/data/words.npz: of each call the types and shapes of what came out, or that it
failed, as JSON, and the numbers of each type one after another; 16-bit numbers as their bits.
"""

import json
import os
from pathlib import Path

import numpy as np

DATA = Path(__file__).parents[1] / "data" / "words.npz"


def answers(tf, word):
    """The arrays that each call of a word gives in TensorFlow, or None where it fails."""
    from tests.word_cases import calls

    found, waiting = [], calls(word)
    while waiting:
        with tf.Graph().as_default(), tf.Session(config=_plain(tf)) as session:
            for args, keywords in tuple(waiting):
                found.append(answer(tf, session, word, args, keywords))
                del waiting[0]
                if found[-1] is None:  # a node without a kernel spoils its graph for later calls
                    break
    return found


def _plain(tf):
    """One thread, and no graph rewritten."""
    config = tf.ConfigProto(inter_op_parallelism_threads=1, intra_op_parallelism_threads=1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def answer(tf, session, word, args, keywords):
    """The arrays that one call gives, or None."""
    from tests.word_cases import function_of, with_arrays

    feed = {}

    def tensor(array):
        placeholder = tf.placeholder(array.dtype, array.shape)
        feed[placeholder] = array
        return placeholder

    try:
        result = function_of(tf, word)(*[with_arrays(each, tensor) for each in args], **with_arrays(keywords, tensor))
        several = isinstance(result, (list, tuple))
        return session.run(list(result) if several else [result], feed)
    except (ValueError, TypeError, NotImplementedError, OverflowError, tf.errors.OpError):
        return None


def main():
    """Write the answers to all calls."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow

    from tests.word_cases import WORDS

    tf = tensorflow.compat.v1
    tf.logging.set_verbosity(tf.logging.ERROR)
    about, numbers, count = {}, {}, 0
    for word in WORDS:
        about[word] = []
        for arrays in answers(tf, word):
            count += 1
            about[word].append(arrays and [[np.asarray(array).dtype.name, list(np.shape(array))] for array in arrays])
            for array in map(np.asarray, arrays or []):
                numbers.setdefault(array.dtype.name, []).append(array.reshape(-1))
    joined = {name: np.concatenate(parts) for name, parts in numbers.items()}
    bits = {name: array.view(np.uint16) if name in ("float16", "bfloat16") else array for name, array in joined.items()}
    header = json.dumps({"tensorflow": tensorflow.__version__, "words": about}, separators=(",", ":"))
    np.savez_compressed(DATA, about=np.frombuffer(header.encode(), np.uint8), **bits)
    print(f"recorded {count} calls of {len(about)} words: {DATA.stat().st_size} bytes")


if __name__ == "__main__":
    main()
