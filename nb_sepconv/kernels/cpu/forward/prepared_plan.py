"""A plan as the compiled loops read it: it packs weights and runs."""

from typing import Any, NamedTuple

import numpy as np

from nb_sepconv.kernels.cpu.codegen.addressing import ALIGNMENT
from nb_sepconv.kernels.cpu.forward.packing import pack_runner
from nb_sepconv.kernels.cpu.runtime.launch import launch

SERIAL_PACKED_BYTES = 512 * 1024  # below this, waking threads to pack costs more than they save


class Packing(NamedTuple):
    """What a launch that packs the pointwise weights of a plan is told."""

    address: int
    workers: int
    tickets: int


class PreparedPlan:
    """A problem for some workers, in the memory where the compiled loops read it.

    A subclass names the worker and the packers that read it, and how the weights are packed for it (``packing``), in
    ``pack_tickets`` pieces that several threads may share.
    """

    def __init__(self, problem: Any, workers: int, pack_tickets: int) -> None:
        self._fields = np.array(problem, np.int64)
        self.address: int = self._fields.ctypes.data
        self.packed_bytes: Any = problem.packed_bytes + ALIGNMENT
        self.workers = workers
        self.tickets: Any = problem.tiles * problem.filter_parts
        self._pack_tickets = pack_tickets
        self._worker = self.worker_address()

    def pack(self, depthwise: Any, pointwise: Any = None, bias: Any = None) -> np.ndarray:
        """The weights as the kernels read them, from C-contiguous arrays (K, C, M), (C*M, F) or None, (F,) or None."""
        buffer = np.empty(self.packed_bytes, np.uint8)
        shared = pointwise is not None and self._is_packed_by_several()
        pack_runner()(
            self.packer_address(),
            self.address,
            id(depthwise),
            0 if pointwise is None or shared else id(pointwise),
            0 if bias is None else id(bias),
            id(buffer),
        )
        if shared:
            self._launch_packing(self.sharing_packer_address(), pointwise, buffer)
        return buffer

    def _is_packed_by_several(self):
        return self.workers > 1 and self.packed_bytes >= SERIAL_PACKED_BYTES

    def _launch_packing(self, worker, source, buffer):
        """Run the compiled ``worker`` (its address) until the pointwise weights from ``source`` are in ``buffer``."""
        workers = self.workers if self._is_packed_by_several() else 1
        launch(worker, Packing(self.address, workers, self._pack_tickets), source, buffer, buffer)

    def run(self, inputs: Any, outputs: Any, packed: Any) -> None:
        """Fill ``outputs`` from ``inputs``, arrays of the planned strides, with the packed weights."""
        if self.tickets:
            launch(self._worker, self, inputs, outputs, packed)
