"""What a function gave, kept as long as it is asked for again."""

from collections.abc import Callable, Hashable
from typing import Generic, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")
_NEVER = object()
"""Stands where nothing is remembered."""


class Recent(Generic[P, T]):
    """A function that remembers what it gave since the turn before the last one.

    Whoever keeps asking for the same at every turn is always spared the work, for however much that
    is; what nobody asks for any more is gone two turns later. A turn comes when it is called for,
    and by itself after so many new answers. For one thread; arguments by position.
    """

    def __init__(self, make: Callable[P, T], most: int) -> None:
        self._make = make
        self._most = most
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}

    def __call__(self, *args: P.args, **_: P.kwargs) -> T:
        """Give what the function gives; what it raises is not remembered."""
        found = self._young.get(args, _NEVER)
        if found is not _NEVER:
            return cast("T", found)
        found = self._old.pop(args, _NEVER)
        if found is _NEVER:
            found = cast("Callable[..., T]", self._make)(*args)
            if len(self._young) >= self._most:
                self.turn()
        self._young[args] = cast("T", found)
        return cast("T", found)

    def turn(self) -> None:
        """Let go of what was not asked for since the last turn."""
        self._young, self._old = {}, self._young
