"""Releases of charts, by Flux or by Argo CD, as far as their images lie in this repository."""

from collections.abc import Sequence

from gitops_canary.manifest.field_path import Inside, Key, spoken
from gitops_canary.manifest.image_places import Form, ImagePlace, places_below
from gitops_canary.manifest.nodes import Node
from gitops_canary.model.names import Path

KINDS = {
    "HelmRelease": "helm.toolkit.fluxcd.io",
    "Application": "argoproj.io",
    "ApplicationSet": "argoproj.io",
}
"""Kinds of them, with the API group of each."""
_SHOWN = 3


def places(root: Node, file: Path) -> list[ImagePlace]:
    """List the images of a document; the versions of charts are none."""
    found = places_below(root, file=file).values()
    return [place for place in found if place.form is not Form.CHART]


def values(root: Node, file: Path) -> list[ImagePlace]:
    """List the images that a release says itself."""
    return [place for place in places(root, file) if place.path[0] == Key("spec")]


def applies_a_folder(root: Node, kind: str, file: Path) -> bool:
    """Tell an Application that only points at manifests, which are looked at themselves."""
    if kind == "HelmRelease" or places(root, file):
        return False
    above = ("spec", "template") if kind == "ApplicationSet" else ()
    several = root.get(*above, "spec", "sources")
    charts = [one.get("chart") for one in several.items] if several else []
    return not root.word(*above, "spec", "source", "chart") and not any(charts)


def remedy(kind: str, name: str) -> str:
    """Say how a release could be driven."""
    if kind == "ApplicationSet":
        return "let it make a release of each side, and bind the version of both by spec.source"
    own = name.removesuffix("-primary")
    if own != name:
        return f"bind {own} and {name} by spec.source"
    article = "an" if kind == "Application" else "a"
    return f"commit {article} {kind} {name}-primary, and bind both by spec.source"


def held(found: Sequence[ImagePlace]) -> str:
    """Say which images values hold."""
    fields = ", ".join(_field(place) for place in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"its values hold the image: {fields}{more}"


def _field(place: ImagePlace) -> str:
    return f"{spoken(place.path)} = {place.value}" + (" (text)" if Inside() in place.path else "")
