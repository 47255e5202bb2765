"""Finding the files that may matter among all of a revision, in one pass of git's own speed."""

import re
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import TypeVar

from gitops_canary.git.commands import CAT_ALL, grep, ls_tree
from gitops_canary.git.process import Child, Runner
from gitops_canary.git.reader import DamagedClone
from gitops_canary.git.trees import is_visible
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision

_ENTRY = re.compile(rb"(?:^|\0)100(644|755) blob ([0-9a-f]{40})\t([^\0]*\.ya?ml)(?=\0)")
_ODD = re.compile(rb"[\t/](?:\.{0,2}|\.git)[/\0]", re.IGNORECASE)
"""May be part of a path that no checkout could have."""
_FOUND, _NONE = 0, 1
_TIMES = 10
"""How many ordinary deadlines a pass over everything may take."""
T = TypeVar("T")


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
        listing = self._listing(revision)
        return {
            Path(match[3].decode()): _blob(match) for match in listing.entries(hits.__contains__)
        }

    def scan(
        self, revision: Revision, among: Callable[[Path], bool], keep: Callable[[bytes], bool]
    ) -> "Pass":
        """See `ports.Sift`; each blob is read once, however many files share it.

        Raises:
            DamagedClone: something of the revision cannot be read.
        """
        listing = self._listing(revision)
        names = list(dict.fromkeys(match[2] for match in listing.entries(among)))
        with tempfile.TemporaryFile() as file:
            file.write(b"".join(b"%s\n" % name for name in names))
            file.seek(0)
            child = self._runner.start(CAT_ALL, stdin=file.fileno())
            try:
                bodies = zip(names, self._bodies(child), strict=True)
                kept = {name: data for name, data in bodies if data is not None and keep(data)}
            except (EOFError, TimeoutError, ValueError) as error:
                raise DamagedClone("git cat-file stopped answering") from error
            finally:
                child.kill()
        return Pass(listing, among, kept)

    def _bodies(self, child: Child) -> Iterator[bytes | None]:
        """Take `cat-file`'s answers apart: `<id> <type> <size>`, the bytes, a line break each."""
        deadline = time.monotonic() + self._timeout_ms / 1000
        most, rest, position = self._blob_bytes_max, b"", 0
        while True:
            end = rest.find(b"\n", position)
            if end < 0:
                try:
                    rest, position = rest[position:] + child.some(deadline), 0
                except EOFError:
                    if position < len(rest):
                        raise
                    return
                continue
            if rest.endswith(b" missing", position, end):
                position = end + 1
                yield None  # left out of the clone for its size
                continue
            size = int(rest[rest.rindex(b" ", position, end) : end])
            begin = end + 1
            while len(rest) <= begin + size:
                rest = rest[position:] + child.some(deadline)
                begin, position = begin - position, 0
            position = begin + size + 1
            yield rest[begin : begin + size] if size <= most else None

    def _listing(self, revision: Revision) -> "_Listing":
        finished = self._runner.run(ls_tree(revision), timeout_ms=self._timeout_ms)
        if not finished.ok:
            raise DamagedClone(f"git ls-tree ended with {finished.code}")
        return _Listing(finished.out)


class _Listing:
    """What `git ls-tree -r -z` printed: every entry of a revision, kept as one string."""

    def __init__(self, out: bytes) -> None:
        self._out = out
        self._plain = _ODD.search(out) is None and _is_text(out)

    def entries(
        self, among: Callable[[Path], bool], names: Container[bytes] | None = None
    ) -> Iterator[re.Match[bytes]]:
        """List the YAML files a checkout could have: mode, id and path in groups 1 to 3.

        `names` says which blobs are of interest; None: all are.
        """
        for match in _ENTRY.finditer(self._out):
            if names is not None and match[2] not in names:
                continue
            if (self._plain or is_visible(match[3])) and among(Path(match[3].decode())):
                yield match


class Pass:
    """The kept files of one revision."""

    def __init__(
        self, listing: _Listing, among: Callable[[Path], bool], kept: Mapping[bytes, bytes]
    ) -> None:
        self._listing = listing
        self._among = among
        self._kept = kept

    def where(self, judge: Callable[[bytes], T | None]) -> Mapping[Path, tuple[Blob, T]]:
        """List the files of which `judge` says something; see `ports.Scan`."""
        said = ((name, judge(data)) for name, data in self._kept.items())
        found = {name: verdict for name, verdict in said if verdict is not None}
        return {
            Path(match[3].decode()): (_blob(match), found[match[2]])
            for match in self._listing.entries(self._among, found)
        }


def _blob(match: re.Match[bytes]) -> Blob:
    return Blob(id=BlobId(match[2].decode()), executable=match[1] == b"755")


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(path: bytes) -> str:
    return path.decode(errors="surrogateescape")
