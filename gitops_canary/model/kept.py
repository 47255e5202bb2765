"""What was used last, kept up to a size."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Kept(Generic[K, T]):
    """A cache bounded by the sizes its things are said to have; for any number of threads."""

    def __init__(self, size_max: int) -> None:
        self._size_max = size_max
        self._size = 0
        self._known: OrderedDict[K, tuple[T, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: K) -> T | None:
        """Give what is kept under a name."""
        with self._lock:
            found = self._known.get(name)
            if found is None:
                return None
            self._known.move_to_end(name)
            return found[0]

    def keep(self, name: K, thing: T, size: int) -> T:
        """Keep something, and let go of what was not used for longest; the newest stays always."""
        with self._lock:
            self._size += size - self._known.pop(name, (thing, 0))[1]
            self._known[name] = thing, size
            while self._size > self._size_max and len(self._known) > 1:
                self._size -= self._known.popitem(last=False)[1][1]
        return thing

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._known.clear()
            self._size = 0
