"""What the verbs share that read a plain clone: its evidence branch, and whose commits count."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gitops_canary.errors import ConfigError, Place, SpecError, UsageError
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import Ownership, trust
from gitops_canary.git.plain import PlainClone
from gitops_canary.model.names import Revision

REFS = ("refs/remotes/origin/gitops-canary/evidence", "refs/heads/gitops-canary/evidence")
EvidenceOption = Annotated[str, typer.Option(help="The evidence branch, if not origin's.")]


def evidence_tip(clone: PlainClone, name: str) -> Revision:
    """Find the evidence branch's tip.

    Raises:
        SpecError: this clone has none.
    """
    found = clone.resolve(name) if name else evidence_or_none(clone)
    if found is None:
        raise SpecError(
            "This clone has no evidence branch.",
            remedy=f"git fetch origin gitops-canary/evidence:{REFS[0]}",
        )
    return found


def evidence_or_none(clone: PlainClone) -> Revision | None:
    """Find the evidence branch's tip; None where this clone has none."""
    return next((clone.refs[ref] for ref in REFS if ref in clone.refs), None)


def ownership(trusted: Sequence[Path], revoked: Sequence[Path], committer: str) -> Ownership:
    """Say whose commits count.

    Raises:
        UsageError: neither keys nor a committer are named, or both, or a file cannot be read.
    """
    if bool(trusted) == bool(committer):
        raise UsageError(
            "Say whose commits count: --trusted-keys FILE, or --committer 'Name <email>'.",
            remedy="keys come from outside the repository: anybody may write a file in it",
        )
    name, _, email = committer.removesuffix(">").partition(" <")
    identity = Identity(name=name, email=email)
    texts = ([(str(f), _text(f)) for f in files] for files in (trusted, revoked))
    try:
        return trust(identity, *texts)
    except ConfigError as error:  # what settings would be blamed for elsewhere
        raise UsageError(error.problem, remedy=error.remedy, place=error.place) from error


def keys_text(files: Sequence[Path]) -> str:
    """Read key files one after another.

    Raises:
        UsageError: one of them cannot be read.
    """
    return "".join(_text(file).rstrip("\n") + "\n" for file in files)


def day_ms(text: str, default_ms: int) -> int:
    """Read the beginning of a day; the default where none is given.

    Raises:
        BadParameter: it is no day.
    """
    if not text:
        return default_ms
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        raise typer.BadParameter("write a day as 2026-01-31") from None


def now_ms() -> int:
    """Read the clock."""
    return int(datetime.now(UTC).timestamp() * 1000)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(
            f"The keys cannot be read: {why}.", remedy="name a text file", place=Place(str(path))
        ) from error
