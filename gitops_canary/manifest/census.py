"""Which workloads could be driven, how their images are bound, and why the others cannot be."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import building, targets
from gitops_canary.manifest.field_path import Inside, Key, spoken
from gitops_canary.manifest.image_places import Form, ImagePlace, image_places, places_below
from gitops_canary.manifest.initial.terrain import Terrain
from gitops_canary.manifest.kustomize import Entry
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.model.names import Path

_VALUES = re.compile(r"values.*\.ya?ml")
_SHOWN = 3
_PLACEHOLDER = re.compile(r"\$\{|\{\{|\$\(")
_IMAGE = re.compile(r"(@sha256:[0-9a-f]+|:[^/]*)+$")
_REASONS: Mapping[str, tuple[str, str]] = {
    "CronJob": ("nobody calls a CronJob: there is no traffic to share out", "run it as it is"),
    "Job": ("nobody calls a Job: there is no traffic to share out", "run it as it is"),
    "Rollout": (
        "Argo Rollouts drives it and writes weights into the cluster",
        "turn it into a Deployment; `gitops-canary import argo-rollouts` writes the Canary",
    ),
    "Pod": ("a bare Pod cannot run in two versions behind one Service", "use a Deployment"),
    "ReplicaSet": ("a ReplicaSet is not rolled by itself", "use a Deployment"),
}
_WORKLOADS = frozenset({"Deployment", "DaemonSet", "StatefulSet", *_REASONS})
_RELEASES = {"HelmRelease": "helm.toolkit.fluxcd.io", "Application": "argoproj.io"}


class Standing(Enum):
    """Whether a workload can be driven."""

    DRIVEN = "driven"
    COULD = "could be"
    NOT = "cannot be"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One workload, or one release of a chart, and what could be done with it."""

    place: Place
    kind: str
    namespace: str
    name: str
    standing: Standing
    bound: str
    """How its image is bound, or why it cannot be driven."""
    remedy: str = ""
    """What to do next."""
    marker: str = ""
    """Name of the Flux image policy that moves the image, where a comment names one."""


def census(terrain: Terrain, targets: Mapping[tuple[str, str], str]) -> tuple[Workload, ...]:
    """List every workload, in the files' order; files that are no YAML are told as such.

    `targets` gives the Canary by (kind, name) of what it drives.
    """
    entries = building.chains(terrain.kustomizations)
    patches = terrain.patches - terrain.affixes.keys()
    found: list[Workload] = []
    for file, text in sorted(terrain.texts.items()):
        if error := terrain.broken.get(file):
            found.append(_unreadable(file, text, error))
            continue
        if file not in terrain.roots:
            found.extend(_values(file, text, targets))
            continue
        chain = entries.get(file, [])
        around = terrain.affixes.get(file, frozenset())
        for root in terrain.roots[file]:
            if root is not None and root.kind is NodeKind.MAPPING:
                look = _Look(file, text, root, targets, chain, file in patches, around)
                found.extend(look.tell())
    return tuple(found)


def _unreadable(file: Path, text: str, error: SpecError) -> Workload:
    template = "{{" in text
    why = "it cannot be read, and templates are never edited" if template else "it cannot be read"
    return Workload(
        place=error.place or Place(file),
        kind="file",
        namespace="",
        name=posixpath.basename(file),
        standing=Standing.NOT,
        bound=f"{why}: {error.problem}",
        remedy="keep the version in a values file, and bind that by spec.source"
        if template
        else error.remedy,
    )


def _values(file: Path, text: str, targets: Mapping[tuple[str, str], str]) -> Iterator[Workload]:
    """Look at a chart's values file."""
    if not _VALUES.fullmatch(posixpath.basename(file)):
        return
    try:
        found = [p for p in image_places(text, file=file).values() if p.form is not Form.CHART]
    except SpecError as error:
        yield _unreadable(file, text, error)
        return
    if not found:
        return
    canary = targets.get((file, ""))
    yield Workload(
        place=Place(file, found[0].line, 1),
        kind="values",
        namespace="",
        name=posixpath.basename(file),
        standing=Standing.DRIVEN if canary else Standing.COULD,
        bound=f"bound by the Canary {canary}" if canary else _held(found),
        remedy="" if canary else "give the primary a tag of its own, and bind both by spec.source",
    )


