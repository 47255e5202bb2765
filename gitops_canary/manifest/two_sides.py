"""The two workloads and Services of a Canary whose version kustomize sets, as far as Git has them.

Nothing is refused for what may lie elsewhere (what a chart, a remote base or a generator brings):
it is told as not looked at.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from gitops_canary.errors import BindingError, Place, Uninitialised
from gitops_canary.manifest import apart, building, naming
from gitops_canary.manifest.folders import Folders
from gitops_canary.manifest.image_chain import Found, Workload
from gitops_canary.manifest.nodes import Node, parse
from gitops_canary.manifest.unseen import Unseen
from gitops_canary.manifest.whole import ANY, Whole
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldBinding
from gitops_canary.model.spec import CanarySpec

_POD_LABELS = ("spec", "template", "metadata", "labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What kustomize makes of the files around a Canary's version."""

    spec: CanarySpec
    pairs: tuple[FieldBinding, ...]
    built: tuple[Whole, ...]
    """By each outermost folder that builds the fields of both sides, if there is one."""
    text: Found
    near: frozenset[str]
    """The folders that what holds the version is built from, or goes through."""
    mine: frozenset[str]
    """The files that these list: what others build bears the same names in other namespaces."""
    charted: tuple[Unseen, ...] = ()
    """Fields that are values of what a chart, not a kustomization here, builds a workload from."""

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """What could not be looked at."""
        found = (one for each in self.built for one in each.unseen)
        mine = (one for one in found if posixpath.dirname(one[0].file) in self.near)
        return tuple(dict.fromkeys((*self.charted, *mine)))

    @property
    def _whole(self) -> bool:
        return bool(self.built) and not self.charted and not any(one.unseen for one in self.built)

    def check(self) -> None:
        """Make sure that both sides are there, and that nothing of one is the other's.

        Raises:
            Uninitialised: there is no primary, or one Service without the other.
            BindingError: there is no candidate, a version reaches the other side or not its own,
                or a Service selects the other side's pods.
        """
        kind, name = self.spec.target.kind, self.spec.target.name
        both = {"candidate": name, "primary": f"{name}-primary"}
        for pair in self.pairs:
            apart.check(pair, kind, *(self._called(kind, one) for one in both.values()))
        lacking = {side: one for side, one in both.items() if not self._called(kind, one)}
        if self._whole and len(lacking) == 1:
            ((side, wanted),) = lacking.items()
            raise self._missing(f"the {side}", kind, wanted)
        for side, other in (("canary", "primary"), ("primary", "canary")):
            if self._whole and self._service(other) and not self._service(side):
                raise self._missing(f"the {side}'s", "Service", f"{self.spec.apex}-{side}")
            self._straight(side, other)

    def reaching(self) -> tuple[str, ...]:
        """List file and line of the Service users call where it selects the candidate's pods."""
        labels = self._labels("canary")
        apex = self._called("Service", self.spec.apex)
        if labels is None or len(apex) != 1:
            return ()
        selector = self._selector(apex[0])
        over = selector is not None and _selects(selector, labels)
        return (f"{apex[0].file}:{selector.line}",) if over and selector else ()

    def shared(self) -> tuple[str, ...]:
        """List the ConfigMaps and Secrets that both workloads use."""
        both = [self._workload(side) for side in ("canary", "primary")]
        roots = [self._root(one) if one else None for one in both]
        templates = [root.get("spec", "template") if root else None for root in roots]
        candidate, primary = (naming.configs(one) if one else frozenset() for one in templates)
        return tuple(f"{kind} {name}" for kind, name in sorted(candidate & primary))

    def alongside(self) -> tuple[str, ...]:
        """List what else gets a candidate's version at once, by kind and name."""
        kind, name = self.spec.target.kind, self.spec.target.name
        mine = {name, f"{name}-primary"}
        found = (
            one
            for each in self.built
            for pair in self.pairs
            for one in each.setting.get(pair.candidate.file, ())
            if any(field.holds(pair.candidate) for field in apart.lasting(one))
        )
        others = (one for one in found if one.kind != kind or not one.names & mine)
        return tuple(dict.fromkeys(f"{one.kind} {one.name}" for one in others))

    def homes(self) -> Mapping[Path, str]:
        """Give the files of the two workloads, and the namespace that each says for itself."""
        name = self.spec.target.name
        found = (self._called(self.spec.target.kind, one) for one in (name, f"{name}-primary"))
        return {one.file: one.namespace for one in chain.from_iterable(found)}

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
        suffixed = [file for each in self.built for file in each.suffixed]
        remedy = f"commit a {kind} {name} and list its file under `resources` of the kustomization "
        remedy += "that spec.source names"
        if suffixed:
            remedy = f"take nameSuffix out of {suffixed[0]}, since it stands behind -primary too, "
            remedy += "and write whole names into the manifests"
        return error(
            f"There is no {kind} {name}, {side}, in what kustomize builds here.",
            remedy=remedy,
            place=self.spec.place,
        )

    def _called(self, kind: str, name: str) -> tuple[Workload, ...]:
        """Give the documents of a kind and name, each once for every folder that builds it."""
        found = (one for each in self.built for one in each.seen.get((kind, name), ()))
        return tuple(one for one in found if one.file in self.mine)

    def _once(self, kind: str, name: str) -> tuple[Workload, ...]:
        found = {(one.file, one.index): one for one in self._called(kind, name)}
        return tuple(found.values())

    def _service(self, side: str) -> tuple[Workload, ...]:
        return self._once("Service", f"{self.spec.apex}-{side}")

    def _workload(self, side: str) -> Workload | None:
        name = self.spec.target.name + ("-primary" if side == "primary" else "")
        found = self._once(self.spec.target.kind, name)
        return found[0] if len(found) == 1 else None

    def _root(self, one: Workload) -> Node | None:
        return parse(self.text(one.file) or "", file=one.file)[one.index]

    def _labels(self, side: str) -> Mapping[str, str] | None:
        one = self._workload(side)
        root = self._root(one) if one and not self._patched(one) else None
        return root.words(*_POD_LABELS) if root and root.get(*_POD_LABELS) else None

    def _patched(self, one: Workload) -> bool:
        """Tell whether a patch names it, by its own name or by one that kustomize gives it."""
        merged = frozenset(chain.from_iterable(each.merged for each in self.built))
        return any((one.kind, name) in merged for name in one.names)

    def _selector(self, service: Workload) -> Node | None:
        """Give a selector, where kustomize leaves what it names alone."""
        root = self._root(service)
        node = root.get("spec", "selector") if root is not None else None
        keys = {key.value for key, _ in node.entries} if node is not None else set()
        relabelled = frozenset(chain.from_iterable(each.relabelled for each in self.built))
        known = keys and not relabelled & {ANY, *keys} and not self._patched(service)
        return node if known else None


