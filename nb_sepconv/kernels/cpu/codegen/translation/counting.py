"""Loops over ranges of integers, and over tuples of them."""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import ir

from nb_sepconv.kernels.cpu.codegen.translation.values import Known, as_integer
from nb_sepconv.kernels.cpu.codegen.vector import INTP


class Range(NamedTuple):
    """What ``range`` gives."""

    start: Any
    stop: Any
    step: Any


class Counter(NamedTuple):
    """A loop over a range: where the next integer is, where it stops, and how far it goes each time. Over a tuple, the
    integers are places in the ``table`` of its items.
    """

    place: Any
    stop: Any
    step: Any
    table: Any = None


class Turn(NamedTuple):
    """An integer of a loop, and whether there is one."""

    integer: Any
    exists: Any


def counted(builder: Any, *bounds: Any) -> Known:
    """The range of one to three integers."""
    integers = [as_integer(builder, each) for each in bounds]
    if len(integers) == 1:
        integers.insert(0, INTP(0))
    return Known(Range(*integers, *[INTP(1)] * (3 - len(integers))))


def begun(builder: Any, over: Any, new_place: Any) -> Known:
    """The loop over a range or a tuple; ``new_place(count)`` is memory for so many integers, one by default."""
    place = new_place()
    if isinstance(over, Known):
        start, stop, step = over.object
        builder.store(start, place)
        return Known(Counter(place, stop, step))
    builder.store(INTP(0), place)
    table = new_place(len(over) + 1)  # one more, which the last turn reads and does not use
    for i, value in enumerate(over):
        builder.store(as_integer(builder, value), builder.gep(table, [INTP(i)]))
    return Known(Counter(place, INTP(len(over)), INTP(1), table))


def next_turn(builder: Any, counter: Counter) -> Known:
    """The next integer of a loop."""
    now = builder.load(counter.place)
    builder.store(builder.add(now, counter.step), counter.place)
    value = now if counter.table is None else builder.load(builder.gep(counter.table, [now]))
    return Known(Turn(value, _goes_on(builder, now, counter.stop, counter.step)))


def _goes_on(builder: Any, now: Any, stop: Any, step: Any) -> Any:
    upwards, downwards = builder.icmp_signed("<", now, stop), builder.icmp_signed(">", now, stop)
    if isinstance(step, ir.Constant):
        return upwards if step.constant > 0 else downwards
    return builder.select(builder.icmp_signed(">", step, INTP(0)), upwards, downwards)
