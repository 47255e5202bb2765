"""From decision-NN.json back to the values it was written from."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from gitops_canary.core.evidence import SCHEMA
from gitops_canary.core.judges.sequential_types import RULE
from gitops_canary.core.questions import ask_delay_ms
from gitops_canary.core.text import instant_ms
from gitops_canary.errors import Place
from gitops_canary.manifest import quarantine
from gitops_canary.model.decision import Act
from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.observation import (
    Answer,
    Liveness,
    Measurement,
    Question,
    Sample,
    Series,
    Verdict,
)
from gitops_canary.model.owned import Owned, Side
from gitops_canary.model.rollout import Action, Move, Outcome, Record, Window
from gitops_canary.model.spec import CanarySpec, Control, Dialect, Policy, Workload
from gitops_canary.model.webhooks import Reply, Webhook

Json = dict[str, Any]
REMEDY = "read it with the version of gitops-canary that wrote it, or a newer one"


def answers(document: Json) -> dict[Question, Answer]:
    """Give every question with the answer that was recorded."""
    return {
        Question(
            source=row["source"],
            expression=row["expression"],
            start_ms=instant_ms(row["from"]),
            end_ms=instant_ms(row["to"]),
            step_ms=row["stepMs"],
            lookback_ms=row["lookbackMs"],
        ): Answer(
            error=row["error"],
            series=tuple(
                Series(
                    labels=series["labels"],
                    samples=tuple(Sample(at_ms, value) for at_ms, value in series["samples"]),
                )
                for series in row["series"]
            ),
        )
        for row in document["queries"]
    }


def delay_ms(document: Json) -> int:
    """Say how long after an instant it was asked for."""
    timing = document["timing"]
    return ask_delay_ms(timing["scrapeMs"], timing["lagMs"], timing.get("scrapeTimeoutMs"))


def dated(document: Json, before: Sequence[Move]) -> tuple[Move, ...]:
    """Date the moves before a decision as it did: by their merges, or as they were written."""
    timing = document["timing"]
    if not timing.get("landed"):
        return tuple(before)
    return tuple(
        move
        if move.landed_ms is None or (move.sealed and timing.get("sealed"))
        else replace(move, date_ms=move.landed_ms)
        for move in before
    )


def newest(before: Sequence[Move]) -> Action | None:
    """Name the move before a decision; None where no commit tells of it."""
    return before[-1].record.action if before else None


def finished(before: Sequence[Move]) -> bool:
    """Whether the rollout had finished before a decision: then it is one of the watch after it."""
    return bool(before) and before[-1].record.finished


def told(document: Json, policy: Policy) -> dict[tuple[Webhook, int], Reply]:
    """Give what webhooks had said, by the policy's webhooks."""
    known = {(hook.name, hook.type.value): hook for hook in policy.webhooks}
    return {
        (known[row["name"], row["type"]], instant_ms(row["at"])): Reply(
            passed=row["passed"], status=row["status"], why=row["why"]
        )
        for row in document.get("webhooks", ())
        if (row["name"], row["type"]) in known
    }


def spec(document: Json, policy: Policy) -> CanarySpec:
    """Give as much of the Canary as questions and verdicts depend on."""
    measured = document["measured"]
    return CanarySpec(
        id=CanaryId(document["canary"]),
        dialect=Dialect.OWN,
        place=Place("decision.json"),
        namespace=measured["namespace"],
        name=measured["name"],
        target=Workload(
            api_version="apps/v1",
            kind=measured.get("kind") or "Deployment",
            namespace=measured["namespace"],
            name=measured["target"],
        ),
        apex=measured["service"],
        provider=measured["provider"],
        policy=policy,
        control=Control(),
        suspend=False,
    )


def live(document: Json) -> Liveness | None:
    """Give the proof that the previous move was live; None where there was none."""
    found = document["live"]
    if found is None:
        return None
    return Liveness(
        live_ms=instant_ms(found["since"]),
        proof=tuple(found["proof"]),
        waiting="",
        detail=found["detail"],
    )


def live_ms(document: Json) -> int | None:
    """Say since when the previous move was live; None where nothing proved it."""
    found = live(document)
    return found.live_ms if found else None


