"""How a model is cut: what it reads for a range of its output, and what it makes of that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from nb_sepconv.convolution import precisions
from nb_sepconv.convolution.applying import apply_window
from nb_sepconv.convolution.rooms import Rooms
from nb_sepconv.convolution.windows import Field, field, places, windows
from nb_sepconv.stacks.stages import form_of, is_known, output_channels, stages_of

if TYPE_CHECKING:
    from nb_sepconv.convolution.stage import Stage
    from nb_sepconv.convolution.windows import Place

TRIED_OUTPUTS = 8


class Trial(NamedTuple):
    """What a call of a model shows: what tells it from another one, and the channels and the type of its outputs."""

    identity: dict[str, Any]
    filters: int
    dtype: Any


class Cut(Protocol):
    """A model as a job applies it, to series (N, L, C), or (N, C, L) where the channels come first.

    Attributes:
        channels_last: bool.
        dtype: the type of what it is to be given, None for any.
        by_numpy: bool, whether NumPy computes a part of it.
        foreign: bool, whether code of the caller's takes part, which the caller's thread alone may run.
    """

    channels_last: bool
    dtype: Any
    by_numpy: bool
    foreign: bool

    def steps(self, length: int) -> int:
        """The output steps of a series; a ValueError where it is too short."""

    def field(self, length: int) -> Field:
        """What an output step depends on."""

    def reads(self, length: int, start: int, stop: int) -> tuple[int, int]:
        """The input steps that the output steps [start, stop) are computed from."""

    def compute(self, inputs: Any, length: int, start: int, stop: int, out: Any) -> Any:
        """Put the output steps [start, stop) into ``out``; with None, into a new array. ``inputs`` is what was read."""

    def is_exact(self, dtype: Any) -> bool:
        """Whether all products of series of a type are those of the type itself."""

    def tried(self, channels: int, dtype: Any) -> Trial:
        """What a call shows of the model; a ValueError where it cannot be cut."""


class StagesCut:
    """Layers, which are cut by exact windows.

    Args:
        model: what :func:`~nb_sepconv.stacks.stages.stages_of` takes.
        over_time: bool, whether it is going to be cut over time.
    """

    stages: list[Stage]
    channels_last: bool
    dtype: Any
    by_numpy: bool
    foreign: bool

    def __init__(self, model: Any, over_time: bool) -> None:
        self._layers, self.stages, self._over_time = layers_of(model), stages_of(model), over_time
        form = form_of(self.stages)
        self.channels_last, self.dtype = form.channels_last, form.dtype
        self.by_numpy = any(stage.by_numpy for stage in self.stages)
        self.foreign = not all(stage.activation is None or is_known(stage.activation) for stage in self.stages)
        self._places: dict[int, list[Place]] = {}
        self._room = Rooms()

    def places(self, length: int) -> list[Place]:
        """The places of the layers on a series."""
        if length not in self._places:
            self._places[length] = places(self.stages, length)
        return self._places[length]

    def steps(self, length: int) -> int:
        """The output steps of a series."""
        where = self.places(length)
        for stage, place in zip(self.stages, where, strict=True):
            if not place.steps and (stage.padding not in ("same", "causal") or length):
                raise ValueError(
                    f'a series of {length} steps is too short: nothing is left of it for the layer "{stage.name}", '
                    f"which spans {stage.span} steps"
                )
        return where[-1].steps

    def field(self, length: int) -> Field:
        """What an output step depends on."""
        return field(self.places(length))

    def reads(self, length: int, start: int, stop: int) -> tuple[int, int]:
        """The input steps of a window."""
        window = windows(self.places(length), start, stop)[0]
        return window.start, window.stop

    def compute(self, inputs: Any, length: int, start: int, stop: int, out: Any) -> Any:
        """The outputs of a window."""
        found = windows(self.places(length), start, stop)
        return apply_window(self.stages, found, lambda _start, _stop: inputs, out, self._room)

    def is_exact(self, dtype: Any) -> bool:
        """Whether no layer and no block around asks for less."""
        names = [getattr(layer, "precision", None) or precisions.of_context() for layer in self._layers]
        types = [np.dtype(stage.dtype or dtype).name for stage in self.stages]
        return all(precisions.least(*each) == "float32" for each in zip(names, types, strict=True))

    def tried(self, channels: int, dtype: Any) -> Trial:
        """Its identity: each layer's settings, a hash of its weights, and one of outputs for certain inputs."""
        if self._over_time:
            output_channels(self.stages, channels)
        length = trial_length(self.field(0))
        outputs = self.compute(trial_inputs(self, channels, dtype, length), length, 0, self.steps(length), None)
        layers = [_described(*pair) for pair in zip(self._layers, self.stages, strict=True)]
        return trial_of(self, outputs, {"layers": layers})


def layers_of(model: Any) -> list[Any]:
    """The layers of a model, in the order of its stages."""
    inner = model if isinstance(model, (list, tuple)) else getattr(model, "layers", None)
    return [model] if inner is None else [layer for each in inner for layer in layers_of(each)]


def _described(layer, stage):
    moves = {name: getattr(stage, name) for name in ("kernel_size", "stride", "dilation", "channels", "filters")}
    padding = stage.padding if isinstance(stage.padding, str) else list(stage.padding)
    weights = layer.get_weights() if hasattr(layer, "get_weights") else []
    return {
        "kind": getattr(layer, "__name__", type(layer).__name__),
        **moves,
        "padding": padding,
        "dtype": None if stage.dtype is None else np.dtype(stage.dtype).name,
        "weights": hash_of(*weights),
    }


def hash_of(*arrays: Any) -> str:
    """A hash of arrays: of their shapes, types and bits."""
    digest = hashlib.blake2b(digest_size=16)
    for array in arrays:
        array = np.ascontiguousarray(array)
        digest.update(f"{array.shape} {array.dtype}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def trial_of(cut: Cut, outputs: Any, identity: dict[str, Any]) -> Trial:
    """The trial for outputs, whose hash becomes a part of the identity."""
    filters = outputs.shape[2 if cut.channels_last else 1]
    return Trial({**identity, "outputs": hash_of(outputs)}, filters, outputs.dtype)


def trial_length(of: Field) -> int:
    """The steps of a series that gives some outputs, wherever its zeros are."""
    return of.span + (TRIED_OUTPUTS - 1) * of.stride


def trial_inputs(cut: Cut, channels: int, dtype: Any, length: int) -> Any:
    """A series of certain values."""
    shape = (1, length, channels) if cut.channels_last else (1, channels, length)
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def sliced(array: Any, channels_last: bool, start: int, stop: int) -> Any:
    """The steps [start, stop) of an array of three axes."""
    return array[:, start:stop] if channels_last else array[:, :, start:stop]