def roots(folders: Folders, pairs: tuple[FieldBinding, ...]) -> tuple[str, ...]:
    """List the outermost folders that build the fields of both sides; else all that build one."""
    refs = [ref for pair in pairs for ref in (pair.candidate, pair.primary)]
    around = [_around(folders, building.users(folders, ref.file)) for ref in refs]
    both = set.intersection(*around) if around else set()
    found = both or set().union(*around)
    return tuple(sorted(one for one in found if building.is_outermost(folders, one)))


def near(folders: Folders, pairs: tuple[FieldBinding, ...]) -> frozenset[str]:
    """List the folders that the fields of both sides are built from, or go through."""
    refs = [ref for pair in pairs for ref in (pair.candidate, pair.primary)]
    users = set().union(*(building.users(folders, ref.file) for ref in refs))
    inside = set().union(*(building.builds_on(folders, one) for one in users))
    return frozenset(inside | _around(folders, users))


def _around(folders: Folders, users: set[str]) -> set[str]:
    return set().union(*(building.around(folders, one) for one in users))


def charted(
    kind: str, pairs: tuple[FieldBinding, ...], text: Found, listed: frozenset[str] | None
) -> tuple[Unseen, ...]:
    """Tell of the fields that lie in no workload of a kind, so that a chart makes one of them.

    Of what kustomize builds these are objects that it lists (`listed`), such as a HelmRelease; in
    its own files and in patches a field is what they set. Without `listed` nothing is built.
    """
    found: dict[str, Place] = {}
    for ref in (ref for pair in pairs for ref in (pair.candidate, pair.primary)):
        root = parse(text(ref.file) or "", file=ref.file)[ref.index]
        built = listed is not None and ref.file not in listed
        if root is None or root.word("kind") == kind or built:
            continue
        node = root.get(*ref.path) or root
        found.setdefault(ref.file, Place(ref.file, node.line, node.column))
    why = f"what a chart makes of {' and '.join(found)} is not read"
    return ((next(iter(found.values())), why),) if found else ()


def _selects(selector: Node, labels: Mapping[str, str]) -> bool:
    return all(labels.get(key.value) == value.value for key, value in selector.entries)
