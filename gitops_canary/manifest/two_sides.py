"""The two workloads and Services of a Canary whose version kustomize sets, as far as Git has them.

Nothing is told of what may lie elsewhere: what a chart, a remote base or a generator brings.
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.errors import BindingError, Place, SpecError, Uninitialised
from gitops_canary.manifest import naming
from gitops_canary.manifest.initial import building
from gitops_canary.manifest.kustomize import Kustomization, builds_on, is_kustomization
from gitops_canary.manifest.nodes import Node, NodeKind, parse
from gitops_canary.model.names import Path
from gitops_canary.model.spec import CanarySpec

_BRINGING = frozenset({
    "configurations", "crds", "generators", "helmCharts", "helmChartInflationGenerator",
    "replacements", "transformers", "vars",
})  # fmt: skip
"""Keys of a kustomization that add or rename what no document here tells."""
_ANY = "*"
_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_LABELLING = re.compile("selector|labels")
_RENAMING = re.compile(r"/metadata(/name|[\"'\s])|/kind|allow(Name|Kind)Change")
_POD_LABELS = ("spec", "template", "metadata", "labels")
Folders = Mapping[str, Kustomization]
Found = Callable[[Path], str | None]
"""A file's text; None where there is none."""


@dataclass(frozen=True, slots=True)
class _Seen:
    file: Path
    root: Node

    @property
    def place(self) -> Place:
        return Place(self.file, self.root.line, self.root.column)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What kustomize makes of the files around a Canary's version, by kind and name."""

    spec: CanarySpec
    seen: Mapping[tuple[str, str], tuple[_Seen, ...]]
    whole: bool
    """Whether nothing comes from anywhere else."""
    relabelled: frozenset[str]
    """Labels that kustomize writes; `*` where it may be any."""
    merged: frozenset[tuple[str, str]]
    """Kind and name of the documents whose labels or selector a patch writes."""

    def check(self) -> None:
        """Make sure that both workloads are there, and that each Service selects its own side.

        Raises:
            Uninitialised: there is no primary, or one Service without the other.
            BindingError: there is no candidate, or a Service selects the other side's pods.
        """
        kind, name = self.spec.target.kind, self.spec.target.name
        both = {"candidate": name, "primary": f"{name}-primary"}
        lacking = {side: one for side, one in both.items() if (kind, one) not in self.seen}
        if self.whole and len(lacking) == 1:
            ((side, wanted),) = lacking.items()
            raise self._missing(f"the {side}", kind, wanted)
        for side, other in (("canary", "primary"), ("primary", "canary")):
            if self.whole and self._service(other) and not self._service(side):
                raise self._missing(f"the {side}'s", "Service", f"{self.spec.apex}-{side}")
            self._straight(side, other)

    def reaching(self) -> tuple[str, ...]:
        """List file and line of the Service users call where it selects the candidate's pods."""
        labels = self._labels("canary")
        apex = self.seen.get(("Service", self.spec.apex), ())
        if labels is None or len(apex) != 1:
            return ()
        selector = self._selector(apex[0])
        over = selector is not None and _selects(selector, labels)
        return (f"{apex[0].file}:{selector.line}",) if over and selector else ()

    def shared(self) -> tuple[str, ...]:
        """List the ConfigMaps and Secrets that both workloads use."""
        both = [self._workload(side) for side in ("canary", "primary")]
        templates = [one.root.get("spec", "template") if one else None for one in both]
        candidate, primary = (naming.configs(one) if one else frozenset() for one in templates)
        return tuple(f"{kind} {name}" for kind, name in sorted(candidate & primary))

    def _straight(self, side: str, other: str) -> None:
        services = self._service(side)
        own, others = self._labels(side), self._labels(other)
        if len(services) != 1 or own is None or others is None:
            return
        selector = self._selector(services[0])
        if selector and _selects(selector, others) and not _selects(selector, own):
            raise BindingError(
                f"The Service {self.spec.apex}-{side} selects the pods of the {other}.",
                remedy=f"let its selector name a label that only the {side}'s pods have",
                place=Place(services[0].file, selector.line, selector.column),
            )

    def _missing(self, side: str, kind: str, name: str) -> BindingError:
        error = BindingError if side == "the candidate" else Uninitialised
        return error(
            f"There is no {kind} {name}, {side}, in what kustomize builds here.",
            remedy=f"commit a {kind} {name} and list its file under `resources` of the "
            "kustomization that spec.source names",
            place=self.spec.place,
        )

    def _service(self, side: str) -> tuple[_Seen, ...]:
        return self.seen.get(("Service", f"{self.spec.apex}-{side}"), ())

    def _workload(self, side: str) -> _Seen | None:
        name = self.spec.target.name + ("-primary" if side == "primary" else "")
        found = self.seen.get((self.spec.target.kind, name), ())
        return found[0] if len(found) == 1 else None

    def _labels(self, side: str) -> Mapping[str, str] | None:
        one = self._workload(side)
        node = one.root.get(*_POD_LABELS) if one else None
        return _words(node) if node is not None and one and not self._patched(one) else None

    def _patched(self, one: _Seen) -> bool:
        """Tell whether a patch names it, by its own name or by one that kustomize gives it."""
        return any(one in self.seen.get(named, ()) for named in self.merged)

    def _selector(self, service: _Seen) -> Node | None:
        """Give a selector, where kustomize leaves what it names alone."""
        node = service.root.get("spec", "selector")
        keys = {key.value for key, _ in node.entries} if node is not None else set()
        known = keys and not self.relabelled & {_ANY, *keys} and not self._patched(service)
        return node if known else None


