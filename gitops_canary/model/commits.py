"""Git objects as values."""

from dataclasses import dataclass

from gitops_canary.model.names import BlobId, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit, read. Dates are whole seconds in milliseconds."""

    revision: Revision
    parents: tuple[Revision, ...]
    author: str
    """`Name <email>` of the author."""
    committer: str
    date_ms: int
    message: str
    ours: bool
    """Signed by a trusted key (or, without keys, committed under our identity)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A regular file in a tree."""

    id: BlobId
    executable: bool
