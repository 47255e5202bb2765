"""Holding every new tip against what the controller rests on: a rewritten branch halts it."""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path as LocalPath

from gitops_canary.core.footing import MARK, Footing, anchor, follows, kept, lost
from gitops_canary.errors import Halted, Unavailable
from gitops_canary.manifest import accepted
from gitops_canary.memory_file import remember, remembered
from gitops_canary.model.names import Path, Revision
from gitops_canary.ports import Git

log = logging.getLogger("gitops_canary")
Tips = tuple[Revision, Revision | None]
_REVISION = re.compile(r"[0-9a-f]{40}")
_SHORT = 12
_KEYS = {one.name for one in fields(Footing)}


@dataclass(slots=True)
class Memory:
    """The last footing, for the next life; losing it leaves what the evidence branch names."""

    file: LocalPath | None = None
    writes: bool = True
    _last: Footing | None = None
    _read: bool = False

    def last(self) -> Footing | None:
        """Recall what was kept; None where there is nothing."""
        if not self._read:
            self._read = True
            self._last = self._load()
        return self._last

    def keep(self, footing: Footing) -> None:
        """Remember a footing."""
        if footing != self._last:
            self._last = footing
            if self.file and self.writes:
                remember(self.file, asdict(footing))

    def _load(self) -> Footing | None:
        found = remembered(self.file) if self.file else {}
        if not found:
            return None
        if set(found) != _KEYS or not _revisions(found.values()):
            log.warning("%s is none of ours and counts as lost", self.file)
            return None
        return Footing(**found)


@dataclass(slots=True, kw_only=True)
class Guard:
    """Watches over one config branch."""

    git: Git
    text: Callable[[Revision, Path], str]
    branch: str
    evidence: bool
    """Whether moves are written with evidence."""
    memory: Memory
    _named: tuple[Revision | None, Revision | None] = (None, None)
    """An evidence tip, and what it names."""
    _halted: Tips | None = None
    _told: set[str] = field(default_factory=set)

    def stand(self, tips: Tips) -> Tips:
        """Check fetched tips; give those that are in order.

        Raises:
            Halted: the branch was rewritten and nobody accepted it.
        """
        gone = self._lost(tips)
        if gone and tips != self._halted:
            # Two branches that move at once may be read one before the other.
            tips = self.git.fetch()
            gone = self._lost(tips)
        if gone is None:
            self._halted = None
            return tips
        self._halted = tips
        if not self._accepted(tips[0], gone):
            raise self._rewritten(tips, gone)
        self._tell(f"the loss of {gone[:_SHORT]} was accepted; going on from {tips[0][:_SHORT]}")
        return tips

    def keep(self, tips: Tips, move: Revision | None) -> None:
        """Take tips for good, with the newest move there."""
        tip, evidence = tips
        named = self._anchor(evidence)
        self.memory.keep(Footing(tip=tip, move=move, evidence=evidence, anchor=named))

    def moved(self, tip: Revision) -> None:
        """Remember a push of ours, although nobody has looked at the branches since."""
        before = self.memory.last()
        if before:
            self.memory.keep(replace(before, tip=tip, move=tip))

    def missing(self) -> Halted | Unavailable:
        """Say that there is no such branch."""
        before = self.memory.last()
        if before is None:
            return Unavailable(
                f"The branch {self.branch} is not on the server.",
                remedy="push the branch named in controller.yaml, or correct its name",
            )
        return Halted(
            f"The branch {self.branch} is gone from the server: it was deleted or renamed. "
            "Nothing is committed until it is back.",
            remedy=f"push it back (`git push origin {before.tip}:refs/heads/{self.branch}`), or "
            "name the new one as `branch` in controller.yaml",
        )

    def _lost(self, tips: Tips) -> Revision | None:
        tip, evidence = tips
        before, contains = self.memory.last(), self.git.contains
        whole = self.evidence and self._whole(evidence, before)
        gone = lost(tip, self._anchor(evidence), before, whole=whole, contains=contains)
        if gone is None and before and not follows(tip, before, contains):
            self._tell(
                f"{self.branch} was rewritten: {before.tip[:_SHORT]} is no longer part of it, but "
                "all that was built on is; going on"
            )
        return gone

    def _whole(self, evidence: Revision | None, before: Footing | None) -> bool:
        if before and before.evidence and evidence and evidence != before.evidence:
            # What one push added needs no process to be told.
            parents = self.git.commit(evidence).parents
            if parents == (before.evidence,):
                return True
        whole = kept(evidence, before, self.git.contains)
        if not whole:
            self._tell(
                f"the evidence branch was {'rewritten' if evidence else 'deleted'}: from now on "
                f"only this machine remembers what {self.branch} has to hold; "
                "`gitops-canary verify` lists what is missing"
            )
        return whole

    def _anchor(self, evidence: Revision | None) -> Revision | None:
        """Find the newest commit of the config branch that our evidence names."""
        if evidence is None or self._named[0] == evidence:
            return self._named[1] if evidence else None
        self._named = (evidence, resting(self.git, evidence, self.branch))
        return self._named[1]

    def _accepted(self, tip: Revision, gone: Revision) -> bool:
        """Whether a line on the branch says that this loss is meant."""
        return any(
            one.lost == gone and (one.accepted == tip or self.git.contains(tip, one.accepted))
            for one in accepted.parse(self.text(tip, Path(accepted.FILE)))
        )

    def _rewritten(self, tips: Tips, gone: Revision) -> Halted:
        tip, evidence = tips
        how = "" if gone == self._anchor(evidence) else f" --lost {gone}"
        return Halted(
            f"The history of {self.branch} was rewritten: {gone[:_SHORT]}, which the controller "
            "has built on, is no longer part of it. Nothing is committed until a person decides.",
            remedy=f"push the lost commits back, or look at the branch as it is and accept it: "
            f"`gitops-canary resume --accept-history {tip[:_SHORT]}{how}`",
            lost=gone,
        )

    def _tell(self, text: str) -> None:
        """Warn once of each thing."""
        if text not in self._told:
            self._told.add(text)
            log.warning("%s", text)


def resting(git: Git, evidence: Revision, branch: str) -> Revision | None:
    """Find the newest commit of a config branch that our evidence names; None where none is."""
    newest = git.commit(evidence)
    if newest.ours and (named := anchor(newest.message, branch)):
        return named
    older = git.history(evidence, mentioning=MARK)
    found = (anchor(one.message, branch) for one in older if one.ours)
    return next(filter(None, found), None)


def _revisions(values: Iterable[object]) -> bool:
    given = [value for value in values if value is not None]
    return all(isinstance(value, str) and _REVISION.fullmatch(value) for value in given)
