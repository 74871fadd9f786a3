"""The units that multiply bfloat16 pairs: how each wants its rows, and who emits its inner loops."""

from __future__ import annotations

from typing import Any

from nb_sepconv.kernels.bf16.codegen import amx, avx512_bf16, products, row_pairs, splitting, updates


class Unit:
    """A unit by its name, whose rows lie in blocks of ``tiles`` tiles of ``tile_rows`` rows.

    ``instructions(lanes)`` emits its instructions, where its products take them as their last argument.
    """

    def __init__(
        self, name: Any, home: Any, product: Any, product_into_blocks: Any, update: Any, instructions: Any = None
    ) -> None:
        self.name, self.tile_rows, self.tiles = name, home.TILE_ROWS, home.TILES
        self.configured: bool = hasattr(instructions, "begin")
        self._product, self._product_into_blocks, self._update = product, product_into_blocks, update
        self._instructions = instructions

    @property
    def block_rows(self) -> Any:
        """The rows of a block, which are multiplied together."""
        return self.tile_rows * self.tiles

    def emitter(self, name: Any, lanes: Any, parts: Any) -> Any:
        """The arity and the emitter of one of a plan's procedures."""
        instructions = self._instructions and self._instructions(lanes)
        kind, *sizes = name.split(":")
        if kind in ("begin", "end"):
            return 2, lambda builder, *unused: getattr(instructions, kind)(builder)
        if kind == "product":
            return self._product(lanes, parts, *map(int, sizes), instructions)
        if kind == "product_far":
            return self._product(lanes, parts, *map(int, sizes), instructions, True)
        if kind == "product_into_blocks":
            return self._product_into_blocks(lanes, parts, *map(int, sizes), instructions)
        if kind == "update":
            return self._update(lanes, parts, *map(int, sizes), instructions)
        if kind == "split_rows":
            return splitting.split_rows(lanes, parts, self.tile_rows, self.tiles)
        if kind == "split_pairs":
            return splitting.split_pairs(lanes, parts)
        return row_pairs.split_row_pairs(lanes, parts, transposed=kind == "split_columns")


def of_tiles(name: Any, instructions: Any) -> Unit:
    """A unit whose instructions work on tiles, as AMX's do."""
    return Unit(name, amx, products.product, products.product_into_blocks, updates.update, instructions)


UNITS = {
    "dots": Unit("dots", avx512_bf16, avx512_bf16.product, avx512_bf16.product_into_blocks, avx512_bf16.update),
    "amx": of_tiles("amx", amx.AmxTiles),
}
