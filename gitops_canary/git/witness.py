"""What vouching for a forge's commits needs beyond reading: seals, and every kind of change."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gitops_canary.git.changes import changes
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.ownership import Ownership
from gitops_canary.git.trees import Trees
from gitops_canary.model.names import Path, Revision


@dataclass(frozen=True, slots=True)
class Witness:
    """Tells about one repository; for its thread."""

    trees: Trees
    root: Callable[[Revision], ObjectId]
    """Finds the tree of a commit."""
    healing: Callable[[], AbstractContextManager[None]]
    """Around whatever may find the clone damaged."""
    ownership: Ownership

    def differing(self, before: Revision, after: Revision) -> frozenset[Path]:
        """Name everything that two revisions hold differently: links, modules and modes too."""
        with self.healing():
            found = changes(self.trees.entries, self.root(before), self.root(after))
            return frozenset(Path(path.decode(errors="backslashreplace")) for path, *_ in found)

    def unseal(self, data: bytes) -> bytes:
        """Give the statement in an envelope that a trusted key sealed; ValueError else."""
        return self.ownership.unseal(data)
