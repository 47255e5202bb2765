"""What `doctor` asks of sync engines about each canary."""

from collections.abc import AsyncIterator, Iterator

from gitops_canary.app.doctor import Finding, Health, fine, hint, wrong
from gitops_canary.app.doctor_limits import CANARIES_MAX
from gitops_canary.app.doctor_subject import Subject
from gitops_canary.app.measuring import Measuring
from gitops_canary.app.wiring import options
from gitops_canary.core.edits import Ground
from gitops_canary.core.text import duration
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

_HEARD = "1h"
"""For how long kube-state-metrics must have been silent before `traffic` does without it."""


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
        # What it said itself may hold colons; the remedy comes last.
        problem, _, remedy = str(error).rpartition(": ")
        return wrong("sync", name, Unavailable(f"{problem}.", remedy=remedy))
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
