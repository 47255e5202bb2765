"""What `doctor` reads in manifests: what could be driven, and what stands in the way."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.app.beside import Beside, beside
from gitops_canary.app.doctor import Finding, Health, fine, hint, wrong
from gitops_canary.app.initialising import texts_of
from gitops_canary.app.reading import Reader, Rules
from gitops_canary.core.edits import Ground
from gitops_canary.errors import CanaryError, SpecError
from gitops_canary.manifest import document
from gitops_canary.manifest.bindings import nothing_below
from gitops_canary.manifest.census import Standing, census
from gitops_canary.manifest.initial.terrain import Document, Terrain, images, survey
from gitops_canary.manifest.kustomize import twice
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.owned import DocRef, Templates
from gitops_canary.model.spec import CanarySpec, Dialect
from gitops_canary.ports import Store
from gitops_canary.routing import ROUTERS
from gitops_canary.sync.probing import managed

_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One revision of a repository, as far as the controller may look."""

    terrain: Terrain
    unread: tuple[SpecError, ...]
    canaries: Mapping[CanaryId, CanarySpec]
    errors: Mapping[CanaryId, CanaryError]
    grounds: Mapping[CanaryId, Ground]
    beside: Mapping[CanaryId, Beside]
    barren: tuple[str, ...] = ()
    """The allowed paths below which there is no file."""
    notifies: Callable[[str], bool] | None = None
    """Whether a notifier stands for `namespace/name` of an AlertProvider; None without settings."""


def subject(store: Store, revision: Revision, rules: Rules, *, configured: bool = False) -> Subject:
    """Read a revision whole; `configured` where the rules are those of a controller.yaml."""
    texts, unread = texts_of(store, revision, rules.paths)
    reader = Reader(store, rules, ROUTERS)
    view = reader.view(revision)
    grounds: dict[CanaryId, Ground] = {}
    around: dict[CanaryId, Beside] = {}
    errors = dict(view.errors)
    for canary, spec in view.canaries.items():
        try:
            reader.placed(view, spec)
            ground = reader.bind(view, spec)
            reader.placed(view, spec, ground)
            around[canary] = beside(reader.placing, revision, spec, ground)
            grounds[canary] = ground
        except CanaryError as error:
            errors[canary] = error
    return Subject(
        terrain=survey(texts),
        unread=unread,
        canaries=view.canaries,
        errors=errors,
        grounds=grounds,
        beside=around,
        barren=view.index.barren,
        notifies=rules.notifies if configured else None,
    )


def paths(one: Subject) -> Iterator[Finding]:
    """Tell of allowed paths below which nothing lies."""
    for folder in one.barren:
        yield wrong("paths", folder, nothing_below(folder))


def workloads(one: Subject) -> Iterator[Finding]:
    """List what could be driven, how its image is bound, and for the rest the reason."""
    for error in (*one.unread, *twice(one.terrain.texts)):
        yield Finding(
            check="workloads",
            subject=str(error.place or "?"),
            health=Health.NO,
            what=error.problem,
            remedy=error.remedy,
        )
    for found in census(one.terrain, _targets(one.canaries)):
        marker = f"; the Flux policy {found.marker} moves it" if found.marker else ""
        name = f"{found.namespace}/{found.name}" if found.namespace else found.name
        yield Finding(
            check="workloads",
            subject=f"{found.place} {found.kind} {name}",
            health={
                Standing.DRIVEN: Health.OK,
                Standing.COULD: Health.HINT,
                Standing.NOT: Health.NO,
            }[found.standing],
            what=f"{found.standing.value}: {found.bound}{marker}",
            remedy=found.remedy,
        )


def canaries(one: Subject) -> Iterator[Finding]:
    """Say whether every Canary can be read and bound."""
    for canary, error in one.errors.items():
        yield wrong("canaries", canary, error)
    if one.grounds:
        count = len(one.grounds)
        found = ("1 Canary", "is") if count == 1 else (f"{count} Canaries", "are")
        yield fine("canaries", found[0], f"{found[1]} read and bound")
    elif not one.errors:
        yield hint(
            "canaries", "no Canary", "is here", "begin with `gitops-canary init`, or look at paths"
        )


def flagger(one: Subject) -> Iterator[Finding]:
    """Find what Flagger still has a hand on, as far as manifests tell."""
    owned = {
        (ref.file, ref.index)
        for ground in one.grounds.values()
        for ref in (*_documents(ground), *ground.binding.routes)
    }
    for found in one.terrain.documents:
        why = managed(_metadata(found))
        if not why:
            continue
        mine = (found.ref.file, found.ref.index) in owned
        yield Finding(
            check="flagger",
            subject=f"{found.place} {found.ref.kind} {found.ref.name}",
            health=Health.WRONG if mine else Health.HINT,
            what=why,
            remedy="take that out of the manifest: what is committed has to be applied",
        )
    for canary, spec in one.canaries.items():
        if spec.dialect is Dialect.FLAGGER:
            yield hint(
                "flagger",
                f"{spec.place} Canary {canary}",
                "where Flagger runs, it drives this Canary too and writes other weights",
                "stop Flagger for it before the controller starts, or `gitops-canary import "
                "flagger` and delete this one with revertOnDeletion off",
            )


