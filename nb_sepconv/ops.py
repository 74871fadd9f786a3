"""Separable convolution as stateless functions: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nb_sepconv.convolution import device as device_convolution
from nb_sepconv.convolution import device_gradients, geometry, host, host_gradients, settings
from nb_sepconv.convolution.lengths import lengths_elsewhere, output_steps
from nb_sepconv.devices import context
from nb_sepconv.kernels import cpu, engines
from nb_sepconv.lazy import operation
from nb_sepconv.tensors.tracing import current_trace, open_traces

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nb_sepconv.tensors.typing import Array, ArrayInput, ArrayT, Identifier, Integers, Precision

__all__ = [
    "depthwise_conv1d",
    "depthwise_conv1d_gradients",
    "output_lengths",
    "separable_conv1d",
    "separable_conv1d_gradients",
]


def separable_conv1d(
    inputs: ArrayT,
    depthwise_kernel: ArrayInput,
    pointwise_kernel: ArrayInput,
    bias: ArrayInput | None = None,
    *,
    strides: Integers = 1,
    padding: str | Sequence[int] = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    activation: Identifier = None,
    lengths: ArrayInput | None = None,
    out: ArrayT | None = None,
    engine: Literal["fma", "amx", "auto"] | None = None,
    precision: Precision | None = None,
    device: Literal["cpu", "cuda"] | None = None,
    stream: Any = None,
) -> ArrayT:
    """Convolve each channel by itself, mix the results pointwise, add the bias, apply the activation.

    ``y[n,t,f] = act(bias[f] + sum_{c,m} P[c*M+m, f] * sum_k x_padded[n, t*s + k*d, c] * D[k,c,m])``, the definition of
    TensorFlow's ``tf.nn.separable_conv2d`` in one dimension.

    Args:
        inputs: array (N, L, C), or (N, C, L) with "channels_first", of float16, bfloat16, float32 or float64;
            any strides. An array of Dask is convolved later, chunk by chunk.
        depthwise_kernel: array (K, C, M) of the type of ``inputs``.
        pointwise_kernel: array (1, C*M, F) or (C*M, F) of that type.
        bias: array (F,) of that type. Default None, no bias.
        strides: int > 0 or a tuple of one. Default 1.
        padding: "valid", "same", "causal" or two ints >= 0, the zeros before and after. Default "valid".
        data_format: "channels_last" or "channels_first". Default "channels_last".
        dilation_rate: int > 0 or a tuple of one. Default 1.
        activation: None, a name, or a function of the outputs. Default None.
        lengths: array or sequence of ints (N,) from 0 to L, the steps of each example: it gives what it gives alone,
            cut to its length, and zeros behind; nothing behind a length is read. Default None, all steps.
        out: array that takes the outputs, of their shape and type; any strides. Default a new one.
        engine: "fma", "amx" or "auto". Default the environment's ``NB_SEPCONV_ENGINE``, else "auto", what is fastest
            for a layer of this shape on this machine; "amx" is "fma" where there are no tiles.
        precision: "float32", "bf16x3", "tf32x3", "tf32" or "bf16": the least exactness of the pointwise product of
            float32 arrays, which may be more exact and is never less; the names say how each factor may be rounded.
            Default that of the block of :func:`nb_sepconv.precision`, else "float32", for bfloat16 arrays "bf16".
        device: "cuda" computes arrays of the host on a GPU. Default where ``inputs`` are: arrays of CuPy, PyTorch, JAX
            and Numba that lie on a GPU are convolved there.
        stream: the GPU's stream to launch on, an object of these libraries or an int. Default the one that the library
            of ``inputs`` works on.

    Returns:
        array (N, T, F), or (N, F, T) with "channels_first", of the type and kind of ``inputs``; 16-bit types are summed
        in float32. ``T = (L + zeros - (K-1)*dilation - 1) // strides + 1``; ceil(L / strides) with "same" and "causal".

    Raises:
        TypeError: a type that is not among these, or not the same for all.
        ValueError: a shape or an argument that does not fit, or an input shorter than the kernel spans.
        MemoryError: the output does not fit into memory.
        ImportError, RuntimeError: a GPU was asked for, and its packages or the GPU are missing.

    >>> import numpy as np
    >>> x = np.array([[[1.0], [2.0], [4.0]]])
    >>> separable_conv1d(x, np.array([[[-1.0]], [[1.0]]]), np.array([[1.0, 10.0]])).tolist()
    [[[1.0, 10.0], [2.0, 20.0]]]
    """
    return _convolve(
        (inputs, depthwise_kernel, pointwise_kernel, bias),
        strides,
        padding,
        data_format,
        dilation_rate,
        activation,
        lengths,
        out,
        engine,
        precision,
        device,
        stream,
    )


def depthwise_conv1d(
    inputs: ArrayT,
    depthwise_kernel: ArrayInput,
    *,
    strides: Integers = 1,
    padding: str | Sequence[int] = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    activation: Identifier = None,
    lengths: ArrayInput | None = None,
    out: ArrayT | None = None,
    engine: Literal["fma", "amx", "auto"] | None = None,
    precision: Precision | None = None,
    device: Literal["cpu", "cuda"] | None = None,
    stream: Any = None,
) -> ArrayT:
    """Convolve each channel by itself with M kernels: ``y[n,t,c*M+m] = sum_k x_padded[n, t*s + k*d, c] * D[k,c,m]``.

    Args:
        inputs: array (N, L, C), or (N, C, L) with "channels_first", of float16, bfloat16, float32 or float64;
            any strides.
        depthwise_kernel: array (K, C, M) of the type of ``inputs``.
        strides, padding, data_format, dilation_rate, activation, lengths, out, engine, precision, device, stream: as
            in :func:`separable_conv1d`; without a pointwise product, ``precision`` changes nothing.

    Returns:
        array (N, T, C*M), or (N, C*M, T) with "channels_first", of the type of ``inputs``.

    Raises:
        TypeError, ValueError, MemoryError: as in :func:`separable_conv1d`.

    >>> import numpy as np
    >>> depthwise_conv1d(np.array([[[1.0], [2.0], [4.0]]]), np.array([[[1.0, 2.0]]]), strides=2).tolist()
    [[[1.0, 2.0], [4.0, 8.0]]]
    """
    return _convolve(
        (inputs, depthwise_kernel),
        strides,
        padding,
        data_format,
        dilation_rate,
        activation,
        lengths,
        out,
        engine,
        precision,
        device,
        stream,
    )


def separable_conv1d_gradients(
    d_outputs: ArrayInput,
    inputs: ArrayT,
    depthwise_kernel: ArrayInput,
    pointwise_kernel: ArrayInput,
    bias: ArrayInput | None = None,
    *,
    strides: Integers = 1,
    padding: str | Sequence[int] = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    activation: Identifier = None,
    lengths: ArrayInput | None = None,
    outputs: ArrayInput | None = None,
    wanted: Iterable[str] | None = None,
    engine: Literal["fma", "amx", "auto"] | None = None,
    precision: Precision | None = None,
    device: Literal["cpu", "cuda"] | None = None,
    stream: Any = None,
) -> tuple[ArrayT | Any, ArrayT | Any, ArrayT | Any, ArrayT | Any]:
    """The gradients of :func:`separable_conv1d` for each of its operands, given that of its outputs.

    With ``g = d_outputs * act'``, ``d_hidden = g P^T`` and ``hidden`` the depthwise results: ``d_P = hidden^T g``,
    ``d_bias = sum g``, ``d_D[k,c,m] = sum_{n,t} x_padded[n, t*s + k*d, c] * d_hidden[n,t,c*M+m]``, and ``d_inputs`` is
    the transposed depthwise convolution of ``d_hidden``. Sums over rows are added in one order for any number of
    threads.

    Args:
        d_outputs: array (N, T, F), or (N, F, T) with "channels_first", of the type of ``inputs``; any strides.
        inputs, depthwise_kernel, pointwise_kernel, bias, strides, padding, data_format, dilation_rate, engine,
            precision, device, stream: as they were in :func:`separable_conv1d`.
        activation: None, a name, or a function of ``nb_sepconv.activations``, as it was there. Default None.
        lengths: array or sequence of ints (N,), as it was there: ``d_outputs`` behind an output's end is not read, and
            ``d_inputs`` behind a length is zero. Default None.
        outputs: array, what :func:`separable_conv1d` returned; it saves computing it again for an activation whose
            derivative follows from it. Default None.
        wanted: names of operands, such as ``("inputs", "bias")``; no other gradient is computed. Default all.

    Returns:
        (d_inputs, d_depthwise_kernel, d_pointwise_kernel, d_bias), each of the shape and type of its operand; None
        for what is not wanted and for the bias where there is none.

    Raises:
        TypeError: a type that is not among these or not the same for all, or an activation of the caller's own.
        ValueError: a shape or an argument that does not fit.
        MemoryError: the gradients do not fit into memory.

    >>> import numpy as np
    >>> x, d, p = np.array([[[1.0], [2.0], [4.0]]]), np.array([[[-1.0]], [[1.0]]]), np.array([[1.0, 10.0]])
    >>> d_x, d_d, d_p, _ = separable_conv1d_gradients(np.array([[[1.0, 0.0], [0.0, 1.0]]]), x, d, p)
    >>> d_x.ravel().tolist(), d_d.ravel().tolist(), d_p.tolist()
    ([-1.0, -9.0, 10.0], [21.0, 42.0], [[1.0, 2.0]])
    """
    chosen = settings.from_arguments(strides, padding, data_format, dilation_rate, None, engine, precision)
    operands = inputs, depthwise_kernel, pointwise_kernel, bias
    return _gradients(d_outputs, operands, chosen, activation, lengths, outputs, wanted, device, stream)


def depthwise_conv1d_gradients(
    d_outputs: ArrayInput,
    inputs: ArrayT,
    depthwise_kernel: ArrayInput,
    *,
    strides: Integers = 1,
    padding: str | Sequence[int] = "valid",
    data_format: str = "channels_last",
    dilation_rate: Integers = 1,
    activation: Identifier = None,
    lengths: ArrayInput | None = None,
    outputs: ArrayInput | None = None,
    wanted: Iterable[str] | None = None,
    engine: Literal["fma", "amx", "auto"] | None = None,
    precision: Precision | None = None,
    device: Literal["cpu", "cuda"] | None = None,
    stream: Any = None,
) -> tuple[ArrayT | Any, ArrayT | Any]:
    """The gradients of :func:`depthwise_conv1d` for its inputs and its kernel, given that of its outputs.

    Args:
        d_outputs: array (N, T, C*M), or (N, C*M, T) with "channels_first", of the type of ``inputs``; any strides.
        inputs, depthwise_kernel, strides, padding, data_format, dilation_rate, engine, precision, device, stream: as
            they were in :func:`depthwise_conv1d`.
        activation, lengths, outputs, wanted: as in :func:`separable_conv1d_gradients`.

    Returns:
        (d_inputs, d_depthwise_kernel), each of the shape and type of its operand, or None where it is not wanted.

    Raises:
        TypeError, ValueError, MemoryError: as in :func:`separable_conv1d_gradients`.

    >>> import numpy as np
    >>> x, d = np.array([[[1.0], [2.0], [4.0]]]), np.array([[[-1.0]], [[1.0]]])
    >>> [gradient.ravel().tolist() for gradient in depthwise_conv1d_gradients([[[1.0], [10.0]]], x, d)]
    [[-1.0, -9.0, 10.0], [21.0, 42.0]]
    """
    chosen = settings.from_arguments(strides, padding, data_format, dilation_rate, None, engine, precision)
    operands = inputs, depthwise_kernel
    return _gradients(d_outputs, operands, chosen, activation, lengths, outputs, wanted, device, stream)


def output_lengths(
    lengths: ArrayInput,
    kernel_size: Integers,
    strides: Integers = 1,
    padding: str | Sequence[int] = "valid",
    dilation_rate: Integers = 1,
) -> Array:
    """The output steps of series that have some lengths, as :func:`separable_conv1d` counts them.

    Args:
        lengths: array of ints >= 0 of any shape, or ints.
        kernel_size: int > 0 or a tuple of one, the taps K.
        strides, padding, dilation_rate: as in :func:`separable_conv1d`.

    Returns:
        array of ints of the shape of ``lengths``: ``(lengths + zeros - (K-1)*dilation - 1) // strides + 1``, 0 where
        the kernel does not fit; ceil(lengths / strides) with "same" and "causal".

    Raises:
        TypeError, ValueError: an argument that is none of these.

    >>> output_lengths([0, 2, 5, 9], kernel_size=3, strides=2).tolist()
    [0, 0, 2, 4]
    """
    return output_steps(lengths, kernel_size, settings.from_arguments(strides, padding, "channels_last", dilation_rate))


def _gradients(d_outputs, operands, chosen, activation, lengths, outputs, wanted, device, stream):
    request = context.requested(operands[0], device, stream)
    if lengths is not None and request is not None:
        raise lengths_elsewhere(operands[0])
    if request is not None and request is not context.LATER:  # the host's checks refuse an array of Dask
        return device_gradients.gradients(d_outputs, operands, chosen, activation, outputs, wanted, request)
    return host_gradients.gradients(d_outputs, operands, chosen, activation, outputs, wanted, lengths)


def _convolve(
    arrays, strides, padding, data_format, dilation_rate, activation, lengths, out, engine, precision, device, stream
):
    if open_traces and (trace := current_trace()) is not None:
        if out is not None:
            raise TypeError("`out` must be None while `tf.function` traces a program, whose runs make their outputs")
        given = (
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            lengths,
            out,
            engine,
            precision,
            device,
            stream,
        )
        return trace.record(_convolve, (arrays, *given))
    request = context.requested(arrays[0], device, stream)
    if lengths is not None and request is not None:
        raise lengths_elsewhere(arrays[0])
    engine_of_arrays = cpu if request is None or request is context.LATER else engines.gpu_engine()
    fused, after = settings.fused_activation(activation, engine_of_arrays.FUSED_ACTIVATIONS)
    chosen = settings.from_arguments(strides, padding, data_format, dilation_rate, fused, engine, precision)
    if request is not None:
        if request is context.LATER:
            return operation.convolve(arrays, chosen, after, out)
        return device_convolution.convolve(arrays, chosen, after, out, request)
    return host.convolve(arrays, chosen, after, out, lengths)


cpu.register_jitted(separable_conv1d, geometry.kernel_span, geometry.output_length, geometry.same_zeros)


def __dir__() -> list[str]:
    return __all__
