"""Any story at all: random people, syncs, checks and looks, and what must hold after each look.

Every look is also taken by a controller that has just started, from nothing but the branch; at the
end the whole log is decided again, commit by commit, by others that know nothing either.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger import Ledger
from scene import CANDIDATE, PRIMARY, ROUTE, beginning
from telling import EPOCH_MS, Telling

from gitops_canary.app.tick import Report
from gitops_canary.core.plan import Plan
from gitops_canary.model.decision import Hold
from gitops_canary.model.names import Path, Revision
from gitops_canary.model.rollout import Action, Outcome

PEOPLE = (
    "candidate v1", "candidate v2", "candidate v2", "candidate v3", "candidate v3",
    "weight 33", "weight 10", "weight 0", "primary v1", "primary v3",
    "timeout 5s", "timeout 7s", "note red", "note blue", "candidate v2 and weight 10",
    "control paused: true", "control paused: false", "revert of canary(prod/web): abort",
    "on a branch from begin: note green: merged backwards",
    'control abort: "{running}"', 'control resume: "{running}/33"',
    'control resume: "{running}/10"', 'control retry: "{running}"',
)  # fmt: skip
WORLD = ("synced", "synced", "synced", "checks good", "checks bad", "checks silent", "restarts")
EVENT = st.one_of(
    st.just("tick"),
    st.just("tick"),
    st.sampled_from(WORLD),
    st.sampled_from(PEOPLE).map(lambda what: f"commits {what}"),
)
STORY = st.lists(st.tuples(st.integers(1, 70), EVENT), min_size=10, max_size=60)
# What every example begins with, so that most of them get past the first weight.
OPENING = ((1, "commits candidate v2"), (1, "tick"), (1, "synced"), (1, "tick"), (1, "synced"))


@dataclass
class Chronicle:
    """A story being made up, with what was decided on which tip at which instant."""

    telling: Telling = field(default_factory=Telling)
    decided: list[tuple[tuple[Revision, Revision | None], int, str]] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        return self.telling.ledger

    def happens(self, what: str) -> None:
        """Let one thing happen; what makes no sense now does not."""
        running = next(reversed(self.telling.marks.values()), "")
        if ("{running}" in what and not running) or self._impossible(what):
            return
        if what == "tick":
            self._looks()
        else:
            self.telling._happens(what.replace("{running}", running))

    def replay(self) -> None:
        """Decide the whole log again."""
        tips = self.ledger.tip, self.ledger.proof
        for onto, now_ms, message in self.decided:
            self.ledger.tip, self.ledger.proof = onto
            (plan,) = self._afresh(now_ms).planned
            assert plan.commit.message == message
        self.ledger.tip, self.ledger.proof = tips

    def _impossible(self, what: str) -> bool:
        assert self.ledger.tip is not None
        wanted = what.partition("revert of ")[2]
        history = self.ledger.history(self.ledger.tip)
        return bool(wanted) and not any(wanted in commit.message for commit in history)

    def _looks(self) -> None:
        before, proof = self.ledger.tip, self.ledger.proof
        assert before is not None
        afresh = self._afresh(self.telling.now_ms)
        report = asyncio.run(self.telling.station.tick(write=True))
        assert report.error is None
        assert dict(report.decisions) == dict(afresh.decisions)
        assert report.history.misfits == ()
        for plan in report.pushed:
            rollout = plan.record.rollout
            self.telling.marks.setdefault(f"r{len(self.telling.marks)}", rollout)
            self.decided.append(((before, proof), self.telling.now_ms, plan.commit.message))
            self._holds(plan, before)
        for decision in report.decisions.values():
            if isinstance(decision, Hold):
                assert "HistoryError" not in decision.reason

    def _afresh(self, now_ms: int) -> Report:
        """Look with a controller that has just started, without writing."""
        other = Telling(ledger=self.ledger, now_ms=now_ms)
        other.world.synced, other.world.checks = (
            self.telling.world.synced,
            self.telling.world.checks,
        )
        report = asyncio.run(other.station.tick(write=False))
        other.station.close()
        return report

    def _holds(self, plan: Plan, before: Revision) -> None:
        """Hold one move against its promises."""
        record, tip = plan.record, self.ledger.tip
        assert tip is not None
        adopted = record.action is Action.ADVANCE and record.weight_from == record.weight_to
        if record.action in {Action.ADVANCE, Action.PROMOTE} and record.step > 1 and not adopted:
            assert record.verdict is Outcome.PASS
        old, new = self.ledger.tree(before), self.ledger.tree(tip)
        if record.action is Action.ADVANCE:
            assert f"{record.version.removeprefix('app=')} #" in text(new[CANDIDATE])
        if record.action is Action.ABORT:
            *moves, source = record.reverts
            assert source == record.source
            assert all(self.ledger.commits[move].ours for move in moves)
            stable = self.ledger.tree(record.stable)
            assert owned(new, CANDIDATE) == owned(stable, CANDIDATE)
            assert owned(new, PRIMARY) == owned(stable, PRIMARY)
            assert owned(new, ROUTE) == owned(stable, ROUTE)
        changed = {p for p in {*old, *new} if old.get(p) != new.get(p)}
        assert changed <= {CANDIDATE, PRIMARY, ROUTE, Path(".gitops-canary/quarantine")}
        for path in changed & {CANDIDATE, PRIMARY, ROUTE}:
            lines = zip(text(old[path]).split("\n"), text(new[path]).split("\n"), strict=True)
            assert all(_OWNED[path].search(a) for a, b in lines if a != b)


_OWNED = {
    CANDIDATE: re.compile("image: |replicas: "),
    PRIMARY: re.compile("image: "),
    ROUTE: re.compile("weight: "),
}
"""The lines that moves may change; all others are the team's and survive every move."""


