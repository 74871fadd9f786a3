"""The gradients of a convolution: which kernels follow each other, planned once for each shape."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cuda.backward import kernels
from nb_sepconv.kernels.cuda.codegen.emission import STORAGE
from nb_sepconv.kernels.cuda.forward.form import PLAIN, STRIP, Form
from nb_sepconv.kernels.cuda.forward.plan import each_output_alone, steps_lie_closer, tile_for
from nb_sepconv.kernels.cuda.forward.product import product
from nb_sepconv.kernels.cuda.precision import served
from nb_sepconv.kernels.cuda.runtime.launch import Launcher, Step, extent, one_thread_each, wide

PART_ROWS = 256  # rows whose products one thread adds up
MOST_PARTS = 1024


class Parts(NamedTuple):
    """How rows are divided; it depends on their number alone."""

    count: int
    rows: int


def parts_of(rows: int) -> Parts:
    """The parts of so many rows."""
    each = max(PART_ROWS, -(-rows // MOST_PARTS))
    return Parts(-(-rows // each), each)


class GradientPlan:
    """The launches that fill the gradients, and the arrays that they need on the way.

    ``scratch`` gives shape by name; every one holds sums.
    """

    def __init__(self, sizes: Any) -> None:
        convolution = sizes.convolution._replace(precision=served(sizes.convolution))
        self.sizes: Any = sizes._replace(convolution=convolution)
        self.storage: Any = STORAGE[convolution.dtype]
        self.sums: Any = STORAGE[self.storage.sums]
        self.rows: Any = convolution.examples * convolution.steps
        self.parts: Any = parts_of(self.rows)
        self.scratch, self._launches = {}, []
        self._columns = convolution.filters or convolution.hidden
        if self.rows:
            self._plan(sizes.wanted)
        else:
            self._plan_zeros(sizes.wanted)

    def run(self, stream: Any, arrays: Any) -> None:
        """Fill the gradients: ``arrays`` by name are the operands, ``d_outputs``, ``values``, ``d_...`` and scratch."""
        for launcher, names in self._launches:
            launcher(stream, *[name and arrays[name] for name in names])

    def _plan(self, wanted):
        separable = self.sizes.convolution.filters is not None
        self._need("gradient", self.rows, self._columns)
        self._add(self._through_activation(), "d_outputs", "values", "gradient")
        d_hidden = "gradient"
        if separable and wanted & {"inputs", "depthwise_kernel"}:
            d_hidden = "d_hidden"
            self._need(d_hidden, self.rows, self.sizes.convolution.hidden)
            self._add(self._through_pointwise(), "gradient", None, "pointwise_kernel", None, d_hidden)
        if "inputs" in wanted:
            self._add(self._to_inputs(), d_hidden, "depthwise_kernel", "d_inputs")
        if "depthwise_kernel" in wanted:
            self._plan_depthwise(d_hidden)
        if "pointwise_kernel" in wanted:
            self._plan_pointwise()
        if "bias" in wanted:
            self._sum("gradient", self.rows, self._columns, "bias")

    def _plan_zeros(self, wanted):
        """Without a row the inputs' gradient has no element and the others are sums of nothing."""
        c = self.sizes.convolution
        widths = {
            "depthwise_kernel": c.kernel_size * c.hidden,
            "pointwise_kernel": c.hidden * self._columns,
            "bias": self._columns,
        }
        for operand in wanted - {"inputs"}:
            self._add_up(None, f"d_{operand}", 0, widths[operand])

    def _plan_depthwise(self, d_hidden):
        width = self.sizes.convolution.kernel_size * self.sizes.convolution.hidden
        self._need("depthwise_parts", self.parts.count, width)
        self._add(self._to_depthwise(), "inputs", d_hidden, "depthwise_parts")
        self._add_up("depthwise_parts", "d_depthwise_kernel", self.parts.count, width)

    def _plan_pointwise(self):
        convolution = self.sizes.convolution
        width = convolution.hidden * convolution.filters
        self._need("hidden", self.rows, convolution.hidden)
        self._need("pointwise_parts", self.parts.count, width)
        self._add(self._hidden(), "inputs", "depthwise_kernel", "hidden")
        self._add(self._to_pointwise(), "hidden", None, "gradient", None, "pointwise_parts")
        self._add_up("pointwise_parts", "d_pointwise_kernel", self.parts.count, width)

    def _sum(self, rows_of, rows, width, operand):
        parts = parts_of(rows)
        self._need(f"{operand}_parts", parts.count, width)
        kernel = kernels.sum_rows(self.sums, self.sums, wide(rows * width))
        self._add(
            one_thread_each(kernel, parts.count * width, parts.count, parts.rows, rows, width),
            *(rows_of, f"{operand}_parts"),
        )
        self._add_up(f"{operand}_parts", f"d_{operand}", parts.count, width)

    def _add_up(self, parts, gradient, count, width):
        kernel = kernels.sum_rows(self.sums, self.storage, wide(count * width))
        self._add(one_thread_each(kernel, width, 1, count, count, width), parts, gradient)

    def _need(self, name, *shape):
        self.scratch[name] = shape

    def _add(self, step, *names):
        self._launches.append((Launcher(step), names))

    def _through_activation(self):
        convolution, columns = self.sizes.convolution, self._columns
        steps = convolution.steps
        strides = self.sizes.gradient_strides, self.sizes.value_strides
        far = wide(self.rows * columns, *(extent((steps, columns), stride[1:]) for stride in strides))
        kernel = kernels.through_activation(self.storage, self.sums, convolution.activation, far)
        return one_thread_each(
            kernel, self.rows * columns, *strides[0], *strides[1], convolution.examples, steps, columns
        )  # fmt: skip

    def _through_pointwise(self):
        """``d_hidden[r,h] = sum_f gradient[r,f] * P[h,f]``."""
        hidden, filters = self.sizes.convolution.hidden, self.sizes.convolution.filters
        return self._product(
            right=self.storage,
            steps_first=False,
            strides=((0, filters, 1), (0, 1, filters), (0, hidden, 1)),
            examples=1,
            steps=self.rows,
            padded=-(-self.rows // STRIP) * STRIP,
            depth=(filters, 0, filters),
            columns=hidden,
        )

    def _to_pointwise(self):
        """``parts[p,h,f] = sum_r hidden[r,h] * gradient[r,f]`` over the rows of part ``p``."""
        hidden, filters, parts = self.sizes.convolution.hidden, self.sizes.convolution.filters, self.parts
        rows = tile_for(hidden, filters, parts.rows, self.sums, self.sizes.convolution.precision).rows
        return self._product(
            right=self.sums,
            steps_first=True,
            strides=(
                (parts.rows * hidden, 1, hidden),
                (parts.rows * filters, filters, 1),
                (hidden * filters, filters, 1),
            ),
            examples=parts.count,
            steps=hidden,
            padded=-(-hidden // rows) * rows,
            depth=(parts.rows, parts.rows, self.rows),
            columns=filters,
        )

    def _product(self, right, steps_first, strides, examples, steps, padded, depth, columns):
        precision = self.sizes.convolution.precision
        tile = tile_for(steps, columns, depth[0], self.sums, precision)
        far = wide(
            2 * examples * padded * columns,
            *(size * stride for size, stride in zip((steps, depth[0]), strides[0][1:], strict=True)),
            *(size * stride for size, stride in zip((depth[0], columns), strides[1][1:], strict=True)),
            steps * columns,
        )
        form = Form(
            *(self.sums, right, self.sums, None, PLAIN, tile, steps_first),
            vectors=False,
            right_vectors=strides[1][2] == 1 and columns % self.sums.lanes == 0,
            biased=False,
            wide=far,
            precision=precision,
        )
        return Step(
            product(form),
            -(-examples * padded // tile.rows) * -(-columns // tile.columns),
            tile.threads,
            (*strides[0], *strides[1], *strides[2], examples, steps, steps, padded, *depth, columns, 1, 1, 1, 1, 0),
        )

    def _hidden(self):
        convolution = self.sizes.convolution._replace(activation=None)
        columns = convolution.hidden
        return each_output_alone(convolution, self.sums, (convolution.steps * columns, columns, 1))

    def _to_inputs(self):
        c = self.sizes.convolution
        strides = self.sizes.d_input_strides
        far = wide(
            2 * c.examples * c.length * c.channels,
            c.steps * c.hidden,
            c.kernel_size * c.hidden,
            c.length + c.left + c.kernel_size * c.dilation,
        )
        kernel = kernels.to_inputs(self.storage, self.storage, steps_lie_closer(strides), far)
        return one_thread_each(
            kernel,
            c.examples * c.length * c.channels,
            *strides,
            *(c.examples, c.length, c.steps, c.channels, c.multiplier, c.kernel_size, c.stride, c.dilation, c.left),
        )

    def _to_depthwise(self):
        c, parts = self.sizes.convolution, self.parts
        reach = c.steps * c.stride + c.kernel_size * c.dilation + c.length
        far = wide(
            2 * parts.count * c.kernel_size * c.hidden,
            extent((reach, c.channels), c.input_strides[1:]),
            parts.rows * c.hidden,
            self.rows,
        )
        return one_thread_each(
            kernels.to_depthwise(self.storage, far),
            parts.count * c.kernel_size * c.hidden,
            *c.input_strides,
            *(parts.count, parts.rows, self.rows, c.length, c.steps, c.hidden, c.multiplier),
            *(c.kernel_size, c.stride, c.dilation, c.left),
        )
