"""The state of a stream as arrays by name, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nb_sepconv.convolution.sizes import by_step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nb_sepconv.streaming.layer_stream import LayerStream


def state_of(parts: Sequence[LayerStream], layers: int) -> dict[str, np.ndarray]:
    """The state of a stream of so many layers, which have no parts yet where nobody knows their channels."""
    if not parts:
        return {"seen": np.zeros(layers, np.int64)}
    kept = {_name(number): np.array(part.steps, order="C") for number, part in enumerate(parts)}
    return {"seen": np.array([part.seen for part in parts], np.int64), **kept}


def steps_seen(state: Mapping[str, Any], layers: int, length: int | None) -> list[int]:
    """The steps that each layer of a state has taken."""
    seen = _entry(state, "seen")
    if seen.shape != (layers,) or seen.dtype.kind not in "iu" or (seen < 0).any():
        raise ValueError(f'`state["seen"]` must be {layers} integers >= 0, one for each layer. Received: {seen!r}')
    if length is not None and seen[0] > length:
        raise ValueError(f'`state["seen"]` must be at most the `length` {length}. Received: {seen!r}')
    return [int(each) for each in seen]


def channels_of(state: Mapping[str, Any], axis: int) -> int:
    """The channels of the series that a state is of."""
    kept = _entry(state, _name(0))
    if kept.ndim != 3:
        raise _wrong_kept(0, "3 axes", kept)
    return kept.shape[3 - axis]


def restore(parts: Sequence[LayerStream], seen: Sequence[int], state: Mapping[str, Any]) -> None:
    """Let all parts go on where a state was taken, or none of them."""
    kept = [_kept(number, part, seen, state) for number, part in enumerate(parts)]
    for part, steps, values in zip(parts, seen, kept, strict=True):
        part.continue_from(steps, values)


def _kept(number, part, seen, state):
    """The kept steps of a layer, whose inputs are the outputs of the one before."""
    steps = seen[number]
    if number + 1 < len(seen) and seen[number + 1] != part.known(steps):
        raise ValueError(
            f'`state["seen"]` must be of these layers: layer {number} gives {part.known(steps)} steps after {steps}. '
            f"Received: {seen[number + 1]} of layer {number + 1}"
        )
    if not steps:
        return None
    values = _entry(state, _name(number))
    if values.dtype.kind == "V" and values.dtype.itemsize == part.dtype.itemsize:
        values = values.view(part.dtype)  # so `np.load` gives bfloat16
    shape = by_step((part.examples, part.steps_kept(steps), part.channels), part.axis == 1)
    if values.shape != shape or values.dtype != part.dtype:
        raise _wrong_kept(number, f"the shape {shape} and the type {part.dtype}", values)
    return values


def _wrong_kept(number, wanted, values):
    return ValueError(
        f'`state["{_name(number)}"]` must have {wanted}. Received: shape {values.shape}, type {values.dtype}'
    )


def _entry(state, name):
    try:
        return np.asarray(state[name])
    except (KeyError, TypeError, IndexError):
        raise ValueError(f'`state` must hold "{name}", as the state of a stream does. Received: {state!r}') from None


def _name(number):
    return f"kept_{number}"
