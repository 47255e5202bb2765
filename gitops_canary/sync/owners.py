"""Which Application or Kustomization applies an object: looked up, not searched for each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gitops_canary.core.text import one_line
from gitops_canary.sync.api import NoAnswer
from gitops_canary.sync.live_object import Thing

Json = Mapping[str, Any]
Key = tuple[str, str, str, str]
"""Group, kind, namespace and name of an object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of what applies objects."""

    words: str
    """Its name in messages, e.g. `Application of Argo CD`."""
    name_of: Callable[[Json], str]
    keys_of: Callable[[Json], Iterable[Key]]
    """Lists the objects one of them applies."""


@dataclass(slots=True)
class Owners:
    """All of one kind that there are, by what they apply."""

    kind: Kind
    known: Sequence[Json]
    _by_key: dict[Key, list[Json]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.known:
            for key in dict.fromkeys(self.kind.keys_of(one)):
                self._by_key.setdefault(key, []).append(one)

    def of(self, thing: Thing) -> Sequence[Json]:
        """List what applies an object."""
        return self._by_key.get((thing.group, thing.kind, thing.namespace, thing.name), ())

    def one(self, thing: Thing) -> Json:
        """Find the one that applies an object.

        Raises:
            NoAnswer: none has it, or several.
        """
        found = self.of(thing)
        if len(found) == 1:
            return found[0]
        if not found:
            raise NoAnswer(f"No {self.kind.words} has {thing}: create one, or wait for its sync")
        names = ", ".join(sorted(one_line(self.kind.name_of(one)) for one in found))
        raise NoAnswer(f"{thing} belongs to several ({names}): leave it to one")