def text(body: bytes | None) -> str:
    assert body is not None
    return body.decode()


def owned(tree: object, path: Path) -> list[str]:
    """The lines of a file that an abort puts back."""
    assert isinstance(tree, dict)
    return [line for line in text(tree[path]).split("\n") if _OWNED[path].search(line)]


@settings(max_examples=20, deadline=None)
@given(STORY)
def test_any_story_keeps_every_promise(events: Sequence[tuple[int, str]]) -> None:
    chronicle = Chronicle()
    chronicle.ledger.record(beginning([]), "begin", EPOCH_MS - 3_600_000)
    for seconds, what in (*OPENING, *events):
        chronicle.telling.now_ms += seconds * 1000
        chronicle.happens(what)
    chronicle.replay()
    chronicle.telling.station.close()


NOTES = st.sampled_from([None, "note red", "note blue", "note green"])
# A third version supersedes a second that had traffic, and is condemned at its second weight.
CONDEMNED = (
    "commits candidate v3", "tick", "synced", "tick", "synced", "tick", "synced",
    "wait", "tick", "synced", "checks bad", "wait", "wait", "tick",
)  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.lists(NOTES, min_size=len(CONDEMNED), max_size=len(CONDEMNED)))
def test_an_abort_puts_back_what_was_stable_and_nothing_else(notes: Sequence[str | None]) -> None:
    chronicle = Chronicle()
    chronicle.ledger.record(beginning([]), "begin", EPOCH_MS - 3_600_000)
    for what, note in zip((*OPENING, *enumerate(CONDEMNED)), (*[None] * 5, *notes), strict=True):
        chronicle.telling.now_ms += 61_000 if what[1] == "wait" else 1000
        if note:
            chronicle.happens(f"commits {note}")
        if what[1] != "wait":
            chronicle.happens(what[1])
    chronicle.replay()
    chronicle.telling.station.close()
    assert chronicle.ledger.tip is not None
    files, start = chronicle.ledger.tree(chronicle.ledger.tip), beginning([])
    team = next((note.split()[1] for note in reversed(notes) if note), "none")

    assert "abort v3" in chronicle.decided[-1][2]
    for path in (CANDIDATE, PRIMARY):
        assert text(files[path]) == text(start[path]).replace("team: none", f"team: {team}")
    assert files[ROUTE] == start[ROUTE]
