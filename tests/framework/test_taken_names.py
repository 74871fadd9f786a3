"""Names that are taken, against a plain set of them."""

import random

import pytest

from nb_sepconv.framework.taken_names import TakenNames

PARTS = ("a", "b", "a_1", "b_2", "c_01")


class PlainNames:
    """The same by search: a set of names, and copies of it."""

    def __init__(self):
        self.names = set()

    def free_number(self, name):
        if name not in self.names:
            return 0
        number = 1
        while f"{name}_{number}" in self.names:
            number += 1
        return number

    def take(self, name):
        taken = name in self.names
        self.names.add(name)
        return taken

    def take_free(self, name):
        number = self.free_number(name)
        self.names.add(f"{name}_{number}" if number else name)
        return number

    def forget_inside(self, scope):
        self.names = {name for name in self.names if not name.startswith(f"{scope}/")}


@pytest.mark.parametrize("seed", range(200))
def test_as_a_plain_set_of_names(seed):
    rng, plain, names = random.Random(seed), PlainNames(), TakenNames()
    for _ in range(60):
        name = "/".join(rng.choice(PARTS) for _ in range(rng.randrange(1, 4)))
        step = rng.randrange(6)
        if step < 2:
            assert (names.take(name) is None) == plain.take(name)
        elif step < 4:
            assert names.take_free(name)[0] == plain.take_free(name)
        elif step == 4:
            names.forget_inside(name)
            plain.forget_inside(name)
        elif step == 5:
            change = names.take(name)
            if change is not None:
                names.restore(change)
        for each in (name, *plain.names):
            assert names.covers(each) == (each in plain.names)
            assert names.free_number(each) == plain.free_number(each)
    names.forget_inside("a"), names.forget_inside("b"), names.forget_inside("a_1")
    names.forget_inside("b_2"), names.forget_inside("c_01")
    assert not any("/" in name for name in names)
    assert not names.inside


def test_kept_names_are_not_forgotten():
    names = TakenNames()
    for name in ("s/kernel", "s/kernel", "s/relu", "s/t/bias"):
        names.take_free(name)
    names.keep("s/kernel_1"), names.keep("s/t/bias")
    names.forget_inside("s")
    assert names == {"s/kernel": 1, "s/t/bias": 0}
    assert not names.inside
