"""What else drives a workload, or has the last word on its image: nothing in its files would count.

Argo Rollouts by `workloadRef`; Argo CD by the images that an Application, or the file that Argo CD
Image Updater writes (`.argocd-source-<application>.yaml`), gives to kustomize (Argo CD's
documentation of Kustomize and of parameter overrides); Flux by `spec.images` of a Kustomization.
"""

import posixpath
import re
from collections.abc import Iterator

from gitops_canary.errors import BindingError, Place, SpecError
from gitops_canary.manifest.document import Node, parse
from gitops_canary.manifest.image_chain import bare
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.terrain import Document, Terrain, images
from gitops_canary.model.names import Path

ROLLED = "turn it into a Deployment; `gitops-canary import argo-rollouts` writes the Canary"
"""What to do about a Rollout."""
_OVERRIDES = ".argocd-source"


def rolling(terrain: Terrain, kind: str, name: str) -> Document | None:
    """Find the Rollout of Argo Rollouts that drives a workload in the workload's own place."""
    ref = ("spec", "workloadRef")
    for one in terrain.of("Rollout"):
        if (one.word(*ref, "kind"), one.word(*ref, "name")) == (kind, name):
            return one
    return None


def check(terrain: Terrain, choice: Choice) -> None:
    """Make sure that what Git says of a workload's version is what the cluster gets.

    Raises:
        BindingError: something else has the last word; it names the place.
    """
    workload = choice.workload
    if workload.word("spec", "paused") == "true":
        raise BindingError(
            f"The pods of {workload.ref.name} follow no change while it is paused.",
            remedy="remove spec.paused",
            place=workload.at("spec", "paused"),
        )
    found = rolling(terrain, workload.ref.kind, workload.ref.name)
    if found is not None:
        raise BindingError(
            f"Rollout {found.ref.name} drives {workload.ref.name} by workloadRef: Argo Rollouts "
            "would go on to write weights into the cluster.",
            remedy=f"take it out: {workload.ref.name} runs by itself then; `gitops-canary import "
            "argo-rollouts` writes the Canary",
            place=found.at("spec", "workloadRef"),
        )
    mine = {bare(image) for image in images(workload).values()}
    for who, place, image in _overrides(terrain, choice):
        if re.split("[=:@]", image)[0] in mine or bare(image) in mine:
            raise BindingError(
                f"{who} sets the image {image} after kustomize has built "
                f"{choice.outer or posixpath.dirname(workload.ref.file) or '.'}, so no version "
                f"that is committed to {workload.ref.name} would reach the cluster.",
                remedy="move it into an `images:` entry of the kustomization, and let the bot that "
                "writes it write there",
                place=place,
            )


def _overrides(terrain: Terrain, choice: Choice) -> Iterator[tuple[str, Place, str]]:
    """Give who sets images of an application's folder, where, and which."""
    here = posixpath.dirname(choice.workload.ref.file) if choice.outer is None else choice.outer
    for engine in (one for one in terrain.engines if one.folder == here):
        one = engine.document
        for item in _listed(one.root):
            place = Place(one.ref.file, item.line, item.column)
            yield f"{engine.title} {engine.name}", place, item.word("name") or item.value
    for file, text in sorted(terrain.texts.items()):
        if posixpath.basename(file).startswith(_OVERRIDES) and posixpath.dirname(file) == here:
            items = (item for root in _parsed(text, file) for item in _images(root))
            yield from ((file, Place(file, one.line, one.column), one.value) for one in items)


def _listed(engine: Node) -> Iterator[Node]:
    """Give the images of every source of an Application, or of a Kustomization of Flux."""
    sources, own = engine.get("spec", "sources"), engine.get("spec", "images")
    for one in (engine.get("spec", "source"), *(sources.items if sources else ())):
        yield from _images(one)
    yield from own.items if own is not None else ()


def _images(source: Node | None) -> tuple[Node, ...]:
    found = source.get("kustomize", "images") if source is not None else None
    return found.items if found is not None else ()


def _parsed(text: str, file: Path) -> tuple[Node | None, ...]:
    try:
        return parse(text, file=file)
    except SpecError:
        return ()  # Argo CD cannot read it either
