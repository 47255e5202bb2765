"""Finding the files that may matter among all of a revision, in one pass of git's own speed."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence

from gitops_canary.git.commands import CAT_ALL, grep, ls_tree
from gitops_canary.git.process import Child, Runner
from gitops_canary.git.reader import DamagedClone
from gitops_canary.git.trees import is_visible
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision

_SUFFIXES = (b".yaml", b".yml")
_FOUND, _NONE = 0, 1
_TIMES = 10
"""How many ordinary deadlines a pass over everything may take."""

Listed = tuple[Path, Blob]


class Sifting:
    """Reads every YAML file of a revision once; keeps none of them."""

    def __init__(self, runner: Runner, *, blob_bytes_max: int) -> None:
        self._runner = runner
        self._blob_bytes_max = blob_bytes_max
        self._timeout_ms = runner.timeout_ms * _TIMES

    def mentioning(self, revision: Revision, words: Sequence[str]) -> dict[Path, Blob]:
        """List the YAML files that contain one of the words, by `git grep`.

        Raises:
            DamagedClone: a tree of the revision cannot be read.
        """
        finished = self._runner.run(grep(revision, words), timeout_ms=self._timeout_ms)
        if finished.code not in {_FOUND, _NONE}:
            raise DamagedClone(f"git grep ended with {finished.code}")
        prefix = len(revision) + 1
        hits = {_text(record[prefix:]) for record in finished.out.split(b"\0") if record}
        if not hits:
            return {}
        return {path: blob for path, blob in self._listed(revision) if path in hits}

    def kept(self, revision: Revision, keep: Callable[[Path, bytes], bool]) -> dict[Path, Blob]:
        """List the YAML files whose bytes `keep` accepts; one over the size limit is left out.

        Raises:
            DamagedClone: something of the revision cannot be read.
        """
        listed = list(self._listed(revision))
        with tempfile.TemporaryFile() as file:
            file.write(b"".join(b"%s\n" % blob.id.encode() for _, blob in listed))
            file.seek(0)
            child = self._runner.start(CAT_ALL, stdin=file.fileno())
            try:
                bodies = self._bodies(child, listed)
                return {
                    path: blob
                    for (path, blob), data in zip(listed, bodies, strict=True)
                    if data is not None and keep(path, data)
                }
            except (EOFError, TimeoutError) as error:
                raise DamagedClone("git cat-file stopped answering") from error
            finally:
                child.kill()

    def _bodies(self, child: Child, listed: Sequence[Listed]) -> Iterator[bytes | None]:
        deadline = time.monotonic() + self._timeout_ms / 1000
        for _ in listed:
            _, kind, *size = child.line(deadline).split(b" ")
            if kind == b"missing":
                yield None  # left out of the clone for its size
                continue
            data = child.exactly(int(size[0]) + 1, deadline)
            yield data[:-1] if len(data) <= self._blob_bytes_max + 1 else None

    def _listed(self, revision: Revision) -> Iterator[Listed]:
        finished = self._runner.run(ls_tree(revision), timeout_ms=self._timeout_ms)
        if not finished.ok:
            raise DamagedClone(f"git ls-tree ended with {finished.code}")
        for record in finished.out.split(b"\0"):
            if record.endswith(_SUFFIXES) and record.startswith(b"100"):
                head, _, path = record.partition(b"\t")
                if is_visible(path):
                    name = BlobId(head[-40:].decode())
                    yield Path(path.decode()), Blob(id=name, executable=head[3:6] == b"755")


def _text(path: bytes) -> str:
    return path.decode(errors="surrogateescape")