def sides(spec: CanarySpec, folders: Folders, text: Found) -> Sides | None:
    """Look at what kustomize builds around a version; None where `images:` do not set it."""
    listed = {ref.file for pair in spec.source for ref in (pair.candidate, pair.primary)}
    entries = all(
        ref.field.startswith("images[")
        for pair in spec.source
        for ref in (pair.candidate, pair.primary)
    )
    if not entries or len(listed) != 1 or not all(map(is_kustomization, listed)):
        return None
    roots = _around(folders, posixpath.dirname(next(iter(listed))))
    built = {found for root in roots for found in building.named(folders, root)}
    reached = {one for root in roots for one in builds_on(folders, root)}
    own = [folders[one] for one in sorted(reached)]
    seen: dict[tuple[str, str], dict[tuple[str, int], _Seen]] = {}
    whole = bool(roots)
    for file, affixes in sorted(built):
        try:
            for index, one in _documents(Path(file), text):
                key = _word(one.root, "kind"), _word(one.root, "metadata", "name")
                whole = whole and key[0] != "List"
                for name in building.called(key[1], [affixes]):
                    seen.setdefault((key[0], name), {})[file, index] = one
        except SpecError:
            whole = False
    return Sides(
        spec=spec,
        seen={key: tuple(found.values()) for key, found in seen.items()},
        whole=whole and all(_closed(one, folders, text) for one in own),
        relabelled=frozenset(label for one in own for label in _written(one, text)),
        merged=frozenset(named for one in own for named in _merged(one, text)),
    )


def _around(folders: Folders, folder: str) -> set[str]:
    """List a folder and everything that builds on it: which of them is applied is not known."""
    seen: set[str] = set()
    todo = [folder]
    while todo:
        one = todo.pop()
        if one in folders and one not in seen:
            seen.add(one)
            todo += [f for f, own in folders.items() if one in (*own.resources, *own.components)]
    return seen


def _documents(file: Path, text: Found) -> Iterator[tuple[int, _Seen]]:
    for index, root in enumerate(parse(text(file) or "", file=file)):
        if root is not None and root.kind is NodeKind.MAPPING:
            yield index, _Seen(file, root)


def _closed(own: Kustomization, folders: Folders, text: Found) -> bool:
    """Tell whether a kustomization builds documents of this repository alone, under their names."""
    root = _root(own, text)
    if root is None or _BRINGING & {key.value for key, _ in root.entries}:
        return False
    if any(folders[one].prefix or folders[one].suffix for one in own.components if one in folders):
        return False
    patches = (text(own.file), *(one for one, _ in _patches(own, root, text)))
    if any(one is None or _RENAMING.search(one) for one in patches):
        return False
    listed = [root.get(key) for key in ("resources", "bases", "components")]
    count = sum(len(node.items) for node in listed if node is not None)
    paths = (*own.resources, *own.components)
    return count == len(paths) and all(p in folders or text(Path(p)) is not None for p in paths)


def _written(own: Kustomization, text: Found) -> Iterator[str]:
    """List the labels that a kustomization writes into pods or selectors, at most."""
    root = _root(own, text)
    if root is None or _BRINGING & {key.value for key, _ in root.entries}:
        yield _ANY
        return
    yield from _words(root.get("commonLabels"))
    pairs = root.get("labels")
    for one in pairs.items if pairs is not None else ():
        yield from _words(one.get("pairs"))
    for patch, targeted in _patches(own, root, text):
        known = patch is not None and not targeted and _named(patch, own.file)
        if patch is None or (_LABELLING.search(patch) and not known):
            yield _ANY


def _merged(own: Kustomization, text: Found) -> Iterator[tuple[str, str]]:
    """Give kind and name of the documents that patches of a kustomization name themselves."""
    root = _root(own, text)
    for one, targeted in _patches(own, root, text) if root is not None else ():
        if one is not None and not targeted and _LABELLING.search(one):
            yield from _named(one, own.file)


def _named(patch: str, file: Path) -> tuple[tuple[str, str], ...]:
    """Give kind and name of what a strategic-merge patch is put onto; empty where it is none."""
    try:
        roots = [root for root in parse(patch, file=file) if root is not None]
    except SpecError:
        return ()
    if any(root.kind is not NodeKind.MAPPING for root in roots):
        return ()
    found = tuple((_word(root, "kind"), _word(root, "metadata", "name")) for root in roots)
    return found if all(kind and name for kind, name in found) else ()


def _patches(own: Kustomization, root: Node, text: Found) -> Iterator[tuple[str | None, bool]]:
    """Give the text of every patch, None of one that is not there, and whether it has a target."""
    for key in _PATCHES:
        listed = root.get(key)
        for one in listed.items if listed is not None else ():
            inline = one.get("patch") or one.get("path") or one
            said = inline.value if inline.kind is NodeKind.SCALAR else ""
            path = posixpath.normpath(posixpath.join(posixpath.dirname(own.file), said))
            known = said if one.get("patch") or "\n" in said else text(Path(path))
            yield known, one.get("target") is not None


def _root(own: Kustomization, text: Found) -> Node | None:
    return next((r for r in parse(text(own.file) or "", file=own.file) if r is not None), None)


def _selects(selector: Node, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key.value) == value.value for key, value in selector.entries)


def _words(node: Node | None) -> dict[str, str]:
    entries = node.entries if node is not None else ()
    return {key.value: value.value for key, value in entries if value.kind is NodeKind.SCALAR}


def _word(root: Node, *at: str) -> str:
    node = root.get(*at)
    return node.value if node is not None and node.kind is NodeKind.SCALAR else ""
