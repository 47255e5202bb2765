"""Deciding again: every verdict and decision from its recorded samples, by today's code."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

from gitops_canary.core import hooks, recorded, rungs, watch
from gitops_canary.core.basis import Basis
from gitops_canary.core.course import Course
from gitops_canary.core.differing import differing
from gitops_canary.core.evaluating import misplaced, skips
from gitops_canary.core.evidence import promoted, verdict_json
from gitops_canary.core.exposure import exposure_json
from gitops_canary.core.going import going
from gitops_canary.core.judge import judge
from gitops_canary.core.judges import WINDOWED, threshold
from gitops_canary.core.judges.sequential_types import HEEDS, SEEN_MS, SHADOWED
from gitops_canary.core.situation import Situation
from gitops_canary.core.stays import left, stays
from gitops_canary.core.text import instant_ms
from gitops_canary.core.underway import settled, underway
from gitops_canary.core.unseen import untold
from gitops_canary.errors import NewerRecordError, SpecError
from gitops_canary.manifest.policy import policy_from_json
from gitops_canary.model.decision import Act
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Answer, Question, Verdict
from gitops_canary.model.rollout import Action, Move, Outcome, Rollout
from gitops_canary.model.spec import Control, Policy

Json = dict[str, Any]
SEEN_BEFORE_MS = 30_000
"""How much of a weight had to be seen before decision 23, when nothing was underway."""


def recompute(document: Json, before: Sequence[Move]) -> Iterator[str]:
    """Say in words what comes out otherwise than recorded; nothing where all is the same.

    `before` are the rollout's moves up to this one, oldest first. It is empty where no commit tells
    of them: then what rests on them is not decided again.

    Raises:
        NewerRecordError: a newer version decided it.
    """
    if why := recorded.newer(document):
        raise NewerRecordError(f"It is not judged again: {why}.", remedy=recorded.REMEDY)
    before = recorded.dated(document, before)
    policy = policy_from_json(document["policy"]["effective"])
    if policy.digest != document["policy"]["digest"]:
        yield f"the policy's digest is {policy.digest}, not {document['policy']['digest']}"
    answers = recorded.answers(document)
    try:
        verdicts, wrong = _verdicts(document, policy, answers, before)
    except SpecError as error:
        yield f"nothing can be judged by its policy: {error.problem}"
        return
    yield from wrong
    yield from rungs.unlike(document, policy)
    if before:
        yield from _exposure(document, policy, answers, verdicts, before)
        yield from _decision(document, policy, verdicts, before)


def judged(
    document: Json, answers: dict[Question, Answer], before: Sequence[Move] = ()
) -> list[Json]:
    """Judge answers, the recorded ones or new ones, at the recorded evaluation times."""
    policy = policy_from_json(document["policy"]["effective"])
    earlier = recorded.dated(document, before)
    return [verdict_json(one) for one in _judged(document, policy, answers, earlier)]


def _judged(
    document: Json, policy: Policy, answers: dict[Question, Answer], before: Sequence[Move]
) -> tuple[Verdict, ...]:
    found = _measured(document, policy, answers, before)
    live_ms = recorded.live_ms(document)
    if live_ms is None or recorded.finished(before):
        return found
    heeds, told = recorded.rule(document) >= HEEDS, recorded.told(document, policy)
    return hooks.joined(policy, recorded.newest(before), live_ms, found, told, heeds=heeds)


def _measured(
    document: Json, policy: Policy, answers: dict[Question, Answer], before: Sequence[Move]
) -> tuple[Verdict, ...]:
    """Judge what was measured; nothing was where webhooks alone decided."""
    if hooks.alone(policy, recorded.newest(before)):
        return ()
    if policy.judge.type != threshold.NAME:
        course = _course(document, policy, before)
        return course.verdicts(answers) if course else ()
    found = _windows(document, policy, answers, before)
    if not policy.judge.shadows or not shadowed(document, before):
        return found
    course = _course(document, policy, before)
    return course.shadowed(found, answers) if course else found


def _windows(
    document: Json, policy: Policy, answers: dict[Question, Answer], before: Sequence[Move]
) -> tuple[Verdict, ...]:
    """Judge the windows of `threshold`, which end at the recorded times."""
    spec = recorded.spec(document, policy)
    who = promoted(spec) if recorded.finished(before) else ""
    scrape_ms, rule = document["timing"]["scrapeMs"], recorded.rule(document)
    ask = partial(judge, scrape_ms=scrape_ms, workload=who, rule=rule)
    times = [instant_ms(one["at"]) for one in document["verdicts"]]
    return tuple(ask(policy, spec, answers, times, at) for at in times)


def _course(document: Json, policy: Policy, before: Sequence[Move]) -> Course | None:
    """Say what was judged at a weight; None where our moves do not say which one that was."""
    spec, timing = recorded.spec(document, policy), document["timing"]
    scrape_ms, delay_ms = timing["scrapeMs"], recorded.delay_ms(document)
    rule, finished = recorded.rule(document), recorded.finished(before)
    live_ms = recorded.live_ms(document)
    now_ms = instant_ms(document["decidedAt"]) + delay_ms
    if live_ms is None:
        waiting = {"now_ms": now_ms, "scrape_ms": scrape_ms, "delay_ms": delay_ms}
        course = underway(spec, policy, before, **waiting) if before else None
        return replace(course, rule=rule) if course else None
    timed = {"live_ms": live_ms, "now_ms": now_ms, "scrape_ms": scrape_ms}
    asked_ms = None if skips(document, live_ms) or not before else before[-1].date_ms
    if finished:
        one = watch.course(
            spec, policy, stays(before), delay_ms=delay_ms, asked_ms=asked_ms, **timed
        )
        return replace(one, rule=rule)
    weight = Decimal(document["weight"]["from"])
    if before and timing.get("underway"):
        return settled(spec, policy, before, weight=weight, delay_ms=delay_ms, rule=rule, **timed)
    return Course(
        policy=policy,
        spec=spec,
        **timed,
        delay_ms=delay_ms,
        weight=weight,
        last=bool(before) and before[-1].record.step >= len(policy.steps),
        earlier=stays(before),
        asked_ms=asked_ms,
        rule=rule,
        seen_ms=SEEN_MS if timing.get("underway") else SEEN_BEFORE_MS,
    )


def _alone(document: Json, policy: Policy) -> bool:
    """Whether verdicts rest on nothing but what was measured at the weight they are about."""
    weighed = Decimal(document["weight"]["from"]) > 0
    return weighed and policy.judge.type in WINDOWED and not policy.webhooks


def shadowed(document: Json, before: Sequence[Move]) -> bool:
    """Whether a record holds all that its shadows rested on."""
    return bool(before) and recorded.rule(document) >= SHADOWED


def _verdicts(
    document: Json, policy: Policy, answers: dict[Question, Answer], before: Sequence[Move]
) -> tuple[tuple[Verdict, ...], list[str]]:
    times = [instant_ms(one["at"]) for one in document["verdicts"]]
    if not times:
        judged = Outcome(document["verdict"]) in {Outcome.PASS, Outcome.FAIL}
        return (), [f"it says {document['verdict']}, and no verdict is there"] if judged else []
    if not before and not _alone(document, policy):
        return (), []
    wrong = list(misplaced(document, policy, times, before))
    verdicts = _judged(document, policy, answers, before)
    if len(verdicts) != len(times):
        return verdicts, [*wrong, f"{len(verdicts)} verdicts follow from it, not {len(times)}"]
    for verdict, then in zip(verdicts, document["verdicts"], strict=True):
        wrong.extend(differing(verdict_json(verdict), then, shadows=shadowed(document, before)))
    return verdicts, wrong


def _exposure(
    document: Json,
    policy: Policy,
    answers: dict[Question, Answer],
    verdicts: tuple[Verdict, ...],
    before: Sequence[Move],
) -> Iterator[str]:
    act = recorded.act(document, verdicts)
    basis = Basis(
        spec=recorded.spec(document, policy),
        policy=policy,
        effective={},
        policy_revision=Revision(document["policy"]["revision"]),
        origins={},
        scrape_ms=document["timing"]["scrapeMs"],
        lag_ms=document["timing"]["lagMs"],
        scrape_timeout_ms=document["timing"].get("scrapeTimeoutMs"),
        answers=answers,
        before=recorded.owned(document["owned"]["before"]),
        after=recorded.owned(document["owned"]["after"]),
        previous_ms=before[-1].date_ms,
        changes={},
        moves=before,
        rule=recorded.rule(document),
    )
    record = recorded.record(document, policy.digest)
    found = exposure_json(act, record, basis, answers)
    untold(found, document["exposure"])
    if found != document["exposure"]:
        yield f"the exposure is {found}, not {document['exposure']}"


def _decision(
    document: Json, policy: Policy, verdicts: tuple[Verdict, ...], before: Sequence[Move]
) -> Iterator[str]:
    """Decide again where the record alone holds everything the decision rested on."""
    act = recorded.act(document, verdicts)
    moved = Decimal(document["weight"]["from"]) != before[-1].record.weight_to
    if moved or not _repeatable(act, before):
        return
    situation = _situation(document, policy, act, before)
    again = watch.watching(situation) if recorded.finished(before) else going(situation)
    if not isinstance(again, Act):
        yield f"today's code would hold: {again.reason if again else 'the watch was over'}"
        return
    for name in ("action", "step", "weight", "verdict", "failed", "window", "at_ms", "restore"):
        now, then = getattr(again, name), getattr(act, name)
        if now != then:
            yield f"today's code decides {name} {_shown(now)}, not {_shown(then)}"


def _repeatable(act: Act, before: Sequence[Move]) -> bool:
    """Whether no person's word and no passing of a deadline took part."""
    if act.live is None and not (act.verdicts and left(before)):
        return False
    if act.override:
        return False
    if act.action in {Action.ADVANCE, Action.PROMOTE} and not act.verdicts:
        return before[-1].record.action is Action.START
    return act.action is Action.FINISH or act.verdict is not Outcome.NONE