def rule(document: Json) -> int:
    """Name the decision on judging that held; 0 before records named one."""
    number: int = document["timing"].get("rule", 0)
    return number


def newer(value: object) -> str:
    """Say by what a decision shows that a newer version made it; empty where this one knows it.

    `value` is what its JSON holds, whatever that is.
    """
    if not isinstance(value, dict):
        return ""
    schema, timing = str(value.get("schema")), value.get("timing")
    number = timing.get("rule") if isinstance(timing, dict) else None
    if re.fullmatch(rf"{re.escape(SCHEMA[:-1])}([2-9]|[1-9]\d+)", schema):
        return f"it is written as {schema}, and this version knows {SCHEMA}"
    if isinstance(number, int) and number > RULE:
        return f"it is judged by rule {number}, and this version knows rules up to {RULE}"
    return ""


def owned(value: Json) -> Owned:
    """Read the owned values of one revision."""
    return Owned(
        candidate=_side(value["candidate"]),
        primary=_side(value["primary"]),
        weight=Decimal(value["weight"]),
        shape=Digest(value["shape"]),
    )


def _side(value: Json) -> Side:
    return Side(digest=Digest(value["digest"]), images=value["images"], replicas=value["replicas"])


def act(document: Json, verdicts: Sequence[Verdict] = ()) -> Act:
    """Give the decision itself."""
    action = Action(document["action"])
    step, failed = document["step"].partition("/")[0], document["failed"].partition("/")[0]
    before, after = (document["owned"][when]["candidate"]["digest"] for when in ("before", "after"))
    return Act(
        canary=CanaryId(document["canary"]),
        rollout=RolloutId(document["rollout"]),
        action=action,
        step=int(step),
        weight=Decimal(document["weight"]["to"]),
        verdict=Outcome(document["verdict"]),
        failed=int(failed),
        window=window(document["window"]),
        reason=document["reason"],
        at_ms=instant_ms(document["decidedAt"]),
        verdicts=tuple(verdicts),
        live=live(document),
        quarantine=any(change["path"] == quarantine.FILE for change in document["changes"]),
        restore=action is Action.RETREAT and before != after,
        override=document.get("override") is True,
    )


def record(document: Json, digest: Digest) -> Record:
    """Give the record that the decision's commit has in its trailers."""
    step, _, steps = document["step"].partition("/")
    failed, _, threshold = document["failed"].partition("/")
    previous = document["previous"]
    return Record(
        canary=CanaryId(document["canary"]),
        rollout=RolloutId(document["rollout"]),
        action=Action(document["action"]),
        step=int(step),
        steps=int(steps),
        weight_from=Decimal(document["weight"]["from"]),
        weight_to=Decimal(document["weight"]["to"]),
        version=document["version"],
        verdict=Outcome(document["verdict"]),
        failed=int(failed),
        threshold=int(threshold),
        window=window(document["window"]),
        policy=Digest(document["policy"]["digest"]),
        evidence=digest,
        source=Revision(document["source"]),
        stable=Revision(document["stable"]),
        previous=Revision(previous) if previous else None,
        reverts=tuple(Revision(revision) for revision in document["reverts"]),
    )


def verdict(one: Json) -> Verdict:
    """Give a recorded verdict; what records of its time did not tell is empty."""
    told_of = window(one["window"])
    at_ms = instant_ms(one["at"])
    return Verdict(
        outcome=Outcome(one["outcome"]),
        window=told_of or Window(start_ms=at_ms, end_ms=at_ms),
        measurements=tuple(
            Measurement(
                check=check["name"],
                at_ms=at_ms,
                outcome=Outcome(check["verdict"]),
                value=check["value"],
                limit=check["limit"],
                samples=check["samples"],
                why=check["why"],
                baseline=check["baseline"],
                numbers=check.get("numbers", {}),
            )
            for check in one["checks"]
        ),
        judge=one.get("judge", "threshold"),
        reason=one.get("reason", ""),
        shadows=tuple(map(verdict, one.get("shadows", ()))),
    )


def window(text: str | None) -> Window | None:
    """Read a window's two ends."""
    if not text:
        return None
    start, _, end = text.partition("/")
    return Window(start_ms=instant_ms(start), end_ms=instant_ms(end))
