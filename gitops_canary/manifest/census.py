"""Which workloads could be driven, how their images are bound, and why the others cannot be."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import building, releases, targets
from gitops_canary.manifest.driven import Driver, Drivers
from gitops_canary.manifest.image_places import Form, image_places
from gitops_canary.manifest.initial.claimed import ROLLED, rolling
from gitops_canary.manifest.initial.terrain import Terrain
from gitops_canary.manifest.kustomize import Entry
from gitops_canary.manifest.leaves import NAME
from gitops_canary.manifest.nodes import Node, NodeKind
from gitops_canary.model.names import Path

_VALUES = re.compile(r"values.*\.ya?ml")
_TEMPLATE = "templates are never edited"
_VALUES_FILE = "keep the version in a values file, and bind that by spec.source"
_PLACEHOLDER = re.compile(r"\$\{|\{\{|\$\(")
_IMAGE = re.compile(r"(@sha256:[0-9a-f]+|:[^/]*)+$")
_REASONS: Mapping[str, tuple[str, str]] = {
    "CronJob": ("nobody calls a CronJob: there is no traffic to share out", "run it as it is"),
    "Job": ("nobody calls a Job: there is no traffic to share out", "run it as it is"),
    "Rollout": (
        "Argo Rollouts drives it and writes weights into the cluster",
        ROLLED,
    ),
    "Pod": ("a bare Pod cannot run in two versions behind one Service", "use a Deployment"),
    "ReplicaSet": ("a ReplicaSet is not rolled by itself", "use a Deployment"),
}
_WORKLOADS = frozenset({"Deployment", "DaemonSet", "StatefulSet", *_REASONS})
_TARGETS = "a Canary drives a Deployment, a DaemonSet or a StatefulSet"


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


def census(terrain: Terrain, drivers: Iterable[Driver]) -> tuple[Workload, ...]:
    """List every workload, in the files' order; files that are no YAML are told as such."""
    targets = Drivers(drivers)
    entries = building.chains(terrain.kustomizations)
    found: list[Workload] = []
    for file, text in sorted(terrain.texts.items()):
        if error := terrain.broken.get(file):
            found.append(_unreadable(file, text, error))
            continue
        if file not in terrain.roots:
            found.extend(_values(file, text, targets))
            continue
        chain = entries.get(file, [])
        for index, root in enumerate(terrain.roots[file]):
            if root is not None and root.kind is NodeKind.MAPPING:
                found.extend(_Look(terrain, file, index, root, targets, chain).tell())
    return tuple(found)


def _unreadable(file: Path, text: str, error: SpecError) -> Workload:
    template = "{{" in text
    why = f"it cannot be read, and {_TEMPLATE}" if template else "it cannot be read"
    return Workload(
        place=error.place or Place(file),
        kind="file",
        namespace="",
        name=posixpath.basename(file),
        standing=Standing.NOT,
        bound=f"{why}: {error.problem}",
        remedy=_VALUES_FILE if template else error.remedy,
    )


