"""What :func:`nb_sepconv.weights.load` returns: names and arrays, each array read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nb_sepconv.files.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from typing_extensions import Self

    from nb_sepconv.tensors.typing import Array
    from nb_sepconv.weights.element_types import TensorInfo


class _Tensors(Mapping[str, "Array"]):
    """A part of a file's tensors under the names that users know.

    Args:
        source: the open file: ``tensors`` {key: TensorInfo}, ``read(key)``, ``close()``, ``path``, ``format``.
        keys: dict of name to key.
    """

    def __init__(self, source: Any, keys: Mapping[str, str]) -> None:
        self._source = source
        self._keys = keys
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<{len(self)} tensors of {self._source.path}>"

    def __getitem__(self, name: str) -> Array:
        if self._is_closed:
            raise WeightsError("this file was closed: read arrays before, or open it again", self._source.path)
        return self._source.read(self._keys[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def info(self, name: str) -> TensorInfo:
        """The shape, dtype, stored type and stored bytes of a tensor, without reading it.

        Args:
            name: str.

        Returns:
            TensorInfo, a named tuple of ``shape``, ``dtype``, ``type_name`` and ``nbytes``.
        """
        return self._source.tensors[self._keys[name]]


class Weights(_Tensors):
    """The variables of a file as a read-only mapping of name to array; every access reads anew.

    Attributes:
        slots: mapping of the same kind with what belongs to optimizers.
        unreadable: dict of name to TensorInfo for what no array holds.
        path: str, the file.
        format: str, what the file turned out to be.
    """

    def __init__(
        self, source: Any, names: Mapping[str, str] | None = None, slot_keys: Collection[str] = frozenset()
    ) -> None:
        names = {key: key for key in source.tensors} if names is None else names
        if len(set(names.values())) != len(names):
            raise WeightsError("expected variables with names of their own", source.path)
        self.unreadable: dict[str, TensorInfo] = {
            name: source.tensors[key] for key, name in names.items() if source.tensors[key].dtype is None
        }
        readable = {name: key for key, name in names.items() if name not in self.unreadable}
        super().__init__(source, {name: key for name, key in readable.items() if key not in slot_keys})
        self.slots: _Tensors = _Tensors(source, {name: key for name, key in readable.items() if key in slot_keys})
        self.path: str = source.path
        self.format: str = source.format

    def close(self) -> None:
        """Close the file; arrays that were read stay valid, and no others can be read."""
        self._is_closed = self.slots._is_closed = True
        self._source.close()

    def __getitem__(self, name: str) -> Array:
        if name in self.unreadable:
            kind = self.unreadable[name].type_name
            raise KeyError(f"{name!r} in {self.path} is of the type {kind}, which is not read; pickles never are")
        return super().__getitem__(name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Weights of {len(self)} variables, {self.format}, {self.path}>"
