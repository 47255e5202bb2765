"""A mapping that never changes and is cheap to derive another one from."""

from collections.abc import Hashable, Iterator, Mapping
from typing import TypeVar, overload

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")
_SHARDS = 64


class Sharded(Mapping[K, V]):
    """A mapping in parts: a derived one shares every part in which nothing differs."""

    __slots__ = ("_parts",)

    def __init__(self, parts: tuple[Mapping[K, V], ...] = ({},) * _SHARDS) -> None:
        self._parts = parts

    def __getitem__(self, key: K) -> V:
        return self._parts[hash(key) % _SHARDS][key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | D) -> V | D: ...
    def get(self, key: K, /, default: D | None = None) -> V | D | None:
        """Give the value of a key, or the default, without an exception on the way."""
        return self._parts[hash(key) % _SHARDS].get(key, default)

    def __iter__(self) -> Iterator[K]:
        for part in self._parts:
            yield from part

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def with_changes(self, changes: Mapping[K, V | None]) -> "Sharded[K, V]":
        """Derive a mapping with other values; None takes a key out."""
        touched: dict[int, dict[K, V]] = {}
        for key, value in changes.items():
            number = hash(key) % _SHARDS
            part = touched.get(number)
            if part is None:
                part = touched[number] = dict(self._parts[number])
            if value is None:
                part.pop(key, None)
            else:
                part[key] = value
        if not touched:
            return self
        parts: list[Mapping[K, V]] = list(self._parts)
        for number, changed in touched.items():
            parts[number] = changed
        return Sharded(tuple(parts))
