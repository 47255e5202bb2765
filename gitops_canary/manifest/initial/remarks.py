"""What `init` could not find or does not change, and a person has to look at."""

import re
from collections.abc import Iterator

from gitops_canary.manifest.compare import Pointer
from gitops_canary.manifest.initial import configs, copies, of_copies, of_pods, overlay
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.remark import Remark
from gitops_canary.manifest.initial.terrain import WORKLOADS, Document, Engine, Terrain
from gitops_canary.manifest.naming import named

_SERIES = "http_request_duration_seconds"
_OWN = (
    f"the builtin metrics of this router are the application's own series {_SERIES}",
    "export them",
)
_COUNTED = {
    "gatewayapi": _OWN,
    "kubernetes": _OWN,
    "alb": _OWN,
    "haproxy": _OWN,
    "apisix": (
        "APISIX counts both sides in one: the primary's successes thin out the canary's failures",
        "look at what the application exports",
    ),
    "skipper": (
        f"Skipper numbers a RouteGroup's routes, so the application's own series {_SERIES} count",
        "export them",
    ),
    "openshift": (
        "OpenShift's router counts no latency, so the Canary looks at failed requests alone",
        "let the application export its latency",
    ),
    "virtualserver": (
        "NGINX counts the requests of each Service only with -enable-latency-metrics",
        "start the controller with it",
    ),
}
"""What the builtin metrics of a router need, and what to do about it."""
_HANDLED = frozenset({*WORKLOADS, "Service", "ServiceMonitor", "Canary"})


def remarks(terrain: Terrain, choice: Choice, then: Terrain) -> tuple[Remark, ...]:
    """List everything a person has to look at, what is worst first.

    `then` is the repository behind the commits.
    """
    found = [
        *_flagger(choice),
        *of_copies.patched(terrain, choice, then),
        *_selects(terrain, choice, then),
        *_monitors(terrain, choice),
        *_subsets(terrain, choice),
        *of_pods.volumes(choice),
        *of_pods.ports(choice),
        *_compared(terrain, choice),
        *_secrets(terrain, choice),
        *of_copies.shared(terrain, choice, then),
        *_engine(terrain, choice),
        *_metrics(terrain, choice),
    ]
    return tuple(found)


def elsewhere(terrain: Terrain, scoped: Terrain, choice: Choice) -> Iterator[Remark]:
    """Say which workloads of the same name and namespace are taken for other clusters'."""
    ref = choice.workload.ref
    mine = {one.place for one in scoped.named(ref.kind, ref.name, choice.namespace)}
    for one in terrain.named(ref.kind, ref.name, choice.namespace):
        whole = one.root.get("spec", "selector") is not None
        if whole and one.place not in mine and choice.outer is None:
            yield Remark(
                place=one.place,
                what=f"{ref.kind} {ref.name} is here too: it is taken for another cluster's, and "
                "nothing beside it is touched",
                remedy="remove one of the two where both are of one cluster",
            )


def _flagger(choice: Choice) -> Iterator[Remark]:
    """Warn of a Flagger that made the same objects in the cluster."""
    if choice.canary is not None and _flaggers(choice):
        yield Remark(
            place=choice.canary.place,
            what="where Flagger runs, it has made these objects in the cluster and owns them",
            remedy="stop Flagger and take its ownerReferences and annotations off them before its "
            "Canary is deleted; `gitops-canary doctor` finds them",
        )


def _flaggers(choice: Choice) -> bool:
    return choice.canary is not None and choice.canary.group == "flagger.app"


def _selects(terrain: Terrain, choice: Choice, then: Terrain) -> Iterator[Remark]:
    """Find what names the candidate's pods by their label and would miss the primary's."""
    key, value = overlay.label(terrain, choice.outer, choice.workload)
    for one in terrain.documents:
        kind = one.ref.kind
        if kind in _HANDLED or one.ref.namespace not in {"", choice.namespace}:
            continue
        own = copies.POLICIES.get(kind, ("?",))
        for pointer, found in named(one.root):
            if found != value or not _by(one, pointer, key):
                continue
            copied = then.named(kind, f"{one.ref.name}-primary", choice.namespace)
            if copied and pointer[: len(own)] == own:
                continue
            if "template" in pointer:
                yield Remark(
                    place=one.at(*pointer),
                    what=f"the pods of {kind} {one.ref.name} have the label {key}: {value}, so "
                    "Services take them for the canary's",
                    remedy=f"give them another {key}",
                )
            else:
                yield Remark(
                    place=one.at(*pointer),
                    what=f"{kind} {one.ref.name} names pods by {key}: {value}; those that serve "
                    f"users are called {value}-primary from now on",
                    remedy=f"let it name {key}: {value}-primary too, before the second commit",
                )


def _by(one: Document, pointer: Pointer, key: str) -> bool:
    """Tell whether a value is one of a label, in a mapping or in an expression."""
    if "matchExpressions" in pointer:
        at = pointer[: pointer.index("matchExpressions") + 2]
        return one.word(*at, "key") == key
    return key in pointer


