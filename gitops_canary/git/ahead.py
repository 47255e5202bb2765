"""Bringing files into a lean clone before they are read: all that are wanted by one fetch.

Left to itself git fetches each missing file alone, when it is read; that is switched off.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gitops_canary.git import rejection
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.reader import Reader
from gitops_canary.git.remote import Remote
from gitops_canary.git.trees import Trees
from gitops_canary.model.decision import PlannedCommit
from gitops_canary.model.names import Path

_SEARCHED = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a clone that leaves all files out has to fetch; nothing where it is not lean."""

    lean: bool
    remote: Remote
    reader: Reader
    trees: Trees

    def bring(self, blobs: Iterable[ObjectId]) -> None:
        """Fetch those of some blobs that are missing, all at once.

        Raises:
            Unavailable: the server did not answer, or lacks one.
            Refused: it will not answer us.
        """
        if not self.lean:
            return
        names = list(dict.fromkeys(blobs))
        missing = [name for name, kind, _ in self.reader.info(names) if kind == "missing"]
        if missing:
            finished = self.remote.fetch_blobs(missing)
            if not finished.ok:
                raise rejection.explain("fetch", finished)

    def bring_searched(self, root: ObjectId, folders: Sequence[str]) -> None:
        """Fetch every YAML file of a tree, or of some of its folders, before it is searched."""
        if not self.lean:
            return
        files = self.trees.files(root)
        self.bring(ObjectId(blob.id) for path, blob in files.items() if _searched(path, folders))

    def bring_replaced(self, roots: Iterable[ObjectId], commits: Sequence[PlannedCommit]) -> None:
        """Fetch what some commits replace: a push may tell the new as a change of the old.

        Git takes what has the same path on either branch for the old.

        Raises:
            Unavailable, Refused: as `bring`.
        """
        if not self.lean:
            return
        paths = {path for commit in commits for path in (*commit.files, *commit.statements)}
        found = [self.trees.find(root, sorted(paths)) for root in roots]
        self.bring(ObjectId(blob.id) for held in found for blob in held.values())


def _searched(path: Path, folders: Sequence[str]) -> bool:
    below = not folders or any(path.startswith(f"{folder.rstrip('/')}/") for folder in folders)
    return below and path.endswith(_SEARCHED)
