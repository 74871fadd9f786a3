"""The instructions that sum taps, each beside its Python twin for the simulator, as in ``instructions``."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.cuda.codegen.emission import (
    fused_multiply_add,
    is_within,
    load_item,
    load_vector,
    load_where_inside,
    packed,
    unpacked,
)
from nb_sepconv.kernels.cuda.codegen.instructions import rounded_once
from nb_sepconv.kernels.cuda.runtime.numba_cuda import SIMULATED, compile_once, instruction, real_type

if not SIMULATED:
    from numba.cuda import types


@compile_once
def sliding_taps(storage: Any, lanes: Any, steps: Any, count: Any) -> Any:
    """``slide(sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch)``: ``count`` taps.

    ``steps`` neighbouring sums see a window of ``steps - 1`` inputs that moves by one input with each tap::

        window = (*window, x[at + i * pitch] if 0 <= position + i * apart < length else 0)
        sums[j] += window[j] * w[weight + i * weight_pitch]

    With ``lanes`` more than 1 each of these is a vector of 16 bytes. Returns the sums and the window.
    """
    real = real_type(storage.sums)
    width = range(lanes)

    def twin(sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch):
        for i in range(count):
            inside = 0 <= position + i * apart < length
            new = tuple(real(x[at + i * pitch + lane]) if inside else real(0) for lane in width)
            factors = [real(w[weight + i * weight_pitch + lane]) for lane in width]
            seen = (*window, new)
            sums = tuple(
                tuple(rounded_once(seen[j][lane], factors[lane], sums[j][lane]) for lane in width) for j in range(steps)
            )
            window = seen[1:]
        return sums, window

    @instruction(twin)
    def slide(typing, sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch):
        def emit(context, builder, signature, arguments):
            sums, window, x, at, position, length, pitch, apart, w, weight, weight_pitch = arguments
            sums, window = unpacked(builder, sums), unpacked(builder, window)
            for _ in range(count):
                new = load_where_inside(builder, storage, lanes, x, at, is_within(builder, position, length))
                factors = _factors(builder, w, weight)
                window.append(new)
                for j, lane in ((j, lane) for j in range(steps) for lane in width):
                    sums[j][lane] = fused_multiply_add(builder, window[j][lane], factors[lane], sums[j][lane])
                del window[0]
                at, position = builder.add(at, pitch), builder.add(position, apart)
                weight = builder.add(weight, weight_pitch)
            parts = [packed(builder, sums), packed(builder, window)]
            return context.make_tuple(builder, signature.return_type, parts)

        index = at
        pair = types.Tuple((sums, window))
        return pair(sums, window, types.int64, *[index] * 5, types.int64, index, index), emit

    def _factors(builder, w, weight):
        if lanes > 1:
            return load_vector(builder, storage, w, weight)
        return [load_item(builder, storage, w, weight)]

    return slide


@compile_once
def separate_tap(storage: Any, steps: Any) -> Any:
    """``tap(sums, x, at, position, length, pitch, apart, factor)``: one tap of ``steps`` sums that share no input.

    ``sums[j] += x[at + j * pitch] * factor`` where ``0 <= position + j * apart < length``.
    """
    real = real_type(storage.sums)

    def twin(sums, x, at, position, length, pitch, apart, factor):
        seen = (
            real(x[at + j * pitch]) if 0 <= position + j * apart < length else real(0) for j in range(steps)
        )  # fmt: skip
        return tuple((rounded_once(value, factor, total[0]),) for value, total in zip(seen, sums, strict=True))

    @instruction(twin)
    def tap(typing, sums, x, at, position, length, pitch, apart, factor):
        def emit(context, builder, signature, arguments):
            sums, x, at, position, length, pitch, apart, factor = arguments
            sums = unpacked(builder, sums)
            for j in range(steps):
                (seen,) = load_where_inside(builder, storage, 1, x, at, is_within(builder, position, length))
                sums[j][0] = fused_multiply_add(builder, seen, factor, sums[j][0])
                at, position = builder.add(at, pitch), builder.add(position, apart)
            return packed(builder, sums)

        return sums(sums, types.int64, *[at] * 5, real), emit

    return tap


@compile_once
def sweep_along(storage: Any, steps: Any, vectors: Any, shift: Any, count: Any) -> Any:
    """``sweep(sums, seen, w, weight, pitch)``: ``count`` taps over inputs that lie side by side in ``seen`` vectors.

    ``sums[j] += seen[shift + i + j] * w[weight + i * pitch]``.
    """
    real = real_type(storage.sums)

    def twin(sums, seen, w, weight, pitch):
        items = [item for vector in seen for item in vector]
        for i in range(count):
            factor = real(w[weight + i * pitch])
            sums = tuple(rounded_once(items[shift + i + j], factor, sums[j]) for j in range(steps))
        return sums

    @instruction(twin)
    def sweep(typing, sums, seen, w, weight, pitch):
        def emit(context, builder, signature, arguments):
            sums, seen, w, weight, pitch = arguments
            sums = unpacked(builder, sums)
            items = [item for vector in unpacked(builder, seen) for item in vector]
            for i in range(count):
                factor = load_item(builder, storage, w, weight)
                for j in range(steps):
                    sums[j] = fused_multiply_add(builder, items[shift + i + j], factor, sums[j])
                weight = builder.add(weight, pitch)
            return packed(builder, sums)

        return sums(sums, seen, types.int64, weight, weight), emit

    return sweep
