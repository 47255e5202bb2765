"""The port's Matcher, told once: kinds say where their conditions stand and how one is added."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from gitops_canary.manifest.document import Json, Node, Pointer, remove
from gitops_canary.model.names import Path
from gitops_canary.model.spec import Match
from gitops_canary.routing.identity import Names
from gitops_canary.routing.refusal import root_of


def covers(live: Json, wanted: Json) -> bool:
    """Tell whether a value has everything of another one, in lists of the same length.

    >>> covers({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]}), covers({"a": [1]}, {"a": [1, 2]})
    (True, False)
    """
    match live, wanted:
        case dict(), dict():
            return all(key in live and covers(live[key], inner) for key, inner in wanted.items())
        case list(), list():
            same = len(live) == len(wanted)
            return same and all(map(covers, live, wanted))
        case _:
            return live == wanted


class Conditions(ABC):
    """A Matcher whose work is done in two places: finding what it wrote, and writing it."""

    __slots__ = ()

    @abstractmethod
    def found(self, root: Node, matches: Sequence[Match], names: Names) -> tuple[Pointer, ...]:
        """Point at what is exactly as it would be written, in the order of the document."""

    @abstractmethod
    def shown(self, root: Node, matches: Sequence[Match], names: Names) -> bool:
        """Tell whether everything that would be written stands there, whatever else does."""

    @abstractmethod
    def written(
        self, text: str, document: int, matches: Sequence[Match], names: Names, file: Path
    ) -> str:
        """Give the text with the conditions."""

    def rules(
        self, text: str, document: int, matches: Sequence[Match], *, namespace: str, apex: str
    ) -> tuple[Pointer, ...]:
        """Point at what stands there."""
        root = root_of(text, document, Path(""))
        return self.found(root, matches, Names(namespace=namespace, apex=apex))

    def shows(
        self, text: str, document: int, matches: Sequence[Match], *, namespace: str, apex: str
    ) -> bool:
        """Tell whether a live object has the conditions."""
        root = root_of(text, document, Path(""))
        return self.shown(root, matches, Names(namespace=namespace, apex=apex))

    def add(
        self,
        text: str,
        document: int,
        matches: Sequence[Match],
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Write the conditions."""
        names = Names(namespace=namespace, apex=apex)
        return self.written(text, document, matches, names, file)

    def take(
        self,
        text: str,
        document: int,
        matches: Sequence[Match],
        *,
        file: Path,
        namespace: str,
        apex: str,
    ) -> str:
        """Delete the lines of what stands there, the last one first."""
        found = self.rules(text, document, matches, namespace=namespace, apex=apex)
        for at in reversed(found):
            text = remove(text, document, at, file=file)
        return text
