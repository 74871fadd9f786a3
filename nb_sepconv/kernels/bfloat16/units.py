"""The units that multiply bfloat16 pairs: how each wants its rows, and who emits its inner loops."""

from nb_sepconv.kernels.bfloat16 import dots, products, splitting, tiles
from nb_sepconv.kernels.cpu.tiling import PANEL_VECTORS


class Unit:
    """A unit by its name, with blocks of ``tiles`` tiles of ``tile_rows`` rows.

    ``make`` makes the product's emitter from (lanes, parts, vectors, what ``instructions(lanes)`` gives).
    """

    def __init__(self, name, home, make, instructions=lambda lanes: None, configured=False):
        self.name, self.tile_rows, self.tiles = name, home.TILE_ROWS, home.TILES
        self.configured = configured
        self._make, self._instructions = make, instructions

    def emitter(self, name, lanes, parts):
        """The arity and the emitter of one of a plan's procedures."""
        if name == "split_rows":
            return splitting.split_rows(lanes, parts, self.tile_rows, self.tiles)
        if name == "split_pairs":
            return splitting.split_pairs(lanes, parts)
        instructions = self._instructions(lanes)
        if name in ("begin", "end"):
            return 2, lambda builder, *unused: getattr(instructions, name)(builder)
        return self._make(lanes, parts, PANEL_VECTORS if name == "product_panel" else 1, instructions)


UNITS = {
    "dots": Unit("dots", dots, dots.product),
    "amx": Unit("amx", tiles, products.product, tiles.AmxTiles, configured=True),
    "emulation": Unit("emulation", tiles, products.product, tiles.PlainTiles),
}
