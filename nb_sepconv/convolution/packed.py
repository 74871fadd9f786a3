"""A convolution or product by the same variables again and again, which stay packed as long as their values do."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from nb_sepconv import activations
from nb_sepconv.convolution import host, precisions, settings
from nb_sepconv.convolution.lengths import example_by_example, lengths_of, steps_of
from nb_sepconv.convolution.outputs import written
from nb_sepconv.convolution.planned_calls import PlannedCalls
from nb_sepconv.convolution.sizes import by_step
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.kernels.protocol import Before


class Packed:
    """A call whose variables stay packed until one of them may have changed.

    ``activation`` is None, a name or a function; the other settings are those of the operation. A subclass plans.
    """

    def __init__(
        self, strides: Any, padding: Any, data_format: Any, dilation_rate: Any, activation: Any, precision: Any = None
    ) -> None:
        self.given: tuple[Any, Any, Any, Any, Any, Any] = (
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            precision,
        )
        self._precision = precisions.checked(precision)
        fused, self._after = settings.fused_activation(activation)
        self._settings = settings.from_arguments(strides, padding, data_format, dilation_rate, fused)
        self._state = (), PlannedCalls(), {}

    def __reduce__(self) -> Any:
        return type(self), self.given

    def __call__(self, inputs: Any, *weights: Any) -> Any:
        """The outputs for ``inputs``; ``weights`` are variables in the order of the operation, or None."""
        return self.by(weights, inputs)

    def by(self, weights: tuple[Any, ...], inputs: Any) -> Any:
        """The same; quickest for the tuple that it was called with before."""
        inputs, call, packs = self._planned(inputs, weights, None)
        outputs = call.run(inputs, _packed(packs, call, weights))
        return outputs if self._after is None else self._after(outputs)

    def window(self, inputs: Any, zeros: tuple[int, int], weights: Any, out: Any = None) -> Any:
        """The outputs for ``inputs`` with ``zeros`` (before, after) in place of the padding.

        Args:
            out: C-contiguous array that takes the outputs, apart from ``inputs``. Default a new one.
        """
        inputs, call, packs = self._planned(inputs, weights, zeros)
        fused = self._after is None
        outputs = call.run(inputs, _packed(packs, call, weights), out if fused else None)
        return outputs if fused else written(self._after(outputs), out)

    def repeated(self, weights: Any) -> Any:
        """A function ``(inputs, out)``, :meth:`window` without zeros for inputs of one shape, strides and type; its
        method ``after(before, inputs, out)`` takes steps before the inputs.
        """
        return _Repeated(self, weights)

    def _planned(self, inputs, weights, zeros):
        """The inputs as the kernels take them, the call for inputs like these, and where its packed weights are."""
        known, calls, packs = self._state
        if weights is not known and (len(weights) != len(known) or any(map(operator.is_not, weights, known))):
            calls, packs = PlannedCalls(), {}
            self._state = weights, calls, packs
        key, precision = None, self._precision or precisions.of_context()
        if type(inputs) is np.ndarray:
            key = (
                cpu.get_num_threads(),
                engines.environment_engine(),
                precision,
                inputs.shape,
                inputs.strides,
                inputs.dtype,
                zeros,
            )
        call = calls.get(key)
        if call is None:
            arrays, settings = (inputs, *map(_array, weights)), self._settings
            settings = settings if settings.precision == precision else settings._replace(precision=precision)
            settings = settings if zeros is None else settings._replace(padding=zeros)
            taken, call = self._plan(arrays, settings)
            calls.remember(key, call, arrays[:1], taken[:1])
            inputs = taken[0]
        return inputs, call, packs


def packed_of(variable: Any, kind: type[Packed], given: tuple[Any, ...]) -> Packed:
    """``kind(*given)`` for a variable, which keeps it for whoever asks for the same again.

    It is made anew for what is no variable, and for an activation of the caller's own, of which there may be many.
    """
    kept, activation = getattr(variable, "kept", None), given[4]
    if kept is None or not (activation is None or activations.fused_name(activation)):
        return kind(*given)
    of_kind = kept.setdefault(kind, {})
    try:
        found = of_kind.get(given)
        if found is None:
            found = of_kind[given] = kind(*given)
    except TypeError:  # settings that do not hash
        return kind(*given)
    return found


class PackedConvolution(Packed):
    """A separable convolution, of variables (depthwise, pointwise, bias or None)."""

    def settings_of_gradients(self, precision: Any) -> settings.Settings:
        """The settings without the activation, which gradients pass through by themselves."""
        return self._settings._replace(activation=None, precision=precisions.chosen(precision))

    def with_lengths(self, inputs: Any, lengths: Any, weights: Any) -> Any:
        """The outputs for ``inputs`` whose examples have ``lengths``, an array or sequence of ints (N,)."""
        inputs, call, packs = self._planned(inputs, weights, None)
        kernel_size, settings = len(weights[0].array), self._settings
        lengths = lengths_of(lengths, inputs, kernel_size, settings)
        outputs = call.run(inputs, _packed(packs, call, weights), None, lengths)
        if self._after is None:
            return outputs
        return example_by_example(self._after, steps_of(lengths.lengths, kernel_size, settings), settings, outputs)

    def _plan(self, arrays, settings):
        return host.planned(arrays, settings)


class _Repeated:
    """What was looked up for the first inputs, as long as threads, engine, precision and weights stay the same."""

    __slots__ = ("_call", "_convolution", "_known", "_packed", "_variables", "_versions", "_weights")

    def __init__(self, convolution, weights):
        self._convolution, self._weights = convolution, weights
        self._variables = [weight for weight in weights if weight is not None]
        self._known = self._versions = None

    def __call__(self, inputs, out):
        of = self._convolution
        known = cpu.get_num_threads(), engines.environment_engine(), of._precision or precisions.of_context()
        versions = [weight.version for weight in self._variables]
        if known != self._known or versions != self._versions:
            _, self._call, packs = of._planned(inputs, self._weights, (0, 0))
            self._packed = _packed(packs, self._call, self._weights)
            self._known, self._versions = known, versions
        if of._after is None:
            return self._call.run(inputs, self._packed, out)
        return written(of._after(self._call.run(inputs, self._packed)), out)

    def after(self, before, inputs, room, first_kept, count, out):
        """The outputs for ``inputs`` behind the steps ``before``, of which, joined, ``count`` from ``first_kept`` on
        are copied to ``room(count)``; arrays that lie in memory alike. None where the kernels want them joined.
        """
        of = self._convolution
        axis = 1 if of._settings.channels_last else 2
        inputs, call, packs = of._planned(inputs, self._weights, (before.shape[axis], 0))
        if not call.reads_before:
            return None
        strides = by_step(before.strides, of._settings.channels_last)
        packed, fused = _packed(packs, call, self._weights), of._after is None
        steps = Before(before, strides, room(count), first_kept, count)
        outputs = call.run_after(steps, inputs, packed, out if fused else None)
        return outputs if fused else written(of._after(outputs), out)


def _packed(packs, call, weights):
    """The weights packed as the call wants them, from ``packs`` or anew; others of old values are forgotten."""
    versions = [weight.version for weight in weights if weight is not None]
    packed_versions, packed = packs.get(call.packing, (None, None))
    if versions != packed_versions:
        if packed is not None:
            packs.clear()
        packed = call.pack([_array(weight) for weight in weights])
        packs[call.packing] = versions, packed
    return packed


def _array(variable):
    return None if variable is None else variable.array
