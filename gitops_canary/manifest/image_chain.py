"""Which fields set a container's image on its way through kustomize; the last one holds.

Order is kustomize's own: resources, components in their order, strategic-merge patches, `patches`,
names, patches of the old JSON list, `images:`; then the kustomization further out
(https://kubectl.docs.kubernetes.io/references/kustomize/).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import patching
from gitops_canary.manifest.kustomize import Entry, Kustomization
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.manifest.patching import Patch, Pointer
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldRef

_BUILDS, _BUILDS_EACH = 1000, 4
"""Kustomizations of one build, and how often each of many may be built: a few that list one another
twice, and so on, would be built a million times."""
_PODS: tuple[Pointer, ...] = (
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
    ("spec",),
)
_GROUPS = ("initContainers", "containers")
_POINTER = re.compile(r"(/.+)/(containers|initContainers)/([0-9]+)/image")
Found = Callable[[Path], str | None]
"""A file's text; None where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field that sets an image, or a part of it."""

    what: str
    place: Place
    file: Path
    index: int
    path: Pointer
    """From the document's root, on through a text where it stands inside of one."""

    def holds(self, ref: FieldRef) -> bool:
        """Tell whether a field is this one, a part of it, or what it is a part of."""
        whole = (*ref.path, *(part for inner in ref.inner for part in inner))
        count = min(len(whole), len(self.path))
        here = (self.file, self.index) == (ref.file, ref.index)
        return here and whole[:count] == self.path[:count]


@dataclass(slots=True)
class Container:
    """One container as far as it is built."""

    name: str
    image: str
    """Without its version."""
    settings: list[Setting]


@dataclass(slots=True, kw_only=True)
class Workload:
    """One document with containers, as far as it is built."""

    file: Path
    index: int
    kind: str
    name: str
    namespace: str
    """As its manifest says it; empty where it does not."""
    names: set[str] = field(default_factory=set)
    """Every name it has had: kustomize goes by any of them."""
    containers: dict[tuple[Pointer, int], Container] = field(default_factory=dict)
    """By the list they stand in, and their place there."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Every document that a folder builds."""

    built: tuple[Workload, ...]
    cut: bool
    """Whether there are too many, so that the rest is left out."""


def chain(folders: Mapping[str, Kustomization], outer: str, text: Found) -> Chain:
    """Follow the images of every document that a folder builds; what cannot be read is left out."""
    build = _Build(folders, text)
    return Chain(tuple(build.folder(outer, [], frozenset())), build.count > build.most)


def bare(image: str) -> str:
    """Take tag and digest off an image reference.

    >>> bare("r.io:5000/a/b:1@sha256:00"), bare("web")
    ('r.io:5000/a/b', 'web')
    """
    head, slash, last = image.partition("@")[0].rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


class _Build:
    """One build of kustomize's."""

    def __init__(self, folders: Mapping[str, Kustomization], text: Found) -> None:
        self._folders, self._text, self.count = folders, text, 0
        self.most = max(_BUILDS, _BUILDS_EACH * len(folders))

    def folder(self, folder: str, around: list[Workload], inside: frozenset[str]) -> list[Workload]:
        """Build a folder; `around` is what a component is put into."""
        self.count += 1
        if folder in inside or self.count > self.most:
            return around
        own, inside = self._folders[folder], inside | {folder}
        built = list(around)
        for one in own.resources:
            if one in self._folders:
                built += self.folder(one, [], inside)
            else:
                built += _documents(Path(one), self._text)
        for one in own.components:
            if one in self._folders:
                built = self.folder(one, built, inside)
        self._change(own, built)
        return built

    def _change(self, own: Kustomization, built: list[Workload]) -> None:
        index, root = _root(own.file, self._text)
        if root is None:
            return
        patches = list(patching.listed(own.file, root))
        late = patching.LISTS[-1]
        for patch in (one for one in patches if one.key != late):
            self._patch(patch, index, built)
        for one in built:
            one.name = f"{own.prefix}{one.name}{own.suffix}"
            one.names.add(one.name)
        for patch in (one for one in patches if one.key == late):
            self._patch(patch, index, built)
        for entry in own.entries:
            _rewrite(entry, index, root.get("images", entry.index), built)

    def _patch(self, patch: Patch, index: int, built: list[Workload]) -> None:
        if patch.chooses:
            return  # which labels there will be is not followed
        for number, root in enumerate(patch.roots(self._text) or ()):
            if root is None:
                continue
            at = _At(patch, index if patch.inside else number)
            for one in (each for each in built if _meant(patch, root, each)):
                if root.kind is NodeKind.SEQUENCE:
                    _operate(root, at, one)
                else:
                    _merge(root, at, one)


