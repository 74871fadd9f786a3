"""get_variable and Variable: names, conflicts, dtypes, initial values."""

import numpy as np

from conformance.facts import dims, dtype_name, error_of, graph_facts, named_shapes, names
from conformance.harness import Scenarios

scenario = Scenarios()
MATRIX = np.arange(6, dtype=np.float32).reshape(2, 3)


@scenario
def plain(tf):
    v = tf.get_variable("v", [2, 3])
    return [v.name, v.op.name, dims(v.shape), dims(v.get_shape()), dtype_name(v), v.trainable, graph_facts(tf)]


@scenario
def name_with_slashes(tf):
    with tf.variable_scope("s"):
        return [tf.get_variable("a/b/c", [1]).name, error_of(tf.get_variable, "a/b/c", [1])]


@scenario
def twice_raises(tf):
    tf.get_variable("v", [1])
    tf.get_variable("v", [1])


@scenario
def twice_in_scope_raises(tf):
    with tf.variable_scope("a"), tf.variable_scope("b"):
        tf.get_variable("v", [1])
        tf.get_variable("v", [1])


@scenario
def missing_raises(tf):
    with tf.variable_scope("a", reuse=True):
        tf.get_variable("v", [1])


@scenario
def reused_is_the_same_object(tf):
    found = []
    for _ in range(2):
        with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
            found.append(tf.get_variable("v", [1]))
    return [found[0] is found[1], graph_facts(tf)]


@scenario
def reused_with_other_shape_raises(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2, 3])
        tf.get_variable("v", [3, 2])


@scenario
def reused_with_other_rank_raises(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2, 3])
        tf.get_variable("v", [6])


@scenario
def reused_without_shape(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2, 3])
        return named_shapes([tf.get_variable("v")])


@scenario
def reused_with_unknown_dimension(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2, 3])
        return named_shapes([tf.get_variable("v", [None, 3])])


@scenario
def reused_with_other_dtype_raises(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [1])
        tf.get_variable("v", [1], dtype=tf.float64)


@scenario
def reused_double_without_dtype_raises(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [1], dtype=tf.float64)
        tf.get_variable("v", [1])


@scenario
def reused_with_other_initializer_keeps_the_first(tf, run):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2], initializer=tf.ones_initializer())
        return run(tf.get_variable("v", [2], initializer=tf.zeros_initializer()) + 0.0)


@scenario
def reused_with_other_trainable_keeps_the_first(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [2])
        return [tf.get_variable("v", [2], trainable=False).trainable, graph_facts(tf)]


