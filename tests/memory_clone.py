"""A plain clone whose objects are in memory, so that many altered ones can be verified quickly.

Everything but where bytes come from is the product's own code.
"""

from collections.abc import Iterator, Mapping, Sequence

from gitops_canary.errors import VerificationError
from gitops_canary.git.objects import Kind, ObjectId
from gitops_canary.git.plain import PlainClone
from gitops_canary.git.reader import Reader
from gitops_canary.git.trees import Trees
from gitops_canary.model.names import Revision

Objects = Mapping[ObjectId, tuple[Kind, bytes]]


class _Shelf(Reader):
    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def info(self, ids: Sequence[ObjectId]) -> Iterator[tuple[ObjectId, str, int]]:
        for name in ids:
            found = self._objects.get(name)
            yield (
                name,
                found[0].value.decode() if found else "missing",
                len(found[1]) if found else 0,
            )

    def read(self, ids: Sequence[ObjectId], kind: str) -> Iterator[tuple[ObjectId, bytes]]:
        for name in ids:
            found = self._objects.get(name)
            if found is None or found[0].value.decode() != kind:
                raise VerificationError(f"{name} is no {kind} of this clone.", remedy="fetch")
            yield name, found[1]

    def close(self) -> None:
        """Nothing runs."""


class MemoryClone(PlainClone):
    """One clone: objects by id, and refs by their full names."""

    def __init__(self, objects: Objects, refs: Mapping[str, Revision]) -> None:
        self._objects = objects
        self._commits = {}
        self.refs = dict(refs)
        self._begin()

    def _begin(self) -> None:
        self._reader = _Shelf(self._objects)  # type: ignore[assignment] # without hashing again
        self._trees = Trees(self._reader)
        self._ahead = {}

    def resolve(self, name: str) -> Revision:
        """Find the commit of a branch."""
        return self.refs[f"refs/heads/{name}"]

    def read_history(self, tip: Revision) -> None:
        """Walk alone finds everything."""

    def close(self) -> None:
        """Nothing runs."""
