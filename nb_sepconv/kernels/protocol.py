"""What an engine is: it turns sizes into a plan once, and the plan runs on arrays as often as one likes.

There are three: :mod:`nb_sepconv.kernels.cpu` (a module is an engine when it has these names), the engine of
:mod:`nb_sepconv.kernels.bf16`, whose plans are the other's where no unit for pairs of bfloat16 is faster, and
:mod:`nb_sepconv.kernels.cuda`. Plans of the first two work on NumPy's arrays, those of the last on arrays that are
described by address, shape and strides (:class:`nb_sepconv.devices.arrays.DeviceArray`).
"""

from typing import Any, NamedTuple, Protocol, runtime_checkable


class Sizes(NamedTuple):
    """A convolution in numbers: all that a plan depends on.

    Strides are in the order example, step, channel: bytes on the host, elements on a GPU. ``filters`` is None for a
    depthwise convolution alone; ``precision`` is what the caller asks of the product. ``biased`` and ``aligned``
    (inputs, kernels and outputs begin at multiples of 16 bytes) are said to a GPU alone.
    """

    dtype: str
    examples: int
    length: int
    channels: int
    steps: int
    filters: int | None
    kernel_size: int
    multiplier: int
    stride: int
    dilation: int
    left: int
    input_strides: tuple[int, ...]
    output_strides: tuple[int, ...]
    activation: str | None = None
    precision: str = "float32"
    biased: bool = False
    aligned: bool = False

    @property
    def hidden(self) -> int:
        """The channels of the depthwise results."""
        return self.channels * self.multiplier


SAME_ZEROS = -1


class Lengths(NamedTuple):
    """The input steps of each example, a C-contiguous array of intp (N,), and how output steps follow from them: a
    kernel of so many steps, moved by ``stride``, over a series with so many zeros before and after it together.

    Where there are SAME_ZEROS, half of those that ``ceil(length / stride)`` output steps need lie before an example.
    Input steps behind a length are not read, and outputs behind are zeros.
    """

    lengths: Any
    span: int
    stride: int
    zeros: int


class Before(NamedTuple):
    """Steps before the inputs in place of zeros: an array of the inputs' type, and its ``strides`` (example, step,
    channel), which have the inputs' order.

    Of them and the inputs, joined, ``kept_steps`` from the ``first_kept`` one on are copied to the array ``kept``,
    whose strides are the same.
    """

    steps: Any
    strides: tuple[int, int, int]
    kept: Any
    first_kept: int
    kept_steps: int


class GradientSizes(NamedTuple):
    """A convolution's sizes, the names of the operands wanted, and the strides of further arrays in the same order.

    Those of ``d_outputs``, of the values that the activation's slopes follow from, and of ``d_inputs``.
    """

    convolution: Sizes
    wanted: frozenset[str]
    gradient_strides: tuple[int, ...]
    value_strides: tuple[int, ...]
    d_input_strides: tuple[int, ...]


@runtime_checkable
class Engine(Protocol):
    """``FUSED_ACTIVATIONS`` are the names that its plans apply to outputs; the derivatives of ``OUTPUT_ACTIVATIONS``
    follow from outputs alone.
    """

    NAME: str
    FUSED_ACTIVATIONS: frozenset[str]
    OUTPUT_ACTIVATIONS: frozenset[str]

    def plan(self, sizes: Sizes, threads: int = 1) -> Any:
        """The plan of a convolution on at most ``threads`` of the host's threads: a :class:`HostPlan`, or a
        :class:`DevicePlan`.
        """

    def plan_gradients(self, sizes: GradientSizes, threads: int = 1) -> Any:
        """The plan of its gradients: a :class:`HostGradientPlan`, or a :class:`DeviceGradientPlan`."""


@runtime_checkable
class HostEngine(Engine, Protocol):
    """What an engine of the host does beside: products without a depthwise stage."""

    def plan_product(self, sizes: Sizes, threads: int = 1) -> Any:
        """The plan of a convolution of all channels at once, whose multiplier is 1: a :class:`ProductPlan`, or None
        where its rows are to be convolved with one tap.
        """


@runtime_checkable
class ProductPlan(Protocol):
    """``packing`` names the form of the packed weights, which plans of one layer may share."""

    packing: str

    def pack_kernel(self, kernel: Any, bias: Any = None) -> Any:
        """The weights as the kernels read them, from C-contiguous arrays of K*C rows of F numbers, and (F,) or None."""

    def run(self, inputs: Any, outputs: Any, packed: Any) -> None:
        """Fill ``outputs`` from ``inputs``, arrays of the planned strides, with the packed weights."""


@runtime_checkable
class HostPlan(Protocol):
    """``packing`` names the form of the packed weights, which plans of one layer may share; where ``reads_before``,
    steps before the inputs may lie elsewhere.
    """

    packing: str
    reads_before: bool

    def pack(self, depthwise: Any, pointwise: Any = None, bias: Any = None) -> Any:
        """The weights as the kernels read them, from C-contiguous arrays (K, C, M), (C*M, F) or None, (F,) or None."""

    def run(self, inputs: Any, outputs: Any, packed: Any) -> None:
        """Fill ``outputs`` from ``inputs``, arrays of the planned strides, with the packed weights."""

    def run_with_lengths(self, inputs: Any, outputs: Any, packed: Any, lengths: Lengths) -> None:
        """The same where each example has a length of its own; ``outputs`` are C-contiguous."""

    def run_after(self, before: Before, inputs: Any, outputs: Any, packed: Any) -> None:
        """The same with the steps ``before`` the inputs, as many as the plan has zeros there, in their place."""


@runtime_checkable
class HostGradientPlan(Protocol):
    """``parts`` partial sums of the kernels' gradients are made in ``sum_dtype``, to be added in their order; where
    ``sparse``, input steps that no tap reads are left as they are.
    """

    parts: int
    sum_dtype: Any
    sparse: bool

    def pack(self, depthwise: Any) -> Any:
        """The depthwise weights as the gradients read them, from a C-contiguous array (K, C, M)."""

    def run(self, packed: Any, operands: tuple[Any, ...]) -> None:
        """Fill the gradients, from the arrays and the packed weights.

        ``operands`` are ``d_outputs``, ``inputs``, the C-contiguous pointwise kernel, ``outputs``, and the gradients of
        inputs, depthwise kernel, pointwise kernel and bias, the last three with an axis of parts in front; None for
        those that are not needed or wanted.
        """

    def run_with_lengths(self, packed: Any, operands: tuple[Any, ...], lengths: Lengths) -> None:
        """The same where each example has a length of its own; the gradient of inputs is zero behind it."""


@runtime_checkable
class DevicePlan(Protocol):
    """``scratch`` has the shapes of further arrays that ``run`` takes."""

    scratch: tuple[tuple[int, ...], ...]

    def run(self, stream: int, inputs: Any, weights: Any, outputs: Any, *scratch: Any) -> None:
        """Launch what fills ``outputs``; ``weights`` are contiguous: (depthwise, pointwise, bias or None)."""


@runtime_checkable
class DeviceGradientPlan(Protocol):
    """``scratch`` gives shapes by name, of arrays of ``sums``."""

    scratch: dict[str, tuple[int, ...]]
    sums: Any

    def run(self, stream: int, arrays: dict[str, Any]) -> None:
        """Launch what fills the gradients: ``arrays`` by name are the operands, ``d_outputs``, ``values``, ``d_...``
        and scratch.
        """
