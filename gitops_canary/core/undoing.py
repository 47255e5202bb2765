"""What a restoration undoes of the commit that brought a version, and what of that stays.

Git's own words, `This reverts commit`, claim all of a commit. A commit that changed two Canaries,
or anything beside one, is undone in part only, and then its message says which part.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.core.text import counted, one_line
from gitops_canary.model.names import BlobId, Path, Revision, blob_id

NAMED_MAX = 5
"""Files that are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a commit changed: every regular file, with its blob before; None where it was new."""

    before: Mapping[Path, BlobId | None]


def part(source: Revision, brought: Brought | None, texts: Mapping[Path, str]) -> str:
    """Say what of a commit is undone once the owned files have these texts; empty where all is.

    `brought` is None where nobody looked what it changed.
    """
    if brought is None:
        return (
            f"Of commit {source} what this Canary owns is undone; whatever else it changed stays."
        )
    own = [path for path in sorted(brought.before) if path in texts]
    rest = [path for path in sorted(brought.before) if path not in texts]
    if own and not rest and all(_as_before(path, brought, texts) for path in own):
        return ""
    return " ".join(_told(source, own, rest))


def _as_before(path: Path, brought: Brought, texts: Mapping[Path, str]) -> bool:
    return brought.before[path] == blob_id(texts[path].encode())


def _told(source: Revision, own: Sequence[Path], rest: Sequence[Path]) -> Iterator[str]:
    where = f", in {_named(own)}" if own else ""
    yield f"Of commit {source} only what this Canary owns is undone{where}."
    if rest:
        yield f"The rest of what it changed stays: {_named(rest)}."
    elif own:
        yield "Whatever else stands there stays, too."


def _named(paths: Sequence[Path]) -> str:
    more = len(paths) - NAMED_MAX
    names = ", ".join(one_line(path) for path in paths[:NAMED_MAX])
    return f"{names} and {counted(more, 'more file')}" if more > 0 else names