@scenario
def shape_before_dtype_conflict(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.get_variable("v", [1])
        tf.get_variable("v", [2], dtype=tf.float64)


@scenario
def without_shape_raises(tf):
    tf.get_variable("v")


@scenario
def unknown_dimension_raises(tf):
    tf.get_variable("v", [None, 3])


@scenario
def shape_by_number(tf):
    return named_shapes([tf.get_variable("v", 3), tf.get_variable("w", (2,)), tf.get_variable("u", np.array([2, 2]))])


@scenario
def scalar_shape(tf, run):
    v = tf.get_variable("v", [], initializer=tf.constant_initializer(2.5))
    return [dims(v.shape), run(v + 0.0)]


@scenario
def zero_dimension(tf):
    return named_shapes([tf.get_variable("v", [0, 3])])


@scenario
def constant_with_shape_raises(tf):
    tf.get_variable("v", [2, 3], initializer=MATRIX)


@scenario
def constant_number_with_shape_raises(tf):
    tf.get_variable("v", [2], initializer=1.0)


@scenario
def constant_gives_shape(tf, run):
    v = tf.get_variable("v", initializer=MATRIX)
    return [dims(v.shape), dtype_name(v), run(v + 0.0)]


@scenario
def number_gives_scalar(tf, run):
    v = tf.get_variable("v", initializer=3.5)
    return [dims(v.shape), dtype_name(v), run(v * 2.0)]


@scenario
def list_gives_vector(tf):
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    return [dims(v.shape), dtype_name(v)]


@scenario
def integer_constant(tf):
    return dtype_name(tf.get_variable("v", initializer=3))


@scenario
def double_constant(tf):
    return dtype_name(tf.get_variable("v", initializer=MATRIX.astype(np.float64)))


@scenario
def double_constant_asked_as_single(tf):
    return dtype_name(tf.get_variable("v", initializer=MATRIX.astype(np.float64), dtype=tf.float32))


@scenario
def callable_without_arguments(tf, run):
    v = tf.get_variable("v", initializer=lambda: np.float32([1, 2, 3]))
    return [dims(v.shape), run(v + 0.0)]


@scenario
def callable_with_shape(tf, run):
    seen = []

    def initializer(shape, dtype=None, partition_info=None):
        seen.append([dims(shape), np.dtype(getattr(dtype, "as_numpy_dtype", dtype)).name])
        return np.full([int(d) for d in shape], 7, np.float32)

    return [run(tf.get_variable("v", [2, 2], initializer=initializer) + 0.0), seen[:1]]


@scenario
def callable_with_shape_and_dtype_only(tf, run):
    def initializer(shape, dtype):
        return np.full([int(d) for d in shape], 7, np.float32)

    return run(tf.get_variable("v", [2], initializer=initializer) + 0.0)


@scenario
def initializer_class_is_instantiated(tf, run):
    return run(tf.get_variable("v", [2], initializer=tf.ones_initializer) + 0.0)


@scenario
def default_initializer_is_glorot_uniform(tf, run):
    values = run(tf.get_variable("v", [30, 30]) + 0.0)
    limit = (6 / 60) ** 0.5
    return [bool(np.abs(values).max() < limit * (1 + 1e-6)), bool(np.abs(values).max() > 0.95 * limit)]


@scenario
def default_initializer_of_integers_is_zeros(tf, run):
    return run(tf.get_variable("v", [3], dtype=tf.int32) + 0)


@scenario
def default_initializer_of_vectors(tf, run):
    values = run(tf.get_variable("v", [1000]) + 0.0)
    limit = (6 / 2000) ** 0.5
    return [bool(np.abs(values).max() < limit * (1 + 1e-6)), bool(np.abs(values).max() > 0.95 * limit)]


@scenario
def dtypes(tf):
    wanted = (tf.float16, tf.float32, tf.float64, tf.int32, tf.int64)
    return [dtype_name(tf.get_variable(f"v{i}", [2], dtype=dtype)) for i, dtype in enumerate(wanted)]


@scenario
def not_trainable(tf):
    v = tf.get_variable("v", [1], trainable=False)
    return [v.trainable, graph_facts(tf)]


@scenario
def own_collections(tf):
    tf.get_variable("v", [1], collections=["mine"])
    tf.get_variable("w", [1], collections=["mine", tf.GraphKeys.GLOBAL_VARIABLES], trainable=False)
    return [graph_facts(tf), names(tf.get_collection("mine"))]


@scenario
def constraint_is_kept(tf):
    def constraint(value):
        return value

    return tf.get_variable("v", [1], constraint=constraint).constraint is constraint


@scenario
def bad_name_raises(tf):
    tf.get_variable("a:0", [1])


@scenario
def name_scope_is_not_in_the_name(tf):
    with tf.name_scope("ops"), tf.variable_scope("s"), tf.name_scope("more"):
        return tf.get_variable("v", [1]).name


@scenario
def scopes_and_variables_may_share_names(tf):
    with tf.variable_scope("a"):
        tf.get_variable("b", [1])
        with tf.variable_scope("b"):
            return tf.get_variable("b", [1]).name


@scenario
def arithmetic(tf, run):
    v = tf.get_variable("v", initializer=MATRIX)
    return run([v + 1.0, 1.0 - v, v * v, v / 2.0, -v, v[1], v[:, 1:]])


@scenario
def reductions(tf, run):
    v = tf.get_variable("v", initializer=MATRIX)
    return run(
        [
            tf.reduce_sum(v),
            tf.reduce_sum(v, axis=0),
            tf.reduce_mean(v, axis=1),
            tf.reduce_mean(v, axis=-1, keepdims=True),
            tf.square(v),
            tf.abs(v - 2.5),
        ]
    )


@scenario
def variable_class(tf, run):
    v = tf.Variable(MATRIX, name="v")
    return [v.name, dims(v.shape), dtype_name(v), v.trainable, run(v + 0.0), graph_facts(tf)]


@scenario
def variable_class_counts_names(tf):
    return names([tf.Variable(1.0, name="v"), tf.Variable(1.0, name="v"), tf.Variable(1.0), tf.Variable(1.0)])


@scenario
def variable_class_in_scopes(tf):
    with tf.variable_scope("a"):
        first = tf.Variable(1.0, name="v")
    with tf.variable_scope("a"):
        second = tf.Variable(1.0, name="v")
    with tf.name_scope("ops"):
        third = tf.Variable(1.0, name="v")
    return names([first, second, third])


@scenario
def variable_class_is_not_shared(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        tf.Variable([1.0], name="v")
        tf.get_variable("v", [1])
    return graph_facts(tf)


@scenario
def variable_class_not_trainable(tf):
    v = tf.Variable(1.0, trainable=False, name="v")
    return [v.trainable, graph_facts(tf)]


@scenario
def variable_class_dtypes(tf):
    return [
        dtype_name(tf.Variable(1)),
        dtype_name(tf.Variable(1.0)),
        dtype_name(tf.Variable([1.0, 2.0], dtype=tf.float64)),
        dtype_name(tf.Variable(np.float64(1.0))),
    ]


@scenario
def filters_by_scope_are_prefixes(tf):
    for name in ("a/v", "ab/v", "b/a/v", "a.b/v"):
        tf.get_variable(name, [1])
    wanted = (None, "", "a", "a/", "b", "v", ".*a", "a.b", "[ab]/", "a/v$")
    return [names(tf.global_variables(scope)) for scope in wanted]


@scenario
def trainable_filters_by_scope(tf):
    with tf.variable_scope("a"):
        tf.get_variable("v", [1])
        tf.get_variable("w", [1], trainable=False)
    return [names(tf.trainable_variables("a")), names(tf.trainable_variables("b"))]
