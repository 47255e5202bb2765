"""Finding the files that may matter among all of a revision, in one pass of git's own speed."""

from collections.abc import Sequence

from gitops_canary.git.commands import grep
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.process import Finished, Runner
from gitops_canary.git.reader import DamagedClone
from gitops_canary.git.trees import Trees
from gitops_canary.git.words import patterns
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import Path, Revision

_FOUND, _NONE = 0, 1
_TIMES = 10
"""How many ordinary deadlines a pass over everything may take."""


class Sifting:
    """Has git search the YAML files of a revision; no byte of them comes here."""

    def __init__(self, runner: Runner, trees: Trees) -> None:
        self._runner = runner
        self._trees = trees
        self._timeout_ms = runner.timeout_ms * _TIMES
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
        finished = self._search(revision, words, folders)
        prefix = len(revision) + 1
        hits = (_text(record[prefix:]) for record in finished.out.split(b"\0") if record)
        return self._trees.find(root, [path for path in hits if path is not None])

    def _search(self, revision: Revision, words: Sequence[str], folders: Sequence[str]) -> Finished:
        for perl in (True, False)[not self._perl :]:
            told = patterns(words, perl=perl)
            command = grep(revision, folders, perl=perl)
            finished = self._runner.run(command, stdin=told, timeout_ms=self._timeout_ms)
            if finished.code in {_FOUND, _NONE}:
                self._perl = perl
                return finished
        raise DamagedClone(f"git grep ended with {finished.code}")


def _text(path: bytes) -> Path | None:
    try:
        return Path(path.decode())
    except UnicodeDecodeError:
        return None
