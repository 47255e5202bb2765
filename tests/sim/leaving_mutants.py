"""Bugs that are planted in what a move has to leave alone: others' bytes, others' commits, time."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gitops_canary.app import announcing, guarding, pushing, tick
from gitops_canary.core import decide as deciding
from gitops_canary.core import diffs, edits
from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Act, Hold, Wait
from gitops_canary.model.rollout import Action

from .planting import Mutant, Swap
from .remote import CONFIG, Remote

WHOLE = 10_000


def _patient() -> Sequence[Swap]:
    real = deciding.decide

    def decide(s: Situation) -> Any:
        return real(replace(s, policy=replace(s.policy, threshold=2 * s.policy.threshold)))

    return [(deciding, "decide", decide)]


def _written(change: Callable[[str], str], *actions: Action) -> Sequence[Swap]:
    """Write more than was decided with some moves, and look away."""
    real = edits.edits

    def edit(act: Any, **given: Any) -> Any:
        found = real(act, **given)
        if act.action not in actions:
            return found
        return {path: change(text) for path, text in found.items()}

    return [(edits, "edits", edit), (edits, "confirm", lambda *_a, **_k: None)]


def _quoting(path: Any, before: str, after: str) -> str:
    """Write a diff with everything around it."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return diffs._unified(path, old, new, WHOLE)


def _chatty() -> Sequence[Swap]:
    """Tell people what stands in the files."""
    real = announcing._announced

    def announced(one: Any, *given: Any) -> Any:
        told = real(one, *given)
        return replace(told, sentence=told.sentence + "".join(one.tip.texts.values()))

    return [(announcing, "_announced", announced)]


def _overwriting() -> Sequence[Swap]:
    def push(self: Remote, updates: Any) -> bool:
        if any(self.refs.get(one.branch) != one.old for one in updates if one.branch == CONFIG):
            return False
        for update in updates:
            self.point(update.branch, update.new)
        return True

    return [(Remote, "push", push)]


def _remembering() -> Sequence[Swap]:
    """Count in each process what it decided, and write that down."""
    real, counts = tick.Station._decide, dict[int, int]()

    async def decide(self: tick.Station, *given: Any, **named: Any) -> Any:
        decisions, measured = await real(self, *given, **named)
        count = counts[id(self)] = counts.get(id(self), 0) + 1
        told = {
            c: replace(d, reason=f"{d.reason} Seen at look {count}.") for c, d in decisions.items()
        }
        return told, measured

    return [(tick.Station, "_decide", decide)]


def _behind() -> Sequence[Swap]:
    real = pushing.compatible
    return [(pushing, "compatible", lambda plans: real(sorted(plans, key=lambda p: p.act.urgent)))]


def _rationed() -> Sequence[Swap]:
    real = pushing.Pusher.push

    def push(self: pushing.Pusher, plans: Any, tips: Any, now_ms: int) -> Any:
        spent = not self.budget.allows(now_ms)
        return pushing.NOTHING_PUSHED if spent else real(self, plans, tips, now_ms)

    return [(pushing.Pusher, "push", push)]


def _put_off() -> Sequence[Swap]:
    """Look at a failing version for two minutes more."""
    real = deciding.decide

    def decide(s: Situation) -> Any:
        found = real(s)
        if not isinstance(found, Act) or found.action is not Action.ABORT or not found.window:
            return found
        due = s.now_ms >= found.window.end_ms + 120_000
        return found if due else s.hold(Wait.DATA, "It may get better.")

    return [(deciding, "decide", decide)]


def _idle_talk() -> Sequence[Swap]:
    """Take a version that is not ready off traffic that it does not have."""
    real = deciding.decide

    def decide(s: Situation) -> Any:
        found = real(s)
        if isinstance(found, Hold) and found.wait is Wait.READY and not s.tip.exposed:
            return s.act(Action.RETREAT, at_ms=s.tip_ms, reason="It is not ready.")
        return found

    return [(deciding, "decide", decide)]


LEAVING: Sequence[Mutant] = (
    Mutant("a rollback waits for twice the failures", _patient),
    Mutant("a rollback changes the pods", lambda: _written(
        lambda text: text.replace("replicas: 2\n", "replicas: 3\n"), Action.ABORT, Action.IDLE,
    )),
    Mutant("an owned line gets a comment", lambda: _written(
        lambda text: re.sub(r"^(          image: \S+)$", r"\1 # ours", text, flags=re.MULTILINE),
        Action.PROMOTE,
    )),
    Mutant("a decision quotes the file", lambda: [(diffs, "diff", _quoting)]),
    Mutant("an alert quotes the file", _chatty),
    Mutant("a rollback goes behind the others", _behind),
    Mutant("a rollback waits for its turn to push", _rationed),
    Mutant("nothing is urgent", lambda: [(Act, "urgent", property(lambda _self: False))]),
    Mutant("what a process remembers is written down", _remembering),
    Mutant("somebody's evidence is overwritten", _overwriting),
    Mutant("a rollback is put off", _put_off),
    Mutant("a retreat changes nothing", _idle_talk),
    Mutant("a rewritten branch is gone on from", lambda: [
        (guarding.Guard, "stand", lambda _self, tips: tips),
    ]),
)  # fmt: skip
