"""What `doctor` reads in manifests: what could be driven, and what stands in the way."""

import json
from collections.abc import Callable, Iterator, Mapping

from gitops_canary.app.doctor import Finding, Health, fine, hint, wrong
from gitops_canary.app.doctor_subject import Subject
from gitops_canary.core.edits import Ground
from gitops_canary.errors import SpecError
from gitops_canary.manifest import document
from gitops_canary.manifest.bindings import nothing_below
from gitops_canary.manifest.census import Standing, census
from gitops_canary.manifest.driven import NONE, Driver
from gitops_canary.manifest.initial import overlay
from gitops_canary.manifest.initial.sizes import sizes
from gitops_canary.manifest.initial.terrain import Document, images
from gitops_canary.manifest.kustomize import twice
from gitops_canary.manifest.scaler_copy import asked
from gitops_canary.manifest.versions import unlisted
from gitops_canary.model.owned import DocRef, Templates
from gitops_canary.model.spec import CanarySpec, Dialect
from gitops_canary.sync.probing import managed

_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


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
    for found in census(one.terrain, _drivers(one)):
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
            if not _scales(one, found, name) or not _here(one, found, spec.namespace):
                continue
            subject = f"{found.place} {found.ref.kind} {found.ref.name}"
            others = [
                other
                for other in one.terrain.of(*_SCALERS)
                if _scales(one, other, f"{name}-primary") and _here(one, other, spec.namespace)
            ]
            apart = next((_apart(one, spec, found, other) for other in others), "")
            if apart:
                yield hint(
                    "scalers",
                    subject,
                    apart,
                    "change both alike, or let autoscalerRef.primaryScalerReplicas of the Canary "
                    "say the primary's",
                )
            elif others:
                yield fine("scalers", subject, f"{name} and {name}-primary both scale")
            else:
                yield Finding(
                    check="scalers",
                    subject=subject,
                    health=Health.WRONG,
                    what=f"it scales {name}, and nothing scales {name}-primary, which serves users",
                    remedy=f"commit a copy for {name}-primary; `gitops-canary init` writes it",
                )


def _apart(one: Subject, spec: CanarySpec, own: Document, other: Document) -> str:
    """Say how the sizes of both sides differ where nobody asked for that; empty where they do not.

    They are those that kustomize builds: an overlay may have patched one of the two alone.
    """
    here = (spec.place.file, spec.place.line)
    mine = [o for o in one.terrain.of("Canary") if (o.ref.file, o.root.line) == here]
    if own.ref.kind != other.ref.kind or any(asked(o.root)[0] != (None, None) for o in mine):
        return ""
    for outer in overlay.outermost(one.terrain, own.ref.file) or (None,):
        built = overlay.outermost(one.terrain, other.ref.file) or (None,)
        if outer in built and overlay.space(one.terrain, outer, own) in {"", spec.namespace}:
            found = [sizes(one.terrain, outer, each) for each in (own, other)]
            if found[0] != found[1]:
                words = [f"{least or 'few'} to {most or 'many'}" for least, most in found]
                return f"it has {words[0]} pods, and the primary's {other.ref.name} {words[1]}"
    return ""


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
        for found in one.terrain.named(*_target(one.canaries[canary])):
            if loose := unlisted(versions, images(found)):
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


def _drivers(one: Subject) -> Iterator[Driver]:
    """Give what every Canary drives: a workload, and documents whose fields it binds."""
    for canary, spec in one.canaries.items():
        ground = one.grounds.get(canary)
        yield Driver(
            canary=canary,
            key=(spec.target.kind, spec.target.name),
            namespace=spec.namespace,
            documents=frozenset((r.file, r.index) for r in _documents(ground)) if ground else NONE,
        )
        for pair in spec.source:
            for side in (pair.candidate, pair.primary):
                yield Driver(canary=canary, key=(side.file, side.document.rpartition("/")[2]))


def _scales(one: Subject, scaler: Document, name: str) -> bool:
    target = scaler.word("spec", "scaleTargetRef", "name")
    return name in one.terrain.called(scaler, target)


def _here(one: Subject, scaler: Document, namespace: str) -> bool:
    """Tell whether anything puts a scaler into a namespace, and does not delete it there."""
    return any(
        overlay.space(one.terrain, outer, scaler) in {"", namespace}
        and overlay.applies(one.terrain, outer, scaler)
        for outer in overlay.outermost(one.terrain, scaler.ref.file) or (None,)
    )


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
