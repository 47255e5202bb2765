"""The quarantine file: condemned versions, one JSON object a line."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from gitops_canary.errors import Place, SpecError
from gitops_canary.model.names import CanaryId, Digest, RolloutId

FILE = ".gitops-canary/quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One version that may not roll out again before `expires` (RFC 3339, UTC)."""

    canary: CanaryId
    digest: Digest
    """Of the owned candidate values."""
    version: str
    rollout: RolloutId
    reason: str
    date: str
    expires: str


_KEYS = tuple(field.name for field in fields(Entry))


def parse(text: str) -> tuple[Entry, ...]:
    """Read the file; blank lines are allowed.

    Raises:
        SpecError: a line is not exactly one entry.
    """
    entries, wrong = legible(text)
    if wrong:
        raise wrong
    return entries


def legible(text: str) -> tuple[tuple[Entry, ...], SpecError | None]:
    """Read the entries that can be read, and say what is wrong with the first one that cannot."""
    entries: list[Entry] = []
    wrong: SpecError | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            entries += [_entry(line, number)] if line.strip() else []
        except SpecError as error:
            wrong = wrong or error
    return tuple(entries), wrong


def add(text: str, entry: Entry) -> str:
    """Append an entry; one that is there already changes nothing."""
    line = json.dumps(asdict(entry), ensure_ascii=True)
    if line in text.splitlines():
        return text
    separator = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{separator}{line}\n"


def lift(text: str, rollout: RolloutId) -> str:
    """Take the entries of one rollout out."""
    kept = [
        line
        for line, number in zip(text.splitlines(), range(1, len(text) + 2), strict=False)
        if line.strip() and _entry(line, number).rollout != rollout
    ]
    return "".join(f"{line}\n" for line in kept)


def barring(entries: Sequence[Entry], canary: CanaryId, digest: Digest) -> Entry | None:
    """Find the entry that keeps these values out the longest, over or not; the newest of equals."""
    matching = (e for e in reversed(entries) if (e.canary, e.digest) == (canary, digest))
    return max(matching, key=lambda entry: entry.expires, default=None)


def _entry(line: str, number: int) -> Entry:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise _wrong(number, f"is not JSON: {error}") from error
    if not isinstance(value, dict) or tuple(value) != _KEYS:
        raise _wrong(number, f"has not exactly the keys {', '.join(_KEYS)}")
    if not all(isinstance(v, str) for v in value.values()):
        raise _wrong(number, "has a value that is no text")
    return Entry(**value)


def _wrong(number: int, why: str) -> SpecError:
    return SpecError(
        f"This quarantine entry {why}.",
        remedy="restore the line from history, or delete it to let the version in",
        place=Place(FILE, number, 1),
    )