def _situation(document: Json, policy: Policy, act: Act, before: Sequence[Move]) -> Situation:
    tip = recorded.owned(document["owned"]["before"])
    return Situation(
        canary=act.canary,
        policy=policy,
        # Whoever approved did so before; the history shows it.
        control=Control(
            approve=tuple(f"{act.rollout}/{n}" for n in policy.approvals),
            # A version that stays after its last attempt was asked for once more.
            retry=None if act.restore else act.rollout,
        ),
        suspend=False,
        deleted=False,
        tip=tip,
        written=tip,
        rollout=Rollout(moves=tuple(before)),
        candidate_id=act.rollout,
        source_ms=0,
        stable=Revision(document["stable"]),
        stable_replicas=None,
        # Nothing else makes a retreat of a failing verdict.
        circular=act.action is Action.RETREAT and act.verdict is Outcome.FAIL,
        proven=_proven(act, policy, before),
        quarantined=None,
        quarantined_until="",
        tip_ms=before[-1].date_ms,
        live=act.live,
        verdicts=act.verdicts,
        now_ms=act.at_ms + recorded.delay_ms(document),
        complete_ms=act.at_ms,
        told=recorded.told(document, policy),
        pinned=True,
    )


def _proven(act: Act, policy: Policy, before: Sequence[Move]) -> str | None:
    """Believe that a promotion without any verdict was the fast way back, where that is allowed."""
    first = before[-1].record.action is Action.START and act.action is Action.PROMOTE
    if first and not act.verdicts and policy.rollback_window_ms:
        return "it finished before"
    return None


def _shown(value: object) -> object:
    return getattr(value, "value", value)
