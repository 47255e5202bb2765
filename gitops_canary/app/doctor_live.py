"""What `doctor` asks of measurements and sync engines about each canary."""

from collections.abc import AsyncIterator, Collection, Iterator

from gitops_canary.app.backtesting import week
from gitops_canary.app.doctor import Finding, Health, fine, hint, wrong
from gitops_canary.app.doctor_manifests import Subject
from gitops_canary.app.measuring import Measuring
from gitops_canary.app.wiring import options
from gitops_canary.core.backtest import Range, backtest, tight_words, tighter
from gitops_canary.core.edits import Ground
from gitops_canary.core.judge import judge
from gitops_canary.core.questions import questions
from gitops_canary.core.text import duration, percent
from gitops_canary.errors import SpecError, Unavailable
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import Expectation, Question
from gitops_canary.model.spec import CanarySpec
from gitops_canary.settings import Settings, SyncSettings
from gitops_canary.sync.api import NoAnswer
from gitops_canary.sync.cluster import routed
from gitops_canary.sync.live_object import Thing
from gitops_canary.sync.probing import PROBES, owners
from gitops_canary.sync.readiness import known_query

LOOKS = 30
"""Looks at the primary's last traffic, an interval apart."""
_HEARD = "1h"
"""For how long kube-state-metrics must have been silent before `traffic` does without it."""
CANARIES_MAX = 20
"""Canaries whose measurements are asked for; `backtest` asks for any."""


async def limits(seen: Subject, measuring: Measuring, now_ms: int) -> AsyncIterator[Finding]:
    """Judge the primary's last looks by each canary's checks: is there data, are limits too tight?

    The primary serves everyone, so it is what healthy looks like.
    """
    known = [seen.canaries[canary] for canary in seen.grounds]
    for spec in known[:CANARIES_MAX]:
        found = await _limits(spec, measuring, now_ms)
        well = {one.subject for one in found if one.health is Health.OK}
        for finding in (*found, *await last_week(spec, measuring, now_ms, well)):
            yield finding
    if len(known) > CANARIES_MAX:
        yield hint(
            "limits", f"{len(known) - CANARIES_MAX} more Canaries", "are not asked for",
            "`gitops-canary backtest` asks for any of them, over any days",
        )  # fmt: skip


async def _limits(spec: CanarySpec, measuring: Measuring, now_ms: int) -> list[Finding]:
    timing, primary = measuring.timing, f"{spec.target.name}-primary"
    end = now_ms - timing.delay_ms
    instants = [end - n * spec.policy.interval_ms for n in reversed(range(LOOKS))]
    where = {"scrape_ms": timing.scrape_ms}
    asked = questions(spec.policy, spec, instants, **where, workload=primary)
    if not asked:
        return [hint("limits", spec.id, "no check asks for measurements")]
    answers = await measuring.metrics.ask(asked)
    errors = list(dict.fromkeys(one.error for one in answers.values() if one.error))
    if errors:
        remedy = "correct the source in controller.yaml, or the query of the check"
        return [wrong("limits", spec.id, Unavailable(f"{errors[0]}.", remedy=remedy))]
    verdicts = [
        judge(spec.policy, spec, answers, instants, at, **where, workload=primary)
        for at in instants
    ]
    return [_limit(spec, one) for one in backtest(spec.policy, verdicts).ranges]


def _limit(spec: CanarySpec, one: Range) -> Finding:
    subject = f"{spec.id} {one.check}"
    if not one.values:
        return hint(
            "limits", subject, "there are no data of the primary: a canary would wait for ever",
            "send traffic; else compare the query's labels with what the source has "
            "(`gitops-canary explain`, docs/reference/metrics.md)",
        )  # fmt: skip
    middle = "-" if one.middle is None else percent(one.middle)
    what = f"the primary is at {middle}, the limit is {one.limit}"
    if one.suggested:
        return hint(
            "limits", subject,
            f"{what}: {one.failed} of its last {one.looks} looks would have failed",
            f"{one.suggested} is normal here; `gitops-canary backtest` looks at more days",
        )  # fmt: skip
    return fine("limits", subject, what)


async def last_week(
    spec: CanarySpec, measuring: Measuring, now_ms: int, well: Collection[str]
) -> list[Finding]:
    """Name the limits that hold now (`well` has their subjects) and that last week broke."""
    if not well:
        return []
    try:
        found = await week(spec, measuring.metrics, measuring.timing.scrape_ms, now_ms)
    except Unavailable as error:
        return [wrong("limits", f"{spec.id}, last week", error)]
    return [
        hint(
            "limits", f"{spec.id} {one.check}, last week", tight_words(one),
            f"{one.suggested} keeps nearly every look; `gitops-canary backtest` shows when",
        )
        for one in tighter(found)
        if f"{spec.id} {one.check}" in well
    ]  # fmt: skip


async def engines(
    seen: Subject, settings: Settings, measuring: Measuring, tip: Revision, now_ms: int
) -> AsyncIterator[Finding]:
    """Ask every sync engine whether it answers, and whether it knows the canaries' objects."""
    for one, source in zip(settings.sync, measuring.sync, strict=True):
        name = one.type.value
        if name == "traffic":
            for finding in await _traffic(seen, one, measuring, now_ms):
                yield finding
            continue
        first = await _answers(one)
        yield first
        if name not in PROBES or first.health is not Health.OK:
            continue
        wanted = [_expected(seen, canary, ground, tip, now_ms) for canary, ground in _some(seen)]
        live = await source.observe(wanted, measuring.metrics, now_ms) if wanted else {}
        for expectation in wanted:
            yield _applied(name, expectation, live[expectation].waiting)
        if name == "kubernetes":
            async for finding in _owners(seen, one):
                yield finding


