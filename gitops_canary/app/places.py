"""Where clones lie, and beside them what one process keeps for the next; all of it may be lost."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gitops_canary.settings import RepositorySettings

CACHE = "GITOPS_CANARY_CACHE"
"""Environment variable: where clones are kept; deleting them at any time is safe."""


@contextmanager
def placed(one: RepositorySettings, *, keeps: bool) -> Iterator[Path]:
    """Say where a clone lies; only a lasting one is found again by the next start."""
    if not keeps:
        with tempfile.TemporaryDirectory(prefix="gitops-canary-") as folder:
            yield Path(folder) / "clone"
        return
    directory = _lasting(one)
    directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield directory


def beside(one: RepositorySettings, what: str) -> Path:
    """Name a file beside the lasting clone.

    `history` holds the footing, `seen` what was live, `exposed` who was exposed when last seen, for
    a process that cannot see, `moves` how far the history was read, `told` who heard of what, and
    `said` what a process that looks once told.
    """
    directory = _lasting(one)
    return directory.with_name(f"{directory.name}.{what}")


def _lasting(one: RepositorySettings) -> Path:
    home = Path(os.environ.get(CACHE) or Path.home() / ".cache" / "gitops-canary")
    mark = hashlib.sha256(f"{one.url}\0{one.branch}".encode()).hexdigest()[:12]
    return home / f"{one.name}-{mark}"
