"""Asking a metric source about the past, and judging it by a Canary's policy."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from gitops_canary.app.config import load
from gitops_canary.app.outside import client
from gitops_canary.app.week_counts import WEEK_MS, WEEK_STEP_MS
from gitops_canary.core import configs, counting
from gitops_canary.core.backtest import Begun, Run, backtest, replayed, run_of, span_ms, starts
from gitops_canary.core.buckets import read_ms
from gitops_canary.core.course import Course
from gitops_canary.core.judge import judge
from gitops_canary.core.judges import mannwhitney, threshold
from gitops_canary.core.past import Backtest
from gitops_canary.core.questions import longest_window_ms, questions
from gitops_canary.core.suggesting import bounded, minded
from gitops_canary.core.text import counted, duration, iso
from gitops_canary.core.warmups import spared
from gitops_canary.errors import SpecError, Unavailable, UsageError
from gitops_canary.manifest.catalog import headers
from gitops_canary.manifest.document import parse, text_of
from gitops_canary.manifest.leaves import NAME
from gitops_canary.manifest.problems import shown
from gitops_canary.manifest.spec_file import (
    DEFERRABLE,
    is_canary,
    is_template,
    read_canary,
    templates,
)
from gitops_canary.metrics import Sources
from gitops_canary.model.names import Path as Name
from gitops_canary.model.observation import Answer, Question, Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Metrics

LOOKS_MAX = 50_000
_CHUNK = 400
"""Looks asked for at once: more make answers that are too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Which days, and whose."""

    from_ms: int
    to_ms: int
    workload: str | None = None
    """Who stands in for the canary; its primary where absent."""


def run(canary: Path, config: Path, past: Past) -> tuple[CanarySpec, Backtest]:
    """Backtest the one Canary of a file.

    Raises:
        SpecError: the file has no usable Canary or none with a check, or the days do not fit it.
        ConfigError: controller.yaml is invalid.
        Unavailable: the metric source did not answer at all.
    """
    spec, who = _stood_in(_read(canary), past)
    instants = _instants(spec, past)
    return spec, asyncio.run(_asked(spec, who, config, past, instants))


def _read(path: Path) -> CanarySpec:
    try:
        text = text_of(path.read_bytes(), file=str(path))
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", remedy="name a file with a Canary"
        ) from error
    nodes = parse(text, file=str(path))
    found = [
        (ref, node)
        for ref in headers(text, file=Name(str(path)))
        if (node := nodes[ref.index]) is not None
    ]
    lookup = templates((r, n) for r, n in found if is_template(r.api_version, r.kind))
    canaries = [(r, n) for r, n in found if is_canary(r.api_version, r.kind)]
    if len(canaries) != 1:
        raise SpecError(
            f"{path} has {len(canaries)} Canaries.",
            remedy="name a file with one, its MetricTemplates beside it",
        )
    spec = read_canary(
        canaries[0][1], file=str(path), templates=lookup, allow_missing=DEFERRABLE,
        default_provider="istio",
    )  # fmt: skip
    configs.checked(spec)
    if not spec.policy.checks:
        raise SpecError(
            "This Canary is judged by webhooks alone, and nobody can ask those about the past.",
            remedy="add a check to analysis.metrics",
            place=spec.place,
        )
    return spec


def _stood_in(spec: CanarySpec, past: Past) -> tuple[CanarySpec, str]:
    """Say who is judged: the primary beside its canary, or another workload by its name.

    Raises:
        UsageError: no workload can have that name.
        SpecError: the judge compares two sides, of which past days have one.
    """
    primary = f"{spec.target.name}-primary"
    name = primary if past.workload is None else past.workload
    if not NAME.fullmatch(name):
        raise UsageError(
            f"--workload {shown(name)} is no name that a workload can have.",
            remedy=f"name one by its metadata.name, e.g. {spec.target.name}",
        )
    if name == primary and spec.policy.judge.type == mannwhitney.NAME:
        raise SpecError(
            "mannwhitney compares a canary with its primary, and no canary stood in for one.",
            remedy=f"--workload {spec.target.name} judges past rollouts as they were",
            place=spec.place,
        )
    if name in {primary, spec.target.name}:
        return spec, name
    return replace(spec, target=replace(spec.target, name=name)), name


def _instants(spec: CanarySpec, past: Past) -> tuple[int, ...]:
    window_ms, interval_ms = longest_window_ms(spec.policy), spec.policy.interval_ms
    every = range(past.from_ms + window_ms, past.to_ms + 1, interval_ms)
    if past.from_ms >= past.to_ms:
        raise UsageError("--to is no later than --from.", remedy="swap them, or choose more time")
    if not every:
        raise UsageError(
            f"Between --from and --to is not one look: each looks back {duration(window_ms)}.",
            remedy="choose more time",
        )
    if len(every) > LOOKS_MAX:
        most = LOOKS_MAX * interval_ms // 86_400_000
        raise UsageError(
            f"Between --from and --to are {len(every)} looks, one every {duration(interval_ms)}; "
            f"{LOOKS_MAX} are the most.",
            remedy=f"choose at most {counted(most, 'day')}",
        )
    return tuple(every)


async def _asked(
    spec: CanarySpec, who: str, config: Path, past: Past, instants: Sequence[int]
) -> Backtest:
    settings = load(config)
    sources = Sources({name: client(one) for name, one in settings.sources.items()})
    scrape_ms = max(one.scrape_ms for one in settings.sources.values())
    try:
        verdicts = await _looks(spec, who, sources, instants, scrape_ms)
        _heard(verdicts, who)
        looked = await _bounded(backtest(spec.policy, verdicts), spec, sources, instants[-1])
        if spec.policy.judge.type != threshold.NAME:
            begun = _begun(spec, past, verdicts, scrape_ms)
            runs, warming = await _runs(spec, who, sources, begun, scrape_ms)
            looked = replayed(looked, spec.policy, begun, runs, warming=warming)
        return minded(looked, spec.policy)
    finally:
        await sources.aclose()


async def _bounded(looked: Backtest, spec: CanarySpec, sources: Metrics, at_ms: int) -> Backtest:
    """Fit what is suggested for latencies to the buckets there are."""
    asked = {check.name: question for check, question in counting.latencies(spec, at_ms)}
    if not asked:
        return looked
    answers, unit_ms = await sources.ask(tuple(asked.values())), counting.unit_ms(spec)
    ranges = tuple(
        bounded(one, check, spec, read_ms(answers[asked[check.name]], unit_ms))
        if check.name in asked
        else one
        for check, one in zip(spec.policy.checks, looked.ranges, strict=True)
    )
    return replace(looked, ranges=ranges)


def _heard(verdicts: Sequence[Verdict], who: str) -> None:
    """Refuse to call days quiet of which nothing was heard.

    Raises:
        Unavailable: every look at every check was silent.
    """
    seen = [one for verdict in verdicts for one in verdict.measurements]
    if any(one.outcome is not Outcome.INCONCLUSIVE for one in seen):
        return
    why = seen[-1].why if seen else "there is no check"
    raise Unavailable(
        f"Nothing was measured of {who} in {len(verdicts)} looks: {why}.",
        remedy="name who served then with --workload, other days, or mend the check",
    )


async def week(spec: CanarySpec, sources: Metrics, scrape_ms: int, now_ms: int) -> Backtest:
    """Hold a policy's limits against the primary's last seven days, by a look every five minutes.

    For `doctor`. Which limits the policy minds is for the caller to say.

    Raises:
        Unavailable: the metric source did not answer at all.
    """
    policy = replace(spec.policy, interval_ms=max(spec.policy.interval_ms, WEEK_STEP_MS))
    until_ms = now_ms - now_ms % policy.interval_ms - policy.interval_ms
    instants = range(until_ms - WEEK_MS, until_ms + 1, policy.interval_ms)
    one = replace(spec, policy=policy)
    primary = f"{spec.target.name}-primary"
    return backtest(policy, await _looks(one, primary, sources, instants, scrape_ms))


async def _looks(
    spec: CanarySpec, who: str, sources: Metrics, instants: Sequence[int], scrape_ms: int
) -> list[Verdict]:
    """Look at every interval, by the limits."""
    verdicts: list[Verdict] = []
    ask = partial(questions, scrape_ms=scrape_ms, workload=who)
    say = partial(judge, scrape_ms=scrape_ms, workload=who)
    for start in range(0, len(instants), _CHUNK):
        part = instants[start : start + _CHUNK]
        answers = await sources.ask(ask(spec.policy, spec, part))
        for check in spec.policy.checks:
            mine = ask(replace(spec.policy, checks=(check,)), spec, part)
            _answered(mine, answers, f"{check.name} from {iso(part[0])} on")
        verdicts += (say(spec.policy, spec, answers, part, at) for at in part)
    return verdicts


def _answered(asked: Iterable[Question], answers: Mapping[Question, Answer], of: str) -> None:
    """Refuse to go on without an answer: what nobody answered would look like silence.

    Raises:
        Unavailable: the metric source did not answer one of the questions.
    """
    for question in asked:
        if error := answers[question].error:
            raise Unavailable(
                f"{of}: {error}.",
                remedy="mend that, or ask later: a part of the days says nothing of all of them",
            )


def _begun(spec: CanarySpec, past: Past, verdicts: Sequence[Verdict], scrape_ms: int) -> Begun:
    """Choose the past rollouts in which a look heard something."""
    ends = [one.window.end_ms for one in verdicts if _value(one)]
    reach_ms = max(longest_window_ms(spec.policy), spec.policy.interval_ms)
    span = span_ms(spec.policy, scrape_ms)
    return starts(past.from_ms, past.to_ms, span, [(end - reach_ms, end) for end in ends])


def _value(one: Verdict) -> bool:
    return any(measured.value is not None for measured in one.measurements)


async def _runs(
    spec: CanarySpec, who: str, sources: Metrics, begun: Begun, scrape_ms: int
) -> tuple[list[Run], int]:
    """Let the judge go through past rollouts, and count those stopped for their warm-up alone."""
    span, alone = begun.every_ms, who != spec.target.name
    runs: list[Run] = []
    warming = 0
    for at_ms in begun.chosen:
        one = Course(
            policy=replace(spec.policy, judge=replace(spec.policy.judge, shadows=())),
            spec=spec,
            live_ms=at_ms,
            now_ms=at_ms + span + scrape_ms,
            scrape_ms=scrape_ms,
            delay_ms=scrape_ms,
            weight=Decimal(0) if alone else spec.policy.steps[0],
            last=False,
            alone=alone,
            asked_ms=at_ms,
        )
        answers = await sources.ask(one.questions())
        _answered(answers, answers, f"The rollout begun at {iso(at_ms)}")
        verdicts = one.verdicts(answers)
        runs.append(run_of(at_ms, verdicts))
        warming += spared(one, answers, verdicts)
    return runs, warming
