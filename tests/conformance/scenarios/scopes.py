"""The variable_scope engine by itself."""

from conformance.facts import error_of, in_thread, names, reuse_of
from conformance.harness import Scenarios

scenario = Scenarios()


def variable(tf, name="v", shape=(1,), **arguments):
    return tf.get_variable(name, shape, **arguments)


def opened(tf, *arguments, **keywords):
    with tf.variable_scope(*arguments, **keywords) as scope:
        return scope.name


@scenario
def root(tf):
    scope = tf.get_variable_scope()
    return [scope.name, scope.reuse, scope.initializer, scope.regularizer, scope.custom_getter, scope.constraint]


@scenario
def current_scope_is_what_with_gives(tf):
    with tf.variable_scope("a") as a:
        return [tf.get_variable_scope() is a, a.name, a.reuse]


@scenario
def nested_names(tf):
    with tf.variable_scope("a") as a, tf.variable_scope("b") as b, tf.variable_scope("c/d") as c:
        return [a.name, b.name, c.name, variable(tf).name]


@scenario
def empty_name(tf):
    with tf.variable_scope("") as scope:
        at_root = [scope.name, variable(tf).name]
    with tf.variable_scope("a"), tf.variable_scope("") as inner:
        return [at_root, inner.name, error_of(variable, tf)]


@scenario
def object_jumps_to_its_name(tf):
    with tf.variable_scope("a"), tf.variable_scope("b") as b:
        pass
    with tf.variable_scope("x"), tf.variable_scope(b) as again:
        return [again.name, variable(tf).name, again is b]


@scenario
def object_keeps_its_reuse(tf):
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE) as a:
        pass
    with tf.variable_scope(a) as again:
        return reuse_of(tf, again)


@scenario
def object_does_not_take_reuse_from_where_it_is_entered(tf):
    with tf.variable_scope("a") as a:
        variable(tf)
    with tf.variable_scope("b", reuse=True), tf.variable_scope(a) as again:
        return [again.reuse, error_of(variable, tf)]


@scenario
def object_overrides(tf):
    one, two = tf.ones_initializer(), tf.zeros_initializer()
    with tf.variable_scope("a", initializer=one) as a:
        pass
    with tf.variable_scope(a, initializer=two) as again:
        found = [again.initializer is two, a.initializer is one]
    with tf.variable_scope(a) as again:
        return [*found, again.initializer is one]


@scenario
def reuse_values(tf):
    found = []
    for outer in (None, False, True, tf.AUTO_REUSE):
        for inner in (None, False, True, tf.AUTO_REUSE):
            with tf.variable_scope("a", reuse=outer), tf.variable_scope("b", reuse=inner) as scope:
                found.append(reuse_of(tf, scope))
    return found


@scenario
def reuse_values_through_objects(tf):
    with tf.variable_scope("a") as plain, tf.variable_scope("b", reuse=True) as reusing:
        pass
    found = []
    for scope in (plain, reusing):
        for reuse in (None, False, True, tf.AUTO_REUSE):
            with tf.variable_scope(scope, reuse=reuse) as again:
                found.append(reuse_of(tf, again))
    return found


@scenario
def reuse_variables_lasts_as_long_as_the_scope(tf):
    with tf.variable_scope("a") as a:
        a.reuse_variables()
        inside = a.reuse
    with tf.variable_scope("a") as again:
        return [inside, again.reuse]


@scenario
def reuse_variables_reaches_scopes_opened_later(tf):
    with tf.variable_scope("a") as a:
        with tf.variable_scope("b") as before:
            a.reuse_variables()
            current = tf.get_variable_scope().reuse
        with tf.variable_scope("b") as after:
            return [before.reuse, current, after.reuse]


@scenario
def no_name_raises(tf):
    opened(tf, None)


@scenario
def number_as_name_raises(tf):
    opened(tf, 5)


@scenario
def bad_reuse_raises(tf):
    opened(tf, "a", reuse="yes")


@scenario
def bad_reuse_by_number_raises(tf):
    opened(tf, "a", reuse=1)


@scenario
def name_with_space_raises(tf):
    opened(tf, "a b")


@scenario
def bad_auxiliary_name_scope_raises(tf):
    opened(tf, "a", auxiliary_name_scope="no")


@scenario
def improper_nesting_raises(tf):
    def nest():
        outer, inner = tf.variable_scope("a"), tf.variable_scope("b")
        outer.__enter__()
        inner.__enter__()
        outer.__exit__(None, None, None)

    return in_thread(tf, nest)


