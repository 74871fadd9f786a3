"""The program that copies an HDF5 file into one of the first format, contiguous, little-endian and without links.

It runs in a process of its own, the source as its standard input and the copy as its standard output, and imports
nothing of this package. Datasets of numbers and attributes of text and numbers are copied; whatever leads out of the
file, or declares more than its bytes can unpack to, ends it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

LARGEST_RATIO = 1032  # of deflate
LARGEST_MEMORY_BYTES = 4 << 30
SLAB_BYTES = 1 << 24
MOST_MEMBERS = 1 << 18
DEEPEST = 64


class Refused(Exception):
    """What keeps a file from being copied."""


def limit_memory() -> None:
    """Let the process die before the machine does, where the system has such limits."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY_BYTES, LARGEST_MEMORY_BYTES))


class Copier:
    """Copies the tree of one open file into another.

    Args:
        source, copy: h5py.File.
        file_bytes: int, the size of the source.
    """

    def __init__(self, h5py: Any, source: Any, copy: Any, file_bytes: int) -> None:
        self.h5py: Any = h5py
        self.source: Any = source
        self.copy: Any = copy
        self.budget: int = LARGEST_RATIO * file_bytes
        self.members: int = 0
        self.objects: set[int] = set()
        self.orders: set[bool] = set()

    def copy_group(self, group: Any, target: Any, depth: int = 0) -> None:
        """The attributes and members of a group."""
        if depth > DEEPEST:
            raise Refused(f"the tree has more than {DEEPEST} levels")
        self.copy_attributes(group, target)
        for name in group:
            self.copy_member(group, name, target, depth)

    def copy_member(self, group: Any, name: str, target: Any, depth: int) -> None:
        """One group or dataset; a soft link to a dataset becomes another dataset."""
        self.members += 1
        link = group.get(name, getlink=True)
        if self.members > MOST_MEMBERS or isinstance(link, self.h5py.ExternalLink):
            raise Refused(f"{name!r} leads to another file" if self.members <= MOST_MEMBERS else "too many members")
        member = group.get(name)
        is_link = isinstance(link, self.h5py.SoftLink)
        if not is_link:
            self.visit(member, name)
        if isinstance(member, self.h5py.Dataset):
            self.copy_dataset(member, name, target)
        elif isinstance(member, self.h5py.Group) and not is_link:
            self.copy_group(member, self.new_group(target, name), depth + 1)
        else:
            raise Refused(f"{name!r} is no group or dataset, or a link to none")

    def visit(self, member: Any, name: str) -> None:
        """Refuse a second hard link to an object: a tree of such links has no end."""
        if member is None:
            raise Refused(f"{name!r} cannot be opened")
        address = self.h5py.h5o.get_info(member.id).addr
        if address in self.objects:
            raise Refused(f"expected one link to an object; {name!r} is a second one")
        self.objects.add(address)

    def copy_dataset(self, dataset: Any, name: str, target: Any) -> None:
        """The values of a dataset, slab by slab."""
        dtype = dataset.dtype
        if dtype.kind not in "biufV" or dtype.names or dtype.subdtype or dataset.shape is None:
            raise Refused(f"{name!r} holds no plain numbers")
        if dataset.is_virtual or dataset.external:
            raise Refused(f"the values of {name!r} lie in another file")
        self.require_one_order(dtype)
        self.spend(dataset, name)
        new = self.new_dataset(target, name, dataset)
        self.copy_attributes(dataset, new)
        if not dataset.shape:
            new[()] = dataset[()]
        elif dataset.size:
            rows = max(1, SLAB_BYTES // max(1, dataset.nbytes // len(dataset)))
            for start in range(0, len(dataset), rows):
                new[start : start + rows] = dataset[start : start + rows]

    def new_group(self, target: Any, name: str) -> Any:
        """A group of the first format, to which h5py by itself would not keep: it marks names as UTF-8."""
        return self.h5py.Group(self.h5py.h5g.create(target.id, name.encode()))

    def new_dataset(self, target: Any, name: str, dataset: Any) -> Any:
        """A contiguous dataset of the same shape and type, but little-endian."""
        low = self.h5py
        little = low.h5t.py_create(dataset.dtype.newbyteorder("<"), logical=True)
        kind = dataset.id.get_type() if dataset.dtype.kind == "V" else little
        space = low.h5s.create_simple(dataset.shape) if dataset.shape else low.h5s.create(low.h5s.SCALAR)
        return low.Dataset(low.h5d.create(target.id, name.encode(), kind, space))

    def require_one_order(self, dtype: Any) -> None:
        """Files are of one byte order: another one in a single dataset is damage."""
        if dtype.itemsize > 1 and dtype.kind != "V":
            self.orders.add(dtype.newbyteorder("=") == dtype)
        if len(self.orders) > 1:
            raise Refused("expected one byte order; received both")

    def spend(self, dataset: Any, name: str) -> None:
        """Hold the dataset to what its stored bytes can unpack to, and all of them to what the file can."""
        stored = dataset.id.get_storage_size()
        self.budget -= dataset.nbytes
        if dataset.nbytes > LARGEST_RATIO * stored or self.budget < 0:
            raise Refused(f"{name!r} declares {dataset.nbytes} bytes; {stored} are stored")

    def copy_attributes(self, owner: Any, target: Any) -> None:
        """The attributes that hold text or numbers; nobody asks for others."""
        for name in owner.attrs:
            try:
                kind = owner.attrs.get_id(name).dtype
            except TypeError:
                continue
            if kind.kind in "Siuf" or self.h5py.check_string_dtype(kind):
                target.attrs.create(name, owner.attrs[name])


def main() -> None:
    """Copy standard input to standard output."""
    limit_memory()
    import h5py

    with os.fdopen(0, "rb") as stored, os.fdopen(1, "r+b") as plain:
        file_bytes = os.fstat(0).st_size
        with h5py.File(stored, "r") as source, h5py.File(plain, "w", libver="earliest") as copy:
            Copier(h5py, source, copy, file_bytes).copy_group(source, copy)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(" ".join(str(error).split()))
