"""A plan as the compiled loops read it: it packs weights and runs."""

from typing import Any, NamedTuple

import numpy as np

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.forward.keeping import keeper_address
from nb_sepconv.kernels.cpu.forward.length_calls import CallWithLengths, ProblemWithLengths
from nb_sepconv.kernels.cpu.forward.lengths import clearer_address
from nb_sepconv.kernels.cpu.forward.packing import pack_runner
from nb_sepconv.kernels.cpu.forward.problem import Problem
from nb_sepconv.kernels.cpu.runtime.launch import launch

_BEFORE, _KEEP = map(Problem._fields.index, ("before", "keep"))
SERIAL_PACKED_BYTES = 512 * 1024  # below this, waking threads to pack costs more than they save


class Packing(NamedTuple):
    """What a launch that packs the pointwise weights of a plan is told."""

    address: int
    workers: int
    tickets: int


class CallAfterSteps:
    """A plan's problem for one call, whose inputs have other steps than zeros before them."""

    def __init__(self, plan: Any, before: Any) -> None:
        self._before, self._fields = before, plan._fields.copy()
        fields = _address(before.steps), *before.strides, _address(before.kept), before.first_kept, before.kept_steps
        self._fields[_BEFORE : _BEFORE + len(fields)] = fields
        if before.kept_steps:
            self._fields[_KEEP] = keeper_address()
        self.address: int = _address(self._fields)
        self.workers: int = plan.workers
        self.tickets: int = plan.tickets


class PreparedPlan:
    """A problem for some workers, in the memory where the compiled loops read it.

    A subclass names the worker and the packers that read it, how many rows at a time an example has
    (``row_multiple``), whether the loops read other steps than zeros before the inputs (``reads_before``), and how the
    weights are packed for it (``packing``), in ``pack_tickets`` pieces that several threads may share.
    """

    row_multiple = 1
    reads_before = True

    def __init__(self, problem: Any, workers: int, pack_tickets: int) -> None:
        self._fields = np.array(problem, np.int64)
        self.address: int = _address(self._fields)
        self._with_lengths: Any = None
        self.packed_bytes: Any = problem.packed_bytes + ALIGNMENT
        self.workers: int = workers
        self.tickets: Any = problem.tiles * problem.filter_parts
        self.examples: int = problem.examples
        self.length: int = problem.length
        self.filter_parts: int = problem.filter_parts
        self._pack_tickets = pack_tickets
        self._worker = self.worker_address()

    def pack(self, depthwise: Any, pointwise: Any = None, bias: Any = None) -> np.ndarray:
        """The weights as the kernels read them, from C-contiguous arrays (K, C, M), (C*M, F) or None, (F,) or None."""
        buffer = np.empty(self.packed_bytes, np.uint8)
        shared = pointwise is not None and self._is_packed_by_several(SERIAL_PACKED_BYTES)
        pack_runner()(
            self.packer_address(),
            self.address,
            id(depthwise),
            0 if pointwise is None or shared else id(pointwise),
            0 if bias is None else id(bias),
            id(buffer),
        )
        if shared:
            self._launch_packing(self.sharing_packer_address(), pointwise, buffer, SERIAL_PACKED_BYTES)
        return buffer

    def _is_packed_by_several(self, least):
        return self.workers > 1 and self.packed_bytes >= least

    def _launch_packing(self, worker, source, buffer, least):
        """Run the compiled ``worker`` (its address) until the pointwise weights from ``source`` are in ``buffer``; from
        ``least`` bytes on, several threads do.
        """
        workers = self.workers if self._is_packed_by_several(least) else 1
        launch(worker, Packing(self.address, workers, self._pack_tickets), source, buffer, buffer)

    def run(self, inputs: Any, outputs: Any, packed: Any) -> None:
        """Fill ``outputs`` from ``inputs``, arrays of the planned strides, with the packed weights."""
        if self.tickets:
            launch(self._worker, self, inputs, outputs, packed)

    def run_with_lengths(self, inputs: Any, outputs: Any, packed: Any, lengths: Any) -> None:
        """The same where each example has a length of its own, :class:`~nb_sepconv.kernels.protocol.Lengths`."""
        if self._with_lengths is None:
            self._with_lengths = ProblemWithLengths(self, self._fields)
        call = CallWithLengths(self._with_lengths, lengths)
        if call.tickets:
            launch(self._worker, call, inputs, outputs, packed)
        else:
            outputs.fill(0)

    def for_lengths(self) -> dict[str, int]:
        """The addresses that calls with lengths are told, by the field of the problem."""
        return {"clear": clearer_address()}

    def run_after(self, before: Any, inputs: Any, outputs: Any, packed: Any) -> None:
        """The same with :class:`~nb_sepconv.kernels.protocol.Before` the inputs in place of the zeros there."""
        call = CallAfterSteps(self, before)
        if call.tickets:
            launch(self._worker, call, inputs, outputs, packed)


def _address(array):
    return array.__array_interface__["data"][0]  # sooner than by `ctypes`
