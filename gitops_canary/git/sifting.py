"""Finding the files that may matter among all of a revision, in one pass of git's own speed."""

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial

from gitops_canary.git.commands import grep
from gitops_canary.git.division import Division, divide
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.process import Finished, Runner
from gitops_canary.git.reader import DamagedClone
from gitops_canary.git.trees import Trees
from gitops_canary.git.words import patterns
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import Path, Revision

_FOUND, _NONE = 0, 1
_BESIDE_MAX = 4
_TIMES = 10
"""How many ordinary deadlines a pass over everything may take."""


class Sifting:
    """Has git search the YAML files of a revision; no byte of them comes here."""

    def __init__(self, runner: Runner, trees: Trees) -> None:
        self._runner = runner
        self._trees = trees
        self._timeout_ms = runner.timeout_ms * _TIMES
        self._divide = lru_cache(1)(partial(divide, trees.entries))
        """Two searches follow each other in one revision."""
        self._perl = True
        """Until git says that it was built without."""

    def mentioning(
        self, revision: Revision, root: ObjectId, words: Sequence[str], folders: Sequence[str]
    ) -> dict[Path, Blob]:
        """List the YAML files that may name one of the words; `root` is the revision's tree.

        A file that the clone leaves out for its size is not searched.

        Raises:
            DamagedClone: a tree of the revision cannot be read.
        """
        if folders:
            whole = Division({ObjectId(revision): ("",)})
            return self._trees.find(root, self._search(whole, root, words, folders))
        division = self._divide(root)
        return self._trees.find(root, self._search(division, root, words, ()))

    def _search(
        self, division: Division, root: ObjectId, words: Sequence[str], folders: Sequence[str]
    ) -> Iterator[Path]:
        asked = [(share, folders) for share in division.shares(_beside())]
        if division.loose:
            asked.append(([root], division.loose))
        places = {root: ("",), **division.places}
        for finished in self._run(asked, words):
            for record in filter(None, finished.out.split(b"\0")):
                tree, _, path = record.partition(b":")
                text = _text(path)
                if text is not None:
                    for place in places[ObjectId(tree.decode())]:
                        yield Path(place + text)

    def _run(
        self, asked: Sequence[tuple[Sequence[ObjectId], Sequence[str]]], words: Sequence[str]
    ) -> list[Finished]:
        codes: set[int] = set()
        for perl in (True, False)[not self._perl :]:
            told = patterns(words, perl=perl)
            searches = [grep(trees, folders, perl=perl) for trees, folders in asked]
            finished = self._runner.run_beside(searches, stdin=told, timeout_ms=self._timeout_ms)
            codes = {one.code for one in finished}
            if codes <= {_FOUND, _NONE}:
                self._perl = perl
                return finished
        raise DamagedClone(f"git grep ended with {max(codes)}")


def _beside() -> int:
    """Tell how many searches run at once: one for each core that we may use, within reason."""
    return min(_BESIDE_MAX, len(os.sched_getaffinity(0)))


def _text(path: bytes) -> str | None:
    try:
        return path.decode()
    except UnicodeDecodeError:
        return None
