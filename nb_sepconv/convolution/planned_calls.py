"""Which calls were planned already: looked up by all that their plan depends on."""

MOST_CALLS = 1024


class PlannedCalls:
    """Calls by key, on any number of threads: each step on the dict is one that Python does not interrupt.

    There are ``MOST_CALLS`` at most, and one more for each thread that adds one at the same moment; then all are
    forgotten, since a caller who never repeats a shape is not helped by the last ones either.
    """

    __slots__ = ("_calls", "get")

    def __init__(self):
        self._calls = {}
        self.get = self._calls.get  # the call of a key, or None; None itself is the key of what cannot be remembered

    def __len__(self):
        return len(self._calls)

    def __iter__(self):
        return iter(self._calls.values())

    def __setitem__(self, key, call):
        if len(self._calls) >= MOST_CALLS:
            self._calls.clear()
        self._calls[key] = call

    def remember(self, key, call, given, taken):
        """Keep a call unless an array was converted for it: then the key says nothing of the next one like it."""
        if key is not None and all(one is other for one, other in zip(given, taken, strict=True)):
            self[key] = call

    def made(self, key, make, *arguments):
        """The call of a key, which ``make(*arguments)`` plans where there is none."""
        call = self.get(key)
        if call is None:
            call = self[key] = make(*arguments)
        return call

    def clear(self):
        """Plan every call anew."""
        self._calls.clear()


planned_calls = PlannedCalls()