def _values(file: Path, text: str, targets: Drivers) -> Iterator[Workload]:
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
    canary = targets.of(file, "")
    yield Workload(
        place=Place(file, found[0].line, 1),
        kind="values",
        namespace="",
        name=posixpath.basename(file),
        standing=Standing.DRIVEN if canary else Standing.COULD,
        bound=f"bound by the Canary {canary}" if canary else releases.held(found),
        remedy="" if canary else "give the primary a tag of its own, and bind both by spec.source",
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One document."""

    terrain: Terrain
    file: Path
    index: int
    root: Node
    targets: Drivers
    chain: list[Entry]

    def tell(self) -> Iterator[Workload]:
        kind = self._at("kind")
        name = self._at("metadata", "name")
        group = self._at("apiVersion").partition("/")[0]
        if self._filled("metadata", "name") and (kind in _WORKLOADS or self._pods()):
            standing, bound, remedy = (
                Standing.NOT,
                f"{_TEMPLATE}: its name is filled in",
                _VALUES_FILE,
            )
            name = posixpath.basename(self.file)
        elif kind in _WORKLOADS and self.root.get("spec") is not None:
            standing, bound, remedy = self._workload(kind, name)
        elif kind not in releases.KINDS and self._pods():
            standing, bound, remedy = self._another(kind)
        elif releases.KINDS.get(kind) == group and not self._folder(kind, name):
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

    def _pods(self) -> bool:
        """Whether it runs pods, whatever its kind."""
        return bool(self.root.get("spec", "template", "spec", "containers"))

    def _filled(self, *path: str) -> bool:
        """Whether a template fills a field in: what stands there reads as a mapping."""
        node = self.root.get(*path)
        return node is not None and node.kind is NodeKind.MAPPING

    def _another(self, kind: str) -> tuple[Standing, str, str]:
        """Tell of a workload of a kind that is not driven."""
        if kind in targets.UNFIT_TARGETS:
            why, remedy = targets.UNFIT_TARGETS[kind]
            return Standing.NOT, why, remedy
        return Standing.NOT, f"{_TARGETS}, and no {kind}", "turn it into one, or roll it as it is"

    def _workload(self, kind: str, name: str) -> tuple[Standing, str, str]:
        # Kustomize puts it onto another document, and applies it nowhere by itself.
        if self.file in self.terrain.patches and self.file not in self.terrain.affixes:
            return (
                Standing.NOT,
                "it is a patch of kustomize" + (", and sets the image" if self._images() else ""),
                "`gitops-canary init` looks at what it is put on, and binds the image here"
                if self._images()
                else "look at what it is put on",
            )
        names = building.called(
            name.removesuffix("-primary"), self.terrain.affixes.get(self.file, frozenset())
        )
        where = self._at("metadata", "namespace"), (self.file, self.index)
        found = (self.targets.driving(kind, one, *where) for one in sorted(names))
        if canary := next(filter(None, found), ""):
            role = "the primary" if name.endswith("-primary") else "the candidate"
            return Standing.DRIVEN, f"{role} of the Canary {canary}", ""
        if refused := self._refused(kind) or self._shared() or self._rolled(name):
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
        space = self._at("metadata", "namespace")
        if space and not NAME.fullmatch(space):
            return f"it lies in {space}, which is no namespace", "write the namespace out"
        if found := targets.refusal(self.root, kind):
            why, remedy, _ = found
            return why, remedy
        return None

    def _rolled(self, name: str) -> tuple[str, str] | None:
        """Say that Argo Rollouts drives it in the place of its own template."""
        found = rolling(self.terrain, self._at("kind"), name)
        if found is None:
            return None
        return f"Rollout {found.ref.name} drives it ({found.place})", ROLLED

    def _shared(self) -> tuple[str, str] | None:
        """Say that a value stands for several places, so that none can be changed alone."""
        for node in self.root.walk():
            if node.kind is NodeKind.ALIAS:
                place = Place(self.file, node.line, node.column)
                return f"an alias or merge key stands in it ({place})", "write the value out"
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

    def _folder(self, kind: str, name: str) -> bool:
        return not self.targets.of(self.file, name) and releases.applies_a_folder(
            self.root, kind, self.file
        )

    def _release(self, kind: str, name: str) -> tuple[Standing, str, str]:
        if canary := self.targets.of(self.file, name):
            return Standing.DRIVEN, f"bound by the Canary {canary}", ""
        found = releases.values(self.root, self.file)
        if not found:
            return (
                Standing.NOT,
                "no image among its values: only the chart's version changes",
                "write the image's tag into the values",
            )
        return Standing.COULD, releases.held(found), releases.remedy(kind, name)

    def _images(self) -> list[str]:
        groups = (
            self.root.get("spec", "template", "spec", group)
            for group in ("containers", "initContainers")
        )
        items = [item for group in groups if group for item in group.items]
        found = [item.get("image") for item in items]
        return [node.value for node in found if node is not None]

    def _marker(self) -> str:
        text = self.terrain.texts[self.file]
        tail = text.find("\n", self.root.end)
        own = text[self.root.start : tail if tail >= 0 else len(text)]
        marker = re.search(r'#\s*\{\s*"\$imagepolicy":\s*"([^"]+)"', own)
        return marker[1] if marker else ""

    def _at(self, *path: str) -> str:
        return self.root.word(*path)