def _monitors(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    """Find what scrapes through Services: two of the three lead to the primary's pods."""
    service = choice.service
    labels = service.words("metadata", "labels") if service is not None else {}
    for one in terrain.of("ServiceMonitor"):
        wanted = one.words("spec", "selector", "matchLabels")
        if wanted and wanted.items() <= labels.items():
            yield Remark(
                place=one.at("spec", "selector"),
                what=f"ServiceMonitor {one.ref.name} finds {choice.apex} and {choice.apex}-primary "
                "by the same labels, so the primary's pods would be scraped twice",
                remedy=f"take the labels off {choice.apex}, once the other two are there",
            )


def _subsets(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    for one in terrain.of("DestinationRule"):
        host = one.word("spec", "host").partition(".")[0]
        if host == choice.apex and one.ref.namespace in {"", choice.namespace}:
            yield Remark(
                place=one.place,
                what=f"DestinationRule {one.ref.name} is for {host}; routes name {host}-primary "
                f"and {host}-canary from now on",
                remedy="write one for each of the two, if it says more than subsets",
            )


def _compared(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    """Say where images alone are compared, since pods are told apart by another word."""
    key, value = overlay.label(terrain, choice.outer, choice.workload)
    name = choice.workload.ref.name
    if value != name and choice.outer is None:
        yield Remark(
            place=choice.workload.at("spec", "selector"),
            what=f"its pods are selected by {key}: {value}, which is not its name, so the Canary "
            "compares images alone: nothing else in the pod template is a new version",
            remedy=f"change the rest in both manifests, first in that of {name}",
        )


def _secrets(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    for kind, name in sorted(configs.used(choice.workload)):
        found = terrain.named(kind, name, choice.namespace)
        plain = len(found) == 1 and found[0].root.get("sops") is None
        if kind == "Secret":
            yield Remark(
                place=choice.workload.at("spec", "template"),
                what=f"both sides use the Secret {name}: a change of it reaches everyone at once",
                remedy=f"commit a copy {name}-primary, and let the primary use that"
                if plain
                else "change it as carefully as a version; what is encrypted is never copied",
            )


def _engine(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    """Say what applies the application, and which of its settings get in the way."""
    folder = (
        choice.outer if choice.outer is not None else choice.workload.ref.file.rpartition("/")[0]
    )
    mine = [one for one in terrain.engines if _below(folder, one.folder)]
    if not mine:
        sets = terrain.of("ApplicationSet")
        more = f"; which folders {sets[0].ref.name} generates is not followed" if sets else ""
        yield Remark(
            place=sets[0].place if sets else choice.workload.place,
            what=f"no Argo CD Application and no Flux Kustomization here applies {folder or '/'}"
            f"{more}",
            remedy="make sure that one does, with prune and self-heal on; `spec.path` tells",
        )
    for one in mine:
        yield from _settings(one)
    if choice.outer is None:
        yield Remark(
            place=choice.workload.place,
            what="the Canary is applied with the rest of its folder",
            remedy="keep Flagger's CRD in the cluster where Flagger itself goes"
            if _flaggers(choice)
            else "install manifests/crd in the cluster before the last commit",
        )


def _settings(engine: Engine) -> Iterator[Remark]:
    one = engine.document
    if one.ref.kind == "Kustomization":
        if one.root.get("spec", "patches") is not None:
            yield _setting(engine, "what spec.patches puts onto the primary is not read",
                           "make sure that none changes replicas, images or labels")  # fmt: skip
        if one.word("spec", "wait") == "true":
            yield _setting(engine, "spec.wait holds later revisions back until all is healthy",
                           "set it to false, or a rollback waits for the bad version")  # fmt: skip
        if one.word("spec", "prune") != "true":
            yield _setting(engine, "spec.prune is off", "set it to true")
        return
    if one.root.get("spec", "syncPolicy", "automated") is None:
        yield _setting(engine, "it does not sync by itself", "write spec.syncPolicy.automated")
    elif one.word("spec", "syncPolicy", "automated", "selfHeal") != "true":
        yield _setting(engine, "selfHeal is off", "write spec.syncPolicy.automated.selfHeal: true")
    if one.root.get("spec", "ignoreDifferences") is not None:
        yield _setting(engine, "ignoreDifferences hides what is applied",
                       "take replicas and routes out of it")  # fmt: skip


def _setting(engine: Engine, what: str, remedy: str) -> Remark:
    return Remark(
        place=engine.document.place, what=f"{engine.title} {engine.name}: {what}", remedy=remedy
    )


def _metrics(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    family = choice.provider.partition(":")[0]
    named = terrain.named("Ingress", choice.apex, choice.namespace)
    if family == "nginx" and not named:
        yield Remark(
            place=choice.workload.place,
            what=f"the builtin metrics of nginx look for an Ingress called {choice.apex}",
            remedy="call it so, or write queries: docs/reference/metrics.md",
        )
    if family == "kubernetes":
        yield Remark(
            place=choice.workload.place,
            what="a candidate is looked at before users reach it, and nobody calls "
            f"{choice.apex}-canary by itself, so it would measure nothing",
            remedy=f"let a load test call {choice.apex}-canary: docs/reference/webhooks.md",
        )
    if family == "emissary":
        yield from _unspaced(terrain, choice)
    if family == "skipper" and not terrain.of("RouteGroup"):
        return
    if family in _COUNTED:
        what, remedy = _COUNTED[family]
        remedy = f"{remedy}, or write a query: docs/reference/metrics.md"
        yield Remark(place=choice.workload.place, what=what, remedy=remedy)


def _unspaced(terrain: Terrain, choice: Choice) -> Iterator[Remark]:
    """Find Mappings whose Service has no namespace: Emissary's statistics are named after it."""
    apex = choice.apex
    short = re.compile(rf"(?:[a-z]+://)?{re.escape(apex)}(?:-primary|-canary)?(?::[0-9]+)?")
    for one in terrain.of("Mapping"):
        if short.fullmatch(one.word("spec", "service")):
            yield Remark(
                place=one.at("spec", "service"),
                what=f"Mapping {one.ref.name} names {apex} without its namespace, and the builtin "
                "metrics go by that name: in Emissary's own namespace it stays out of it",
                remedy=f"write {apex}.{choice.namespace}, before the second commit",
            )


def _below(folder: str, above: str) -> bool:
    return not above or folder == above or folder.startswith(f"{above}/")