def _meant(patch: Patch, root: Node, one: Workload) -> bool:
    """Tell whether a patch is put onto a document: by its target, else by its own name."""
    if (chosen := patch.target) is not None:
        name = chosen.get("name")
        known = any(patching.matches(name, each) for each in one.names)
        return known and patching.matches(chosen.get("kind"), one.kind)
    kind, name = root.get("kind"), root.get("metadata", "name")
    return bool(kind and name and kind.value == one.kind and name.value in one.names)


def _rewrite(entry: Entry, index: int, node: Node | None, built: list[Workload]) -> None:
    """Put an entry of `images:` onto everything; one that gives a name alone sets no version."""
    tagged = bare(entry.new_name) != entry.new_name
    says = tagged or any(node is not None and node.get(key) for key in ("newTag", "digest"))
    own = Setting(
        what="this entry of `images:`",
        place=entry.place,
        file=entry.file,
        index=index,
        path=("images", entry.index),
    )
    for container in (each for one in built for each in one.containers.values()):
        if container.image == bare(entry.name):
            container.image = bare(entry.new_name)
            container.settings += [own] if says else []


@dataclass(frozen=True, slots=True)
class _At:
    """Where what a patch sets stands."""

    patch: Patch
    index: int

    def setting(self, *path: str | int) -> Setting:
        one = self.patch
        return Setting(
            what="this patch",
            place=one.place,
            file=one.file,
            index=self.index,
            path=(*one.inside, *path),
        )


def _merge(root: Node, at: _At, one: Workload) -> None:
    """Put a strategic-merge patch onto a workload, whose containers go by their names."""
    for pods in _PODS:
        for group in _GROUPS:
            listed = root.get(*pods, group)
            for index, item in enumerate(listed.items if listed is not None else ()):
                name, image = item.get("name"), item.get("image")
                for (path, _), container in one.containers.items() if name and image else ():
                    if path == (*pods, group) and name and image and container.name == name.value:
                        container.image = bare(image.value)
                        container.settings.append(at.setting(*pods, group, index, "image"))


def _operate(root: Node, at: _At, one: Workload) -> None:
    """Put the operations of a JSON patch (RFC 6902) onto a workload."""
    for index, item in enumerate(root.items):
        words = {key.value: value.value for key, value in item.entries}
        found = _POINTER.fullmatch(words.get("path", ""))
        if found is None or words.get("op") not in {"add", "replace"}:
            continue
        path = (*found[1].lstrip("/").split("/"), found[2])
        container = one.containers.get((path, int(found[3])))
        if container is not None:
            container.image = bare(words.get("value", ""))
            container.settings.append(at.setting(index, "value"))


def _documents(file: Path, text: Found) -> Iterator[Workload]:
    try:
        roots = parse(text(file) or "", file=file)
    except SpecError:
        return  # kustomize could not build with it either
    for index, root in enumerate(roots):
        if root is None or root.kind is not NodeKind.MAPPING:
            continue
        kind, name = root.word("kind"), root.word("metadata", "name")
        if not kind or not name:
            continue
        space = root.word("metadata", "namespace")
        one = Workload(file=file, index=index, kind=kind, name=name, namespace=space)
        one.names.add(name)
        one.containers = dict(_containers(root, file, index))
        yield one


def _containers(
    root: Node, file: Path, index: int
) -> Iterator[tuple[tuple[Pointer, int], Container]]:
    for pods in _PODS:
        for group in _GROUPS:
            listed = root.get(*pods, group)
            for number, item in enumerate(listed.items if listed is not None else ()):
                name, image = item.get("name"), item.get("image")
                if name is None or image is None:
                    continue
                own = Setting(
                    what="the manifest",
                    place=Place(file, image.line, image.column),
                    file=file,
                    index=index,
                    path=(*pods, group, number, "image"),
                )
                yield ((*pods, group), number), Container(name.value, bare(image.value), [own])


def _root(file: Path, text: Found) -> tuple[int, Node | None]:
    roots = enumerate(parse(text(file) or "", file=file))
    return next(((index, root) for index, root in roots if root is not None), (0, None))
