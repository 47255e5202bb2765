"""What a sync source may be made of; each takes of it what it needs."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gitops_canary.model.names import Revision
from gitops_canary.steady import steady_ms

Contains = Callable[[Revision, Revision], Awaitable[bool]]
"""Tells whether the first revision contains the second; one we do not know contains nothing."""


Later = Callable[[Revision], Awaitable[Sequence[Revision]]]
"""Lists commits of the branch that contain a revision, without itself, the oldest first."""


async def nothing_later(revision: Revision) -> Sequence[Revision]:
    """Know no later commits."""
    del revision
    return ()


async def nothing_known(revision: Revision, wanted: Revision) -> bool:
    """Contain only oneself: for sources that need no history."""
    return revision == wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One entry of `sync` in controller.yaml, and what the rest of the controller offers."""

    source: str = "default"
    """Name of the metric source with the mesh's series."""
    scrape_ms: int = 15_000
    """Milliseconds between two samples of a series."""
    lag_ms: int = 5_000
    """Milliseconds until a sample can be asked for."""
    scrape_timeout_ms: int | None = None
    """Milliseconds a scrape may take; None: as long as its interval."""
    delay_ms: int = 0
    """Milliseconds to wait where nothing is looked at."""
    url: str = ""
    """Base URL of the API server."""
    token_file: Path | None = None
    """File with a bearer token."""
    ca_file: Path | None = None
    """Certificates to trust instead of the system's."""
    timeout_ms: int = 10_000
    """Milliseconds one look may take."""
    applications: tuple[str, ...] = ()
    """Argo CD Applications to look at; empty is all."""
    repository: str = ""
    """`owner/name` at the forge."""
    contexts: tuple[str, ...] = ()
    """Commit statuses that have to succeed."""
    memory: Path | None = None
    """File in which a source may keep what the next process of this controller shall know."""
    writes: bool = True
    """Whether that file may be written; a process that only looks reads it."""
    steady: Callable[[], int] = steady_ms
    """Milliseconds by a clock that nobody sets."""
    contains: Contains = nothing_known
    """Ancestry in the config repository."""
    later: Later = nothing_later
    """Commits of the config branch."""
