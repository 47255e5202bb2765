"""Which Canary drives what: workloads, and documents that hold a version."""

from collections.abc import Iterable
from dataclasses import dataclass

from gitops_canary.model.names import Path

NONE = frozenset[tuple[Path, int]]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """One Canary, and one thing that it drives."""

    canary: str
    key: tuple[str, str]
    """Kind and name of a workload, or the file and the name of a document."""
    namespace: str = ""
    """Of a workload."""
    documents: frozenset[tuple[Path, int]] = NONE
    """Those of the workload and its primary, by file and number; none where it is not known."""


class Drivers:
    """Finds the Canary of a thing."""

    def __init__(self, every: Iterable[Driver]) -> None:
        self._known: dict[tuple[str, str], list[Driver]] = {}
        for one in every:
            self._known.setdefault(one.key, []).append(one)

    def of(self, file: Path, name: str) -> str:
        """Give the Canary that binds a field of a document; empty for none."""
        found = self._known.get((file, name)) or self._known.get((file, "")) or []
        return found[0].canary if found else ""

    def driving(self, kind: str, name: str, namespace: str, document: tuple[Path, int]) -> str:
        """Give the Canary of a workload, or of a primary; empty for none."""
        for one in self._known.get((kind, name), ()):
            here = namespace in {"", one.namespace} or not one.namespace
            if document in one.documents or (here and not one.documents):
                return one.canary
        return ""
