"""Words of `control` that name no rollout there is: a typo in one is told, or nobody would know."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from gitops_canary.core.situation import Situation
from gitops_canary.model.decision import Decision, Hold
from gitops_canary.model.spec import Control

Word = tuple[str, str]


def stray(now: Control, before: Control, known: Collection[str], old: Collection[str]) -> list[str]:
    """List the words that were written since our newest move and name none of the rollouts.

    `before` is what stood there at that move, `known` the rollout there is and the one there would
    be; `old` are those that only `retry` may name too.
    """
    said = set(_words(before))
    return [
        f"control.{key} says {word}"
        for key, word in _words(now)
        if (key, word) not in said
        and word.partition("/")[0] not in known
        and not (key == "retry" and word in old)
    ]


def strayed(s: Situation, decision: Decision) -> Decision:
    """Say of a hold that a word of `control` names no rollout, since nothing else would."""
    if not s.stray or not isinstance(decision, Hold):
        return decision
    there = s.rollout.id if s.rollout and s.running else ""
    which = f"the rollout under way is {there}" if there else "nothing is under way"
    reason = f"{decision.reason} {' and '.join(s.stray)}, but {which}: it does nothing."
    verbs = "correct it, or take it out; the verbs of gitops-canary write the right one"
    remedy = f"{decision.remedy}; {verbs}" if decision.remedy else verbs
    return replace(decision, reason=reason, remedy=remedy, alert=True)


def _words(control: Control) -> Iterator[Word]:
    named = {"abort": control.abort, "retry": control.retry, "promote": control.promote,
             "resume": control.resume}  # fmt: skip
    yield from ((key, word) for key, word in named.items() if word)
    yield from (("approve", word) for word in control.approve)
