"""What a kernel of the product is compiled for."""

from typing import Any, NamedTuple

from nb_sepconv.kernels.cuda.codegen.emission import Storage
from nb_sepconv.kernels.cuda.codegen.mma_instructions import LANES

STRIP, COLUMNS = 8, 4  # rows and columns of a thread that works alone; a strip of rows never lies in two examples
PLAIN, APART = "plain", "apart"
APART_BY = 4  # more than a multiple of 32 numbers lie between neighbours in depth, so that they fall into other banks


class Tile(NamedTuple):
    """What one block computes, and the depth that it keeps at a time.

    Its threads work alone, or together as warps where ``warp`` gives the rows and columns of each.
    """

    rows: int
    columns: int
    depth: int
    warp: tuple[Any, ...] | None = None

    @property
    def strips(self) -> int:
        return self.rows // STRIP

    @property
    def groups(self) -> int:
        return self.columns // COLUMNS

    @property
    def warps_across(self) -> Any:
        return self.columns // self.warp[1]

    @property
    def threads(self) -> int:
        return self.rows // self.warp[0] * self.warps_across * LANES if self.warp else self.strips * self.groups

    @property
    def row_pitch(self) -> int:
        """Between the left factor's columns in shared memory."""
        return self.rows + APART_BY

    @property
    def column_pitch(self) -> int:
        """Between the right factor's rows, which lie behind the left factor; threads alone read them whole."""
        return self.columns + (APART_BY if self.warp else 0)

    @property
    def right_at(self) -> int:
        return self.depth * self.row_pitch

    @property
    def numbers(self) -> int:
        return self.depth * (self.row_pitch + self.column_pitch)


class Form(NamedTuple):
    """Everything that a kernel is compiled for.

    ``taps`` is PLAIN, APART (any stride and dilation), or, where both are 1, the taps that a whole number of ``STRIP``
    leaves over. ``vectors`` says that the outputs can be stored in vectors of 16 bytes, ``right_vectors`` that the
    right factor's rows can be loaded in them. ``precision`` is the product's: all but "float32" uses tensor cores.
    """

    left: Storage
    right: Storage
    out: Storage
    activation: str | None
    taps: int | str
    tile: Tile
    steps_first: bool
    vectors: bool
    right_vectors: bool
    biased: bool
    wide: bool
    precision: str = "float32"