def _held(found: list[ImagePlace]) -> str:
    fields = ", ".join(_field(place) for place in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f"its values hold the image: {fields}{more}"


@dataclass(frozen=True, slots=True)
class _Look:
    """One document."""

    file: Path
    text: str
    root: Node
    targets: Mapping[tuple[str, str], str]
    chain: list[Entry]
    patch: bool
    """Whether kustomize puts it onto another document."""
    affixes: frozenset[building.Affixes]
    """What kustomize puts before and behind its name."""

    def tell(self) -> Iterator[Workload]:
        kind = self._at("kind")
        name = self._at("metadata", "name")
        group = self._at("apiVersion").partition("/")[0]
        if kind in _WORKLOADS and self.root.get("spec") is not None:
            standing, bound, remedy = self._workload(kind, name)
        elif _RELEASES.get(kind) == group and not self._applies_a_folder(kind, name):
            standing, bound, remedy = self._release(kind, name)
        else:
            return
        yield Workload(
            place=Place(self.file, self.root.line, self.root.column),
            kind=kind,
            namespace=self._at("metadata", "namespace"),
            name=name,
            standing=standing,
            bound=bound,
            remedy=remedy,
            marker=self._marker(),
        )

    def _workload(self, kind: str, name: str) -> tuple[Standing, str, str]:
        if self.patch:
            return (
                Standing.NOT,
                "it is a patch of kustomize" + (", and sets the image" if self._images() else ""),
                "`gitops-canary init` looks at what it is put on, and binds the image here"
                if self._images()
                else "look at what it is put on",
            )
        names = building.called(name.removesuffix("-primary"), self.affixes)
        if canary := next((c for n in sorted(names) if (c := self.targets.get((kind, n)))), None):
            role = "the primary" if name.endswith("-primary") else "the candidate"
            return Standing.DRIVEN, f"{role} of the Canary {canary}", ""
        if refused := self._refused(kind):
            return Standing.NOT, *refused
        images = self._images()
        if not images:
            return (
                Standing.NOT,
                "its pod template names no image; it may be a patch",
                "bind what it is put on",
            )
        if placeholder := next((i for i in images if _PLACEHOLDER.search(i)), None):
            return (
                Standing.NOT,
                f"the image {placeholder} is a placeholder that something else fills in",
                "bind the field that fills it by spec.source",
            )
        return self._bound(name, images)

    def _refused(self, kind: str) -> tuple[str, str] | None:
        """Say why a kind cannot be a target, and what to do; None where it can."""
        if kind in _REASONS:
            return _REASONS[kind]
        if found := targets.refusal(self.root, kind):
            why, remedy, _ = found
            return why, remedy
        return None

    def _bound(self, name: str, images: list[str]) -> tuple[Standing, str, str]:
        names = {_IMAGE.sub("", image) for image in images}
        moved = [entry for entry in self.chain if entry.name in names]
        if not moved:
            bound = "its pod template holds the image"
            return Standing.COULD, bound, f"`gitops-canary init` writes {name}-primary and a Canary"
        places = ", ".join(f"{e.place.file} images[name={e.name}]" for e in moved)
        bound = f"kustomize sets the image: {places}"
        if len({entry.file for entry in moved}) > 1:
            remedy = "`gitops-canary init` writes a Canary for one overlay at a time"
        else:
            remedy = f"`gitops-canary init` writes {name}-primary, its entry and a Canary"
        return Standing.COULD, bound, remedy

    def _applies_a_folder(self, kind: str, name: str) -> bool:
        """Tell an Application that only points at manifests, which are looked at themselves."""
        if kind != "Application" or (self.file, name) in self.targets or self._places():
            return False
        several = self.root.get("spec", "sources")
        charts = [one.get("chart") for one in several.items] if several else []
        return not self._at("spec", "source", "chart") and not any(charts)

    def _release(self, kind: str, name: str) -> tuple[Standing, str, str]:
        bound_by = (self.targets.get((self.file, one)) for one in (name, ""))
        if canary := next(filter(None, bound_by), None):
            return Standing.DRIVEN, f"bound by the Canary {canary}", ""
        found = [p for p in self._places() if p.path[0] == Key("spec")]
        if not found:
            return (
                Standing.NOT,
                "no image among its values: only the chart's version changes",
                "write the image's tag into the values",
            )
        article = "an" if kind == "Application" else "a"
        remedy = f"commit {article} {kind} {name}-primary, and bind both by spec.source"
        return Standing.COULD, _held(found), remedy

    def _places(self) -> list[ImagePlace]:
        found = places_below(self.root, file=self.file).values()
        return [place for place in found if place.form is not Form.CHART]

    def _images(self) -> list[str]:
        groups = (
            self.root.get("spec", "template", "spec", group)
            for group in ("containers", "initContainers")
        )
        items = [item for group in groups if group for item in group.items]
        found = [item.get("image") for item in items]
        return [node.value for node in found if node is not None]

    def _marker(self) -> str:
        tail = self.text.find("\n", self.root.end)
        own = self.text[self.root.start : tail if tail >= 0 else len(self.text)]
        marker = re.search(r'#\s*\{\s*"\$imagepolicy":\s*"([^"]+)"', own)
        return marker[1] if marker else ""

    def _at(self, *path: str) -> str:
        return self.root.word(*path)


def _field(place: ImagePlace) -> str:
    return f"{spoken(place.path)} = {place.value}" + (" (text)" if Inside() in place.path else "")
