"""What a restart need not look for again in the history, in a file beside the clone."""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gitops_canary.core.condensing import Past, condensed
from gitops_canary.core.replay import moves
from gitops_canary.errors import CanaryError
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model.names import Revision, RolloutId
from gitops_canary.model.rollout import Move
from gitops_canary.ports import Git

log = logging.getLogger("gitops_canary")
EVERY_MS = 300_000
"""A restart passes over what came in this time once more."""
KEPT_MS = 90 * 86_400_000
"""Rollouts that ended so long before the newest move are left out."""
_FORMAT = 1
_REVISION = re.compile(r"[0-9a-f]{40}")
_WORD = re.compile(r"[0-9A-Za-z-]+")
_ROLLOUT = re.compile(r"[0-9a-f]{12}")


class Shelf(Protocol):
    """Where a checkpoint lies."""

    def read(self) -> Mapping[str, Any] | None:
        """Give what was written; None where there is nothing, empty where it cannot be read."""

    def write(self, what: Mapping[str, Any]) -> None:
        """Keep it whole, or keep what was there."""


class Worded(Protocol):
    """What was looked for in the files: a reader."""

    @property
    def words(self) -> frozenset[str]:
        """Give the words by which the files of the canaries seen last are found."""


@dataclass(frozen=True, slots=True)
class FileShelf:
    """A file."""

    file: Path

    def read(self) -> Mapping[str, Any] | None:
        """See `Shelf`."""
        return remembered(self.file) if self.file.exists() else None

    def write(self, what: Mapping[str, Any]) -> None:
        """See `Shelf`; a disk that will not have it is told of and no error."""
        remember(self.file, what)


@dataclass(slots=True)
class Checkpoint:
    """The commits that carry our moves up to a revision, by name.

    Each is read and held against our keys again, so that the file can make nothing ours; one that
    was lost, altered or written for something else costs one pass over the history.
    """

    shelf: Shelf | None = None
    """None: nothing is kept."""
    mark: str = ""
    """For what it counts: another program, remote, branch or set of keys finds other moves."""
    kept_ms: int = KEPT_MS
    every_ms: int = EVERY_MS
    words: frozenset[str] = frozenset()
    """By which the files of the canaries were found, where the file could be used.

    With them a start needs one search for all files that matter, and another one only for what is
    new. Words that are wrong or missing change what is searched for first, and nothing that is
    found.
    """
    _written: tuple[Revision, int] | None = None

    def restore(self, git: Git, tip: Revision) -> Past | None:
        """Read our moves up to the revision of the file; None where it cannot be used for a tip."""
        found = self.shelf.read() if self.shelf else None
        if found is None:
            return None
        wrong = self._wrong(found)
        try:
            past = None if wrong else _past(found, git, tip)
        except CanaryError as error:
            past, wrong = None, f"names what cannot be read ({error.problem})"
        if past is None:
            wrong = wrong or "does not belong to this history"
            log.warning("the checkpoint %s: the whole history is passed over once", wrong)
        else:
            self.words = frozenset(found["words"])
        return past

    def keep(self, past: Past, now_ms: int, seen: Worded) -> Past:
        """Write the file if it is due; what went into it, to go on from."""
        if self.shelf is None:
            return past
        if self._written:
            tip, at_ms = self._written
            if tip == past.tip or now_ms - at_ms < self.every_ms:
                return past
        newest_ms = max((m.date_ms for m in past.moves if isinstance(m, Move)), default=0)
        past = condensed(past, newest_ms - self.kept_ms)
        found = {
            "format": _FORMAT,
            "mark": self.mark,
            "tip": past.tip,
            "moves": [one.revision for one in past.moves],
            "dropped": sorted(past.dropped),
            "droppedMs": past.dropped_ms,
            "words": sorted(filter(_WORD.fullmatch, seen.words)),
        }
        self.shelf.write({**found, "digest": _digest(found)})
        self._written = past.tip, now_ms
        return past

    def _wrong(self, found: Mapping[str, Any]) -> str | None:
        rest = {key: value for key, value in found.items() if key != "digest"}
        if found.get("digest") != _digest(rest):
            return "is damaged"
        if found.get("mark") != self.mark or found.get("format") != _FORMAT:
            return "was written by another version, or for another branch or other keys"
        return None if _well_formed(found) else "is none of ours"


def _past(found: Mapping[str, Any], git: Git, tip: Revision) -> Past | None:
    """Read the named commits again; None where they are none of ours, or of another history.

    Raises:
        CanaryError: one is not there.
    """
    if not git.contains(tip, Revision(found["tip"])):
        return None
    names = [Revision(name) for name in found["moves"]]
    read = tuple(moves(git.several(names)))
    if [one.revision for one in read] != names:
        return None
    return Past(
        tip=Revision(found["tip"]),
        moves=read,
        dropped=frozenset(RolloutId(name) for name in found["dropped"]),
        dropped_ms=found["droppedMs"],
    )


def _digest(found: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def _well_formed(found: Mapping[str, Any]) -> bool:
    return (
        _all(found.get("moves"), _REVISION)
        and _all(found.get("dropped"), _ROLLOUT)
        and _all([found.get("tip")], _REVISION)
        and _all(found.get("words"), _WORD)
        and isinstance(found.get("droppedMs"), int | None)
        and (found["droppedMs"] is None) == (not found["dropped"])
    )


def _all(values: object, form: re.Pattern[str]) -> bool:
    return isinstance(values, list) and all(
        isinstance(value, str) and form.fullmatch(value) for value in values
    )