def alerts(one: Subject) -> Iterator[Finding]:
    """Say of every AlertProvider what stands for it: neither address nor Secret is read."""
    for found in one.terrain.of("AlertProvider"):
        subject = f"{found.place} AlertProvider {found.ref.name}"
        name = f"{found.ref.namespace or 'default'}/{found.ref.name}"
        if found.word("spec", "address"):
            yield Finding(
                check="alerts",
                subject=f"{found.at('spec', 'address')} AlertProvider {found.ref.name}",
                health=Health.WRONG,
                what="its address lies in Git: whoever reads the repository can write there",
                remedy="have the service make a new one, keep that in a Secret, and name the "
                "Secret in secretRef instead",
            )
        if one.notifies is not None and one.notifies(name):
            yield fine("alerts", subject, "a notifier of controller.yaml stands for it")
            continue
        yield hint(
            "alerts",
            subject,
            "the controller reads no Secret and takes no address from Git"
            + ("" if one.notifies is None else ", and no notifier stands for it"),
            f"add to controller.yaml {_notifier(found, name)}, and mount the Secret there",
        )


def _notifier(found: Document, name: str) -> str:
    """Write the notifier that does what an AlertProvider does."""
    secret = found.word("spec", "secretRef", "name") or found.ref.name
    fields = {
        "type": found.word("spec", "type") or "slack",
        "addressFile": f"/run/secrets/{secret}/address",
        **{key: word for key in ("channel", "username") if (word := found.word("spec", key))},
    }
    more = ", ".join(f"{key}: {json.dumps(value)}" for key, value in fields.items())
    return f"notifiers: {{{found.ref.name}: {{{more}, providers: [{name}]}}}}"


def scalers(one: Subject) -> Iterator[Finding]:
    """Make sure that the primary scales where the target does."""
    for spec in one.canaries.values():
        name = spec.target.name
        for found in one.terrain.of(*_SCALERS):
            if not _scales(one, found, name) or found.ref.namespace not in {"", spec.namespace}:
                continue
            subject = f"{found.place} {found.ref.kind} {found.ref.name}"
            if any(_scales(one, other, f"{name}-primary") for other in one.terrain.of(*_SCALERS)):
                yield fine("scalers", subject, f"{name} and {name}-primary both scale")
            else:
                yield Finding(
                    check="scalers",
                    subject=subject,
                    health=Health.WRONG,
                    what=f"it scales {name}, and nothing scales {name}-primary, which serves users",
                    remedy=f"commit a copy for {name}-primary; `gitops-canary init` writes it",
                )


def unguarded(one: Subject) -> Iterator[Finding]:
    """Say what reaches everyone without a canary."""
    for canary, ground in one.grounds.items():
        versions, around = ground.binding.versions, one.beside[canary]
        for shared in around.shared:
            yield hint(
                "unguarded",
                canary,
                f"both sides use {shared}: a change of it reaches everyone at once",
                "give the primary a copy `<name>-primary` to have it tried first"
                if isinstance(versions, Templates)
                else "let the primary use one of its own, and change that one last",
            )
        for other in around.alongside:
            yield hint(
                "unguarded",
                canary,
                f"{other} has the candidate's image, and gets a new version at once",
                "give it an image name of its own in kustomize, if it should wait",
            )
        for warning in around.warnings():
            what = f"{warning.problem.rstrip('.')} ({warning.place})"
            yield hint("unguarded", canary, what, warning.remedy)
        if isinstance(versions, Templates):
            continue
        bound = {pair.container for pair in versions.pairs}
        for found in one.terrain.named(*_target(one.canaries[canary])):
            loose = sorted(set(images(found)) - bound) if None not in bound else []
            if loose:
                yield hint(
                    "unguarded",
                    canary,
                    f"the version of {', '.join(loose)} in {found.ref.name} is in no listed field",
                    "list it in spec.source, or change it in both workloads at once",
                )


CHECKS: Mapping[str, Callable[[Subject], Iterator[Finding]]] = {
    "paths": paths,
    "workloads": workloads,
    "canaries": canaries,
    "flagger": flagger,
    "alerts": alerts,
    "scalers": scalers,
    "unguarded": unguarded,
}
"""Every check of manifests by its name, in the order they are told."""


def _target(spec: CanarySpec) -> tuple[str, str, str]:
    return spec.target.kind, spec.target.name, spec.namespace


def _targets(known: Mapping[CanaryId, CanarySpec]) -> Mapping[tuple[str, str], str]:
    """Give the Canary of every workload, and of every document whose fields one binds."""
    found: dict[tuple[str, str], str] = {}
    for canary, spec in known.items():
        found[spec.target.kind, spec.target.name] = canary
        for pair in spec.source:
            for side in (pair.candidate, pair.primary):
                found[side.file, side.document.rpartition("/")[2]] = canary
    return found


def _scales(one: Subject, scaler: Document, name: str) -> bool:
    target = scaler.word("spec", "scaleTargetRef", "name")
    return name in one.terrain.called(scaler, target)


def _documents(ground: Ground) -> tuple[DocRef, ...]:
    versions = ground.binding.versions
    return versions.documents if isinstance(versions, Templates) else ()


def _metadata(one: Document) -> dict[str, object]:
    node = one.root.get("metadata")
    try:
        value = document.data(node, file=one.ref.file) if node else {}
    except SpecError:
        # An alias in somebody's metadata: nothing that Flagger writes.
        value = {}
    return {"metadata": value}
