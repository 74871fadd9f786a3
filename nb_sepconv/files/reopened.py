"""Files that are opened when they are used, so that a job can have more of them than a process may open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Reopened:
    """Something that is opened when it is first used, and again when it is used after it was closed.

    Args:
        opener: callable of ``path``, which returns what has a method ``close``.
        path: str.
    """

    def __init__(self, opener: Callable[[str], Any], path: str) -> None:
        self.opener: Callable[[str], Any] = opener
        self.path: str = path
        self.one_at_a_time: threading.Lock = threading.Lock()
        """For readers that have one position."""
        self._lock = threading.Lock()
        self._opened: Any = None

    def __call__(self) -> Any:
        with self._lock:
            if self._opened is None:
                self._opened = self.opener(self.path)
            return self._opened

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Reopened, (self.opener, self.path)
