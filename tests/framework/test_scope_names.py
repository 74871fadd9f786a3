"""The names of scopes, against a plain set of full names and copies of it."""

import random

import pytest
from listed_names import listed

from nb_sepconv.framework.scope_names import ScopeNames, path_of

PARTS = ("a", "b", "a_1", "b_2", "c_01", "a/b", "a//b", "a/", "")


def covered(names):
    """All full names that are taken."""
    return {f"{name}_{i}" if i else name for name, last in listed(names).items() for i in range(last + 1)}


class PlainScopes:
    """The same by search, as TF keeps it."""

    def __init__(self):
        self.names, self.prefix, self.entered = set(), "", []

    def full(self, name):
        return f"{self.prefix}/{name}" if self.prefix else name

    def free_number(self, name):
        if self.full(name) not in self.names:
            return 0
        number = 1
        while f"{self.full(name)}_{number}" in self.names:
            number += 1
        return number

    def pass_through(self, name):
        self.names.add(self.full(name))
        self.forget_inside(self.full(name))

    def forget_inside(self, scope):
        self.names = {name for name in self.names if not name.startswith(f"{scope}/")}

    def enter(self, name):
        self.entered.append(self.prefix)
        self.prefix = self.full(name)
        self.names.add(self.prefix)

    def leave(self):
        self.forget_inside(self.prefix)
        self.prefix = self.entered.pop()

    def jump(self, name):
        self.names.add(name)
        self.entered.append((self.prefix, set(self.names)))
        self.prefix = name

    def jump_back(self):
        self.prefix, self.names = self.entered.pop()


@pytest.mark.parametrize("seed", range(300))
def test_as_a_plain_set_of_names(seed):
    rng, plain, names, lefts, seen = random.Random(seed), PlainScopes(), ScopeNames(), [], [""]
    for _ in range(60):
        name, step = rng.choice(PARTS), rng.randrange(9)
        if step < 2:
            names.pass_through(name), plain.pass_through(name)
        elif step == 2:
            number = names.free_number(name)
            assert number == plain.free_number(name)
            numbered = f"{name}_{number}" if number else name
            names.pass_through(numbered), plain.pass_through(numbered)
        elif step == 3:
            path = rng.choice(seen)
            names.add(path_of(path)), plain.names.add(path)
        elif step < 6:
            lefts.append((names.leave, plain.leave, names.enter(name)))
            plain.enter(name)
        elif step == 6:
            path = rng.choice(seen)
            lefts.append((names.jump_back, plain.jump_back, names.jump(path)))
            plain.jump(path)
        elif lefts:
            back, plain_back, left = lefts.pop()
            back(left), plain_back()
        seen.append(plain.prefix)
        assert covered(names) == plain.names
        for each in PARTS:
            assert names.free_number(each) == plain.free_number(each)
    while lefts:
        back, plain_back, left = lefts.pop()
        back(left), plain_back()
    assert covered(names) == plain.names
    assert names.here is names.root


def test_numbered_names_are_a_count():
    names = ScopeNames()
    for _ in range(100):
        number = names.free_number("a")
        names.pass_through(f"a_{number}" if number else "a")
    assert listed(names) == {"a": 99}


def test_scopes_that_come_and_go_leave_nothing():
    names = ScopeNames()
    for number in range(100):
        jumped = names.jump("s")
        entered = names.enter(f"t_{number}/u")
        names.pass_through("v"), names.add(path_of("s/t/w"))
        names.leave(entered), names.jump_back(jumped)
    assert listed(names) == {"s": 0}
    assert not names.root.inner
