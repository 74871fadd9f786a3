"""What a thread's tree of scope names holds, for tests."""


def listed(names):
    """The full names that a tree holds, each with the number of the last one derived from it."""

    def walk(inside, prefix):
        yield from ((prefix + name, number) for name, number in inside.taken.items())
        for name, inner in inside.inner.items():
            yield from walk(inner, f"{prefix}{name}/")

    return dict(walk(names.root, ""))
