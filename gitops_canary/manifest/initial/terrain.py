"""Everything a repository holds that matters for a first canary, by kind and place."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest import building
from gitops_canary.manifest.catalog import declares
from gitops_canary.manifest.flux_layers import WORD, Layer, layers
from gitops_canary.manifest.folders import Folders, folders
from gitops_canary.manifest.kustomize import Roots, is_kustomization, twice
from gitops_canary.manifest.leaves import NAME
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef

WORKLOADS = ("Deployment", "DaemonSet", "StatefulSet")
_ENGINES = {
    "Application": ("argoproj.io", "Argo CD Application"),
    "Kustomization": ("kustomize.toolkit.fluxcd.io", "Flux Kustomization"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document, and where it stands."""

    ref: DocRef
    root: Node

    @property
    def place(self) -> Place:
        """Where it begins."""
        return Place(self.ref.file, self.root.line, self.root.column)

    def at(self, *path: str | int) -> Place:
        """Where a field of it stands; the nearest one above where it is missing."""
        node, cut = None, len(path)
        while node is None:
            node, cut = self.root.get(*path[:cut]) if cut else self.root, cut - 1
        return Place(self.ref.file, node.line, node.column)

    def word(self, *path: str | int) -> str:
        """Read a scalar; empty where there is none."""
        return self.root.word(*path)

    def words(self, *path: str | int) -> dict[str, str]:
        """Read a mapping of scalars; empty where there is none."""
        return self.root.words(*path)

    @property
    def group(self) -> str:
        """The API group; the core group is empty."""
        return self.ref.api_version.rpartition("/")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What applies a folder of this repository: an Argo CD Application or a Flux Kustomization."""

    title: str
    name: str
    folder: str
    document: Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Terrain:
    """One state of a repository, read whole."""

    texts: Mapping[Path, str]
    documents: tuple[Document, ...]
    roots: Mapping[Path, Roots]
    """Of the files that mention a kind, what they were taken apart into."""
    broken: Mapping[Path, SpecError]
    """Why the others that mention one could not be read."""
    unread: tuple[SpecError, ...]
    """Those reasons, and why documents are left out."""
    kustomizations: Folders
    """By folder."""
    built: Mapping[str, tuple[str, ...]]
    """By file, the folders that kustomize is called on to build it."""
    affixes: Mapping[str, frozenset[building.Affixes]]
    """By file, what kustomize puts before and behind the names in it."""
    flux: tuple[Layer, ...]
    """Kustomizations of Flux that put a folder into a namespace."""
    patches: frozenset[str]
    """Files that are put onto documents of others."""

    def of(self, *kinds: str) -> tuple[Document, ...]:
        """List the documents of some kinds."""
        return tuple(one for one in self.documents if one.ref.kind in kinds)

    def named(self, kind: str, name: str, namespace: str) -> tuple[Document, ...]:
        """List the documents of one kind and name that may be of a namespace."""
        return tuple(
            one
            for one in self.of(kind)
            if one.ref.name == name and one.ref.namespace in {"", namespace}
        )

    def called(self, one: Document, name: str) -> frozenset[str]:
        """Give what a name that a document has, or gives, may be in a cluster."""
        return building.called(name, self.affixes.get(one.ref.file, ()))

    @property
    def engines(self) -> tuple[Engine, ...]:
        """List what applies folders of this repository."""
        return tuple(engine for one in self.documents for engine in _engines(one))

    @property
    def workloads(self) -> tuple[Document, ...]:
        """List the workloads that hold an image; patches of others hold none."""
        return tuple(one for one in self.of(*WORKLOADS) if images(one))

    def serving(
        self, workload: Document, namespace: str, forced: Mapping[str, str]
    ) -> tuple[Document, ...]:
        """List the Services that select the pods of a workload.

        `forced` are labels that kustomize puts on pods and into selectors alike.
        """
        labels = {**pod_labels(workload), **forced}
        return tuple(
            one
            for one in self.of("Service")
            if one.group == ""
            and one.ref.namespace in {"", namespace}
            and (selector := {**one.words("spec", "selector"), **forced})
            and selector.items() <= labels.items()
        )


def survey(texts: Mapping[Path, str]) -> Terrain:
    """Read every document of a repository; files that cannot be read are kept aside."""
    documents: list[Document] = []
    unread: list[SpecError] = []
    known: dict[Path, Roots] = {}
    broken: dict[Path, SpecError] = {}
    for file, text in sorted(texts.items()):
        # Without a kind nothing here is a workload; but what kustomize does to one may be.
        if not declares(text) and not is_kustomization(file):
            continue
        try:
            known[file] = parse(text, file=file)
        except SpecError as error:
            broken[file] = error
            unread.append(error)
            continue
        for one in _documents(known[file], file):
            # It becomes part of files' names, a branch's and messages.
            if one.ref.kind in WORKLOADS and (wrong := _misnamed(one)):
                unread.append(wrong)
            else:
                documents.append(one)
    unread += twice(texts)

    def roots(file: Path) -> Roots:
        if file in broken:
            raise broken[file]
        return known[file] if file in known else parse(texts[file], file=file)

    inside = folders(texts, roots)
    return Terrain(
        texts=texts,
        documents=tuple(documents),
        roots=known,
        broken=broken,
        unread=tuple(unread),
        kustomizations=inside,
        built=building.built(inside),
        affixes=building.affixes(inside),
        flux=layers([one for one, text in texts.items() if WORD in text], roots),
        patches=building.patches(inside),
    )


def _misnamed(one: Document) -> SpecError | None:
    """Refuse a name that Kubernetes has not, of an object or of its namespace."""
    for key, word in (("name", one.ref.name), ("namespace", one.ref.namespace)):
        if word and not NAME.fullmatch(word):
            title = f"{one.ref.kind} {one.ref.name[:80]!r}"
            return SpecError(
                f"{title} has a name Kubernetes has not."
                if key == "name"
                else f"{title} lies in {word[:80]!r}, which can be no namespace of Kubernetes.",
                remedy=f"write a-z, 0-9, - and . alone into metadata.{key}",
                place=one.at("metadata", key),
            )
    return None


def images(workload: Document) -> dict[str, str]:
    """Give the image of each container of a pod template; empty where one has none."""
    found: dict[str, str] = {}
    for group in ("initContainers", "containers"):
        containers = workload.root.get("spec", "template", "spec", group)
        for item in containers.items if containers else ():
            name, image = item.get("name"), item.get("image")
            if name is None or image is None:
                return {}
            found[name.value] = image.value
    return found


def pod_labels(workload: Document) -> dict[str, str]:
    """Give the labels of a workload's pods."""
    return workload.words("spec", "template", "metadata", "labels")


def _documents(roots: Roots, file: Path) -> Iterator[Document]:
    for index, root in enumerate(roots):
        if root is None or root.kind is not NodeKind.MAPPING:
            continue
        version, kind = root.word("apiVersion"), root.word("kind")
        namespace, name = root.word("metadata", "namespace"), root.word("metadata", "name")
        if kind and name:
            ref = DocRef(
                file=file,
                index=index,
                api_version=version,
                kind=kind,
                namespace=namespace,
                name=name,
            )
            yield Document(ref=ref, root=root)


def _engines(one: Document) -> Iterator[Engine]:
    group, title = _ENGINES.get(one.ref.kind, ("?", ""))
    if one.group != group:
        return
    sources = one.root.get("spec", "sources")
    paths = [
        one.word("spec", "path"),
        one.word("spec", "source", "path"),
        *(
            one.word("spec", "sources", i, "path")
            for i in range(len(sources.items if sources else ()))
        ),
    ]
    for path in filter(None, paths):
        folder = posixpath.normpath(path.lstrip("/") or ".")
        yield Engine(
            title=title,
            name=one.ref.name,
            folder="" if folder == "." else folder,
            document=one,
        )
