"""What was used last, kept up to a size and as long as it is asked for again."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import update_wrapper
from threading import Lock
from typing import Any, Generic, ParamSpec, TypeVar

K = TypeVar("K", bound=Hashable)
P = ParamSpec("P")
T = TypeVar("T")


class Kept(Generic[K, T]):
    """A cache bounded by the sizes its things are said to have; for any number of threads.

    Each thing takes `beside` more than is said of it: its name, and its place here. What nobody
    asked for between two turns is gone after the second one.
    """

    def __init__(self, size_max: int, beside: int = 0) -> None:
        self._size_max = size_max
        self._beside = beside
        self._size = 0
        self._turn = 0
        self._known: OrderedDict[K, tuple[T, int, int]] = OrderedDict()
        """The thing, its size, and the turn in which it was asked for last; oldest first."""
        self._lock = Lock()

    def get(self, name: K) -> T | None:
        """Give what is kept under a name."""
        with self._lock:
            found = self._known.get(name)
            if found is None:
                return None
            self._known.move_to_end(name)
            if found[2] != self._turn:
                self._known[name] = found[0], found[1], self._turn
            return found[0]

    def keep(self, name: K, thing: T, size: int) -> T:
        """Keep something, and let go of what was not used for longest; the newest stays always."""
        with self._lock:
            size += self._beside
            self._size += size - self._known.pop(name, (thing, 0, 0))[1]
            self._known[name] = thing, size, self._turn
            while self._size > self._size_max and len(self._known) > 1:
                self._size -= self._known.popitem(last=False)[1][1]
        return thing

    def turn(self) -> None:
        """Let go of what was not asked for since the last turn."""
        with self._lock:
            while self._known and next(iter(self._known.values()))[2] < self._turn:
                self._size -= self._known.popitem(last=False)[1][1]
            self._turn += 1

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._known.clear()
            self._size = 0


class Remembered(Generic[P, T]):
    """A pure function that remembers what it gave, never None; at most so many of them."""

    def __init__(self, make: Callable[P, T], most: int) -> None:
        self._make = make
        self.kept = Kept[Hashable, T](most, beside=1)
        update_wrapper(self, make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Give what the function gives; what it raises is not remembered."""
        # By their types too: 1 and True are equal, and no more.
        key = (*args, *kwargs, *kwargs.values(), *map(type, args))
        found = self.kept.get(key)
        return self.kept.keep(key, self._make(*args, **kwargs), 0) if found is None else found


_PASSING: list[Kept[Any, Any]] = []


def passing(kept: Kept[K, T]) -> Kept[K, T]:
    """Let a cache of the whole process turn whenever `turn` is called."""
    _PASSING.append(kept)
    return kept


def remembered(most: int) -> Callable[[Callable[P, T]], Remembered[P, T]]:
    """Decorate a function that remembers what it gave, as long as it passes the turns."""

    def decorate(make: Callable[P, T]) -> Remembered[P, T]:
        found = Remembered(make, most)
        passing(found.kept)
        return found

    return decorate


def turn() -> None:
    """Let go of what was found in texts that nobody has asked for since the last turn but one.

    For whoever looks at a new tip. The caches are the process's, so that a second repository makes
    them forget sooner: then something is found again.
    """
    for kept in _PASSING:
        kept.turn()


def clear() -> None:
    """Let go of everything that was found in texts."""
    for kept in _PASSING:
        kept.clear()
