"""How default names of scopes count up."""

from conformance.harness import Scenarios

scenario = Scenarios()


def opened(tf, *arguments, **keywords):
    with tf.variable_scope(*arguments, **keywords) as scope:
        return scope.name


@scenario
def default_names_count_up(tf):
    return [opened(tf, None, default_name="block") for _ in range(4)]


@scenario
def default_names_in_scopes(tf):
    found = []
    for outer in ("a", "b", "a"):
        with tf.variable_scope(outer):
            found += [opened(tf, None, default_name="block"), opened(tf, None, default_name="block")]
    return found


@scenario
def default_name_is_ignored_when_a_name_is_given(tf):
    return [opened(tf, "a", default_name="block"), opened(tf, None, "block"), opened(tf, "a", "block")]


@scenario
def default_names_and_explicit_names_share_counts(tf):
    return [
        opened(tf, "block"),
        opened(tf, None, default_name="block"),
        opened(tf, "block_2"),
        opened(tf, None, default_name="block"),
        opened(tf, None, default_name="block"),
    ]


@scenario
def default_names_interleaved_with_longer_names(tf):
    wanted = ("a", "ab", "a", "a_1", "ab", "a", "a_1", "a_1_1", "a")
    return [opened(tf, None, default_name=name) for name in wanted]


@scenario
def default_names_with_slashes(tf):
    wanted = ("a/b", "a/b", "a", "a/b", "a")
    return [opened(tf, None, default_name=name) for name in wanted]


@scenario
def default_names_after_a_jump(tf):
    with tf.variable_scope("a") as a:
        first = [opened(tf, None, default_name="d"), opened(tf, None, default_name="d")]
    with tf.variable_scope("b"):
        with tf.variable_scope(a):
            jumped = opened(tf, None, default_name="d")
        beside = opened(tf, None, default_name="d")
    with tf.variable_scope("a"):
        return [first, jumped, beside, opened(tf, None, default_name="d")]


@scenario
def default_names_after_a_jump_from_inside(tf):
    with tf.variable_scope("a") as a:
        found = [opened(tf, None, default_name="d")]
        with tf.variable_scope(a):
            found += [opened(tf, None, default_name="d"), opened(tf, None, default_name="d")]
        return [*found, opened(tf, None, default_name="d")]


@scenario
def counts_inside_default_named_scopes(tf):
    found = []
    for _ in range(2):
        with tf.variable_scope(None, default_name="outer") as outer:
            found += [outer.name, opened(tf, None, default_name="d"), opened(tf, None, default_name="d")]
    return found


@scenario
def leaving_resets_only_counts_below(tf):
    found = []
    with tf.variable_scope("a"):
        for name in ("b", "bc", "b"):
            with tf.variable_scope(name):
                found.append(opened(tf, None, default_name="d"))
        found += [opened(tf, None, default_name="b"), opened(tf, None, default_name="bc")]
    found.append(opened(tf, None, default_name="a"))
    return found


@scenario
def default_name_inherits_reuse(tf):
    with tf.variable_scope("a"), tf.variable_scope(None, default_name="d"):
        tf.get_variable("v", [1])
    with tf.variable_scope("a", reuse=True), tf.variable_scope(None, default_name="d") as scope:
        return [scope.name, scope.reuse, tf.get_variable("v", [1]).name]


@scenario
def default_name_with_reuse_raises(tf):
    opened(tf, None, default_name="d", reuse=True)


@scenario
def default_name_with_auto_reuse_raises(tf):
    opened(tf, None, default_name="d", reuse=tf.AUTO_REUSE)
