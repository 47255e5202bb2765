"""From a decision to what its author reads on the pull request; pure."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from gitops_canary.core.pages import words
from gitops_canary.core.text import one_line, percent
from gitops_canary.core.units import Units, of
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.notice import Mark, Notice
from gitops_canary.model.observation import Verdict
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action
from gitops_canary.model.spec import Policy

_COMMAND = re.compile(r"[A-Za-z0-9 ./:=_-]+")
"""What stands in code as it is, and mentions nobody."""
SUMMARY_MAX = 140
"""Characters of a commit status on GitHub."""
BODY_MAX = 60_000
"""Characters of a comment; GitHub takes 65,536."""
_ENDS = {
    Action.FINISH: Mark.SUCCESS,
    Action.ABORT: Mark.FAILURE,
    Action.RETREAT: Mark.FAILURE,
}


def marker(key: str) -> str:
    """Write the line a comment is found again by."""
    return f"<!-- gitops-canary {key} -->"


def ends(act: Act) -> bool:
    """Tell whether a move is the last that an author is told; a finish in steps ends at 0."""
    return act.action in _ENDS and (act.action is not Action.FINISH or act.weight == 0)


def notice(
    decision: Decision,
    *,
    key: str,
    source: Revision,
    tip: Owned,
    version: str,
    policy: Policy,
    verdicts: Sequence[Verdict],
    page: str = "",
    path: str = "",
) -> Notice:
    """Say where a rollout of a version stands, what was measured last and what comes next.

    `page` is the readable evidence once the rollout has ended, `path` where it lies on its branch.
    """
    act = decision if isinstance(decision, Act) else None
    mark = _ENDS[act.action] if act and ends(act) else Mark.PENDING
    if isinstance(decision, Hold) and decision.wait is Wait.QUARANTINED:
        mark = Mark.FAILURE  # nothing is under way, and nothing will be
    weight = act.weight if act else tip.weight
    summary = one_line(f"{percent(weight)} %: {decision.reason}")
    return Notice(
        canary=decision.canary,
        key=key,
        source=source,
        mark=mark,
        summary=summary if len(summary) <= SUMMARY_MAX else summary[: SUMMARY_MAX - 1] + "…",
        page=path,
        body="\n".join(_body(decision, key, version, weight, policy, verdicts, page))[:BODY_MAX],
    )


def unjudged(canary: CanaryId, source: Revision, told: str) -> Notice:
    """Tell who changed the primary that no rollout judged it; a passing mark would claim one."""
    key = f"{canary}/{source[:12]}"
    said = told.strip()
    body = "\n".join((marker(key), f"### {words(canary)}: not judged", "", words(said)))
    summary = "Changed what the primary runs outside any rollout: nothing judged it"
    return Notice(
        canary=canary, key=key, source=source, mark=Mark.FAILURE, summary=summary, body=body
    )


def _body(
    decision: Decision,
    key: str,
    version: str,
    weight: Decimal,
    policy: Policy,
    verdicts: Sequence[Verdict],
    page: str,
) -> Iterator[str]:
    yield marker(key)
    yield f"### {words(decision.canary)}: {percent(weight)} % of the traffic"
    yield ""
    yield f"{words(version)} · {_ladder(weight, policy.steps)}"
    yield ""
    yield words(decision.reason)
    if not isinstance(decision, Act) and decision.remedy:
        yield ""
        yield f"Try: {_commands(decision.remedy)}"
    if verdicts:
        yield ""
        yield from _checks(verdicts[-1], of(policy, verdicts[-1].judge))
    if page:
        yield ""
        yield page


def _commands(text: str) -> str:
    """Write commands, which stand between back ticks, as code where nothing in them ends that.

    >>> _commands("`gitops-canary retry a/b` if <ok>")
    '`gitops-canary retry a/b` if &#60;ok&#62;'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0 or not all(_COMMAND.fullmatch(one) for one in parts[1::2]):
        return words(text)
    return "".join(f"`{part}`" if n % 2 else words(part) for n, part in enumerate(parts))


def _ladder(weight: Decimal, steps: Sequence[Decimal]) -> str:
    rungs = (f"{percent(step)}%" for step in (Decimal(0), *steps))
    here = f"{percent(weight)}%"
    return " -&#62; ".join(f"**{rung}**" if rung == here else rung for rung in rungs)


def _checks(verdict: Verdict, units: Units) -> Iterator[str]:
    yield "| check | canary | primary | limit | verdict | samples |"
    yield "|---|---|---|---|---|---|"
    for one in verdict.measurements:
        name = one.check
        values = (units.value(name, one.value), units.value(name, one.baseline))
        cells = (name, *values, units.limit(name, one.limit), one.outcome.value, one.samples)
        yield "| " + " | ".join(map(words, cells)) + " |"
