"""Damage to files of weights, bit by bit and byte by byte, and what loading makes of each."""

import os
import shutil
from collections import Counter
from pathlib import Path

from nb_sepconv import weights

FIRST_BYTES = 1 << 16


def contents(path):
    """Everything that a file gives: name, shape, dtype and bytes of each array."""
    with weights.load(path) as file:
        parts = (file, file.slots)
        return {
            name: (array.shape, array.dtype, array.tolist() if array.dtype == object else array.tobytes())
            for part in parts
            for name, array in part.items()
        }


class Patient:
    """A copy of a file or folder of weights, one file of which is damaged again and again.

    Args:
        source: Path, the file or folder.
        damaged: str, the file to damage, relative to the folder ("" for a file).
        folder: Path, where to work.
        opened: str, what to open, relative to the folder.
    """

    def __init__(self, source, damaged, folder, opened=""):
        self.root = Path(folder) / source.name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, self.root)
        self.damaged = self.root / damaged if damaged else self.root
        self.opened = self.root / opened if opened else self.root
        os.chmod(self.damaged, 0o644)
        self.good = self.damaged.read_bytes()
        self.expected = contents(self.opened)
        self.outcomes = Counter()
        self.examples = {}

    def flip(self, position):
        """Flip one bit, counted from the first bit of the file, and record the outcome."""
        octet, bit = divmod(position, 8)
        with open(self.damaged, "rb+") as file:
            file.seek(octet)
            file.write(bytes([self.good[octet] ^ 1 << bit]))
            file.flush()
            self._record(("flip", octet, bit))
            file.seek(octet)
            file.write(self.good[octet : octet + 1])

    def truncate(self, size):
        """Cut the file to a size and record the outcome."""
        self.damaged.write_bytes(self.good[:size])
        self._record(("truncate", size))
        self.damaged.write_bytes(self.good)

    def _record(self, damage):
        try:
            found = contents(self.opened)
            outcome = "same" if found == self.expected else "wrong"
        except weights.WeightsError:
            outcome = "refused"
        except Exception as error:  # any other type is the fact under test
            outcome = type(error).__name__
        self.outcomes[outcome] += 1
        if outcome not in ("same", "refused"):
            self.examples.setdefault(outcome, []).append(damage)

    @property
    def flips(self):
        return range(8 * min(len(self.good), FIRST_BYTES))

    @property
    def cuts(self):
        return range(min(len(self.good), FIRST_BYTES))