@scenario
def scope_manager_entered_twice(tf):
    manager, found = tf.variable_scope("a"), []
    for _ in range(2):
        with manager as scope:
            found.append([scope.name, tf.get_variable_scope().name])
    return [found, tf.get_variable_scope().name]


@scenario
def exception_restores_the_scope(tf):
    def broken():
        with tf.variable_scope("a"), tf.variable_scope(None, default_name="d"):
            raise KeyError("inside")

    with tf.variable_scope("outer"):
        return [error_of(broken), tf.get_variable_scope().name, variable(tf).name]


@scenario
def initializer_is_inherited(tf, run):
    with tf.variable_scope("a", initializer=tf.constant_initializer(3.0)):
        one = variable(tf, "one")
        with tf.variable_scope("b"):
            two = variable(tf, "two")
            given = variable(tf, "given", initializer=tf.ones_initializer())
        with tf.variable_scope("c", initializer=tf.constant_initializer(5.0)):
            three = variable(tf, "three")
    return run([one, two, given, three])


@scenario
def set_initializer(tf, run):
    with tf.variable_scope("a") as scope:
        scope.set_initializer(tf.constant_initializer(3.0))
        return run([variable(tf)])


@scenario
def constant_as_scope_initializer(tf, run):
    with tf.variable_scope("a", initializer=0.25):
        return error_of(variable, tf)


@scenario
def dtype_of_scope(tf):
    with tf.variable_scope("a", dtype=tf.float64) as scope:
        found = [scope.dtype == tf.float64, variable(tf).dtype.name]
        with tf.variable_scope("b") as inner:
            return [*found, inner.dtype == tf.float64, variable(tf, dtype=tf.float32).dtype.name]


@scenario
def constraint_of_scope(tf):
    def keep(value):
        return value

    with tf.variable_scope("a", constraint=keep) as outer:
        direct = variable(tf).constraint is keep
        with tf.variable_scope("b") as inner:
            return [outer.constraint is keep, direct, inner.constraint is None, variable(tf).constraint is None]


@scenario
def regularizer_of_scope(tf):
    def regularize(value):
        return tf.reduce_sum(value * value)

    with tf.variable_scope("a", regularizer=regularize) as outer, tf.variable_scope("b") as inner:
        variable(tf)
    count = len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES))
    return [outer.regularizer is regularize, inner.regularizer is regularize, count]


@scenario
def setters(tf):
    def regularize(value):
        return None

    def getter(getter, name, *arguments, **keywords):
        return getter(name, *arguments, **keywords)

    with tf.variable_scope("a") as scope:
        scope.set_regularizer(regularize)
        scope.set_custom_getter(getter)
        scope.set_dtype(tf.float64)
        found = [scope.regularizer is regularize, scope.custom_getter is getter, variable(tf).dtype.name]
    with tf.variable_scope("a") as again:
        return [*found, again.regularizer is None, again.custom_getter is None]


@scenario
def variables_of_scope(tf):
    with tf.variable_scope("a") as a:
        variable(tf, "one")
        with tf.variable_scope("b") as b:
            variable(tf, "two", trainable=False)
    with tf.variable_scope("ab"):
        variable(tf, "three")
    return [[names(scope.global_variables()), names(scope.trainable_variables())] for scope in (a, b)]


@scenario
def collection_of_scope(tf):
    with tf.variable_scope("a") as a:
        variable(tf, "one", collections=["mine"])
    with tf.variable_scope("b") as b:
        variable(tf, "one", collections=["mine"])
    return [names(a.get_collection("mine")), names(b.get_collection("mine")), names(tf.get_collection("mine"))]


@scenario
def two_graphs(tf):
    with tf.variable_scope("a"):
        outside = variable(tf).name
        with tf.Graph().as_default():
            inside = [tf.get_variable_scope().name, variable(tf).name, opened(tf, None, default_name="a")]
        return [outside, inside, tf.get_variable_scope().name]


@scenario
def returning_to_a_graph(tf):
    graph = tf.Graph()
    with graph.as_default():
        first = opened(tf, None, default_name="d")
    with graph.as_default():
        return [first, opened(tf, None, default_name="d"), tf.get_default_graph() is graph]


@scenario
def scope_made_by_hand(tf):
    scope = tf.VariableScope(reuse=tf.AUTO_REUSE, name="made")
    with tf.variable_scope(scope) as entered:
        return [entered.name, reuse_of(tf, entered), variable(tf).name, variable(tf).name]