async def _traffic(
    seen: Subject, one: SyncSettings, measuring: Measuring, now_ms: int
) -> list[Finding]:
    """Say whether the metric source answers, and has kube-state-metrics' series of the canaries."""
    name = one.type.value
    known = [seen.canaries[canary] for canary, _ in _some(seen)]
    workloads = dict.fromkeys((spec.namespace, spec.target.kind) for spec in known)
    asked = {
        _once(one, f"count(last_over_time({known_query(kind, namespace)}[{_HEARD}]))", now_ms): (
            namespace, kind,
        )
        for namespace, kind in workloads
    }  # fmt: skip
    first = _once(one, "vector(1)", now_ms)
    answers = await measuring.metrics.ask([first, *asked])
    if error := next((answer.error for answer in answers.values() if answer.error), None):
        remedy = f"correct metrics.sources.{one.source} in controller.yaml"
        return [wrong("sync", name, Unavailable(f"{error}.", remedy=remedy))]
    found = [fine("sync", name, f"the metric source {one.source}, in which it looks, answers")]
    for question, (namespace, kind) in asked.items():
        subject = f"{name} {namespace} {kind}"
        if answers[question].series:
            found.append(fine("sync", subject, "kube-state-metrics' series are there"))
        else:
            found.append(hint(
                "sync", subject, "kube-state-metrics' series are not there: no pods are seen, and "
                f"a settle time of {duration(one.settle_ms)} stands in for readiness and version",
                f"let what {one.source} asks scrape kube-state-metrics, or add argocd, flux or "
                "kubernetes under `sync`",
            ))  # fmt: skip
    return found


def _once(one: SyncSettings, expression: str, now_ms: int) -> Question:
    return Question(source=one.source, expression=expression, start_ms=now_ms, end_ms=now_ms)


async def _answers(one: SyncSettings) -> Finding:
    """Say whether a sync engine answers; `none` has nobody to ask."""
    name = one.type.value
    if name == "none":
        return hint(
            "sync", name, "nothing is looked at: a commit counts as live after a while, and a "
            "version that never starts can be promoted, or condemned, on the pods before it",
            "use argocd, flux, kubernetes or traffic where there is one",
        )  # fmt: skip
    try:
        return fine("sync", name, await PROBES[name](options(one)))
    except NoAnswer as error:
        problem, _, remedy = str(error).partition(": ")
        return wrong("sync", name, Unavailable(f"{problem}.", remedy=remedy or "look at its log"))
    except TimeoutError:
        problem = f"There is no answer within {one.timeout_ms} ms."
        return wrong("sync", name, Unavailable(problem, remedy="look at its load"))


def _some(seen: Subject) -> list[tuple[CanaryId, Ground]]:
    return list(seen.grounds.items())[:CANARIES_MAX]


def _applied(name: str, one: Expectation, waiting: str) -> Finding:
    if waiting:
        return hint(
            "sync", f"{name} {one.canary}", waiting,
            "nothing, right after a commit; else let one application apply all of it",
        )  # fmt: skip
    return fine("sync", f"{name} {one.canary}", "it is applied as committed")


def _expected(
    seen: Subject, canary: CanaryId, ground: Ground, tip: Revision, now_ms: int
) -> Expectation:
    """Say what the tip looks like once it is live."""
    spec, owned = seen.canaries[canary], ground.owned
    return Expectation(
        canary=canary,
        revision=tip,
        namespace=spec.namespace,
        since_ms=now_ms,
        weight_from=owned.weight,
        weight_to=owned.weight,
        canary_workload=spec.target.name,
        primary_workload=f"{spec.target.name}-primary",
        canary_images=None,
        primary_images=owned.primary.images if owned.primary.visible else {},
        canary_replicas=None,
        primary_replicas=None,
        version_unseen=False,
        settle_ms=0,
        workload_kind=spec.target.kind,
        routes=ground.binding.routes,
        provider=spec.provider,
        apex=spec.apex,
    )


async def _owners(seen: Subject, one: SyncSettings) -> AsyncIterator[Finding]:
    for canary, ground in _some(seen):
        things = tuple(_things(seen.canaries[canary], ground))
        for found in await owners(options(one), things):
            subject = f"{canary} {found.thing}"
            if found.problem:
                error = SpecError(
                    found.problem + ".",
                    remedy="take Flagger's hand off it: remove its ownerReferences and annotation "
                    "before Flagger's Canary is deleted",
                )
                yield wrong("flagger", subject, error)
            elif found.unseen:
                yield hint("flagger", subject, found.unseen)
    if seen.grounds:
        yield fine("flagger", "cluster", "its objects were looked at for Flagger's hand")


def _things(spec: CanarySpec, ground: Ground) -> Iterator[Thing]:
    space = spec.namespace
    for name in (spec.target.name, f"{spec.target.name}-primary"):
        yield Thing("apps/v1", spec.target.kind, space, name)
    for name in (spec.apex, f"{spec.apex}-primary", f"{spec.apex}-canary"):
        yield Thing("v1", "Service", space, name)
    yield from routed(ground.binding.routes, space)
