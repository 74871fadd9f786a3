"""Name scopes, by themselves and as variable scopes open them."""

from conformance.harness import Scenarios

scenario = Scenarios()


@scenario
def name_scopes_count_up(tf):
    found = []
    for name in ("a", "a", "b", "a_1", "a"):
        with tf.name_scope(name) as scope:
            found.append(scope)
    return found


@scenario
def name_scopes_nest(tf):
    with tf.name_scope("a") as a, tf.name_scope("b") as b, tf.name_scope(a) as back, tf.name_scope("b") as again:
        return [a, b, back, again]


@scenario
def name_scope_without_name(tf):
    with tf.name_scope("a"), tf.name_scope(None) as root, tf.name_scope("b") as b:
        return [root, b]


@scenario
def name_scope_with_default(tf):
    with tf.name_scope(None, "fallback") as given, tf.name_scope("a", "fallback") as named:
        return [given, named]


@scenario
def variable_scopes_open_name_scopes(tf):
    found = []
    for _ in range(2):
        with tf.variable_scope("a") as scope, tf.name_scope("x") as inner:
            found.append([scope.name, scope.original_name_scope, inner])
    return found


@scenario
def variable_scope_objects_open_name_scopes(tf):
    with tf.variable_scope("a") as a:
        pass
    with tf.variable_scope("b"), tf.variable_scope(a) as again, tf.name_scope("x") as inner:
        return [again.original_name_scope, inner]


@scenario
def without_auxiliary_name_scope(tf):
    with (
        tf.variable_scope("a"),
        tf.variable_scope("b", auxiliary_name_scope=False) as scope,
        tf.name_scope("x") as inner,
    ):
        return [scope.name, inner, tf.get_variable("v", [1]).name]
