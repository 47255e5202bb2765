"""The first commit: the primary and its Services, beside what runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gitops_canary.errors import BindingError
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.document import Json
from gitops_canary.manifest.initial import (
    configs,
    copies,
    flagger,
    following,
    overlay,
    patches,
    replacing,
)
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.commons import commons, put_on
from gitops_canary.manifest.initial.draft import Draft, file_beside, file_of
from gitops_canary.manifest.initial.terrain import Document, Terrain, images
from gitops_canary.manifest.initial.versions import Versions
from gitops_canary.manifest.naming import Names
from gitops_canary.manifest.scaler_copy import asked, primary_scaler


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What stands beside the workload; what is there already is left as it is."""

    terrain: Terrain
    choice: Choice
    draft: Draft
    versions: Versions
    key: str
    """The label by which pods are told apart."""
    value: str
    """Its value at the workload's pods."""

    @property
    def workload(self) -> Document:
        """The workload."""
        return self.choice.workload

    @property
    def names(self) -> Names:
        """How labels map."""
        configs = frozenset((one.ref.kind, one.ref.name) for one in self.configs)
        return Names(self.value, configs)

    @property
    def configs(self) -> tuple[Document, ...]:
        """What the version holds besides, where whole templates are compared."""
        if self.versions.pairs:
            return ()
        return tuple(configs.copied(self.terrain, self.workload, self.choice.namespace))

    def write(self) -> None:
        """Add the primary, its Services, and copies of what scales it or selects its pods."""
        one, text = self.workload, self.draft.texts[self.workload.ref.file]
        found = self.terrain.named(one.ref.kind, f"{one.ref.name}-primary", self.choice.namespace)
        documents: list[str] = []
        if found:
            self._same(found[0])
        else:
            copy = copies.workload(text, one, self.names, self.versions.renamed)
            documents.append(self._common(copy, workload=True))
            documents += self._configs()
        documents += self._sides()
        followers = list(self._followers())
        documents += map(self._copy, followers)
        if not found:
            self.versions.begin(self.draft)
            self._patches()
        for follower in followers:
            self._patches_of(follower)
        if documents:
            self.draft.add(file_beside(one, "primary"), file_of(documents, text))

    def _configs(self) -> list[str]:
        return [
            copies.config(self.draft.texts[one.ref.file], one)
            for one in self.configs
            if not self.terrain.named(
                one.ref.kind, f"{one.ref.name}-primary", self.choice.namespace
            )
        ]

    def _patches(self) -> None:
        """Repeat for the primary what the overlay changes in the workload."""
        outer, name = self.choice.outer, self.workload.ref.name
        if outer is None:
            return
        terrain, file = self.terrain, self.workload.ref.file
        missed = overlay.inner(terrain, outer, file) if self.draft.home.shared else []
        for layer in overlay.layers(terrain, outer, file):
            for change in patches.changes(terrain, layer, self.workload, self.key):
                if change.also and layer not in missed:
                    continue
                versioned = change in self.versions.patched
                one = patches.followed(change, name, self.names, outer, versioned=versioned)
                if one.name:
                    self.draft.add(one.name, one.text, applied=False, folder=outer)
                self.draft.list(one.key, one.item, outer=True)
            for replaced in replacing.found(terrain, layer, self.workload, everything=False):
                text = self.draft.texts[replaced.file]
                self.draft.texts[replaced.file] = replacing.followed(text, replaced, name)

    def _patches_of(self, one: Document) -> None:
        """Repeat for a copy what the overlay changes in the original, where it fits."""
        outer = self.choice.outer
        for change in following.missed(self.terrain, self.choice, one):
            if outer is None or not following.follows(change, one, self.choice):
                continue
            base = following.base(change, one, outer, self.draft.texts)
            same = patches.followed(change, one.ref.name, self.names, outer, base=base)
            if same.name:
                self.draft.add(same.name, same.text, applied=False, folder=outer)
            self.draft.list(same.key, same.item, outer=True)
        for replaced in following.replaced(self.terrain, self.choice, one):
            text = self.draft.texts[replaced.file]
            new = replacing.followed(text, replaced, one.ref.name)
            self.draft.texts[replaced.file] = new

    def _common(self, text: str, *, workload: bool = False) -> str:
        """Put on a new document what kustomize puts on the others further in."""
        outer = self.choice.outer
        if outer is None or not self.draft.home.shared:
            return text
        layers = overlay.inner(self.terrain, outer, self.workload.ref.file)
        found = commons(overlay.roots(self.terrain, layers))
        mine = {self.key: f"{self.value}-primary"} if workload else {}
        found = replace(
            found,
            labels=_instead(found.labels, mine),
            pods=_instead(found.pods, mine),
            selectors=_instead(found.selectors, mine),
        )
        return put_on(text, found, workload=workload, file=self.workload.ref.file)

    def _same(self, primary: Document) -> None:
        """Make sure that a primary which is there already is this workload's."""
        label = primary.words("spec", "selector", "matchLabels").get(self.key)
        if (
            label == f"{self.value}-primary"
            and images(primary).keys() == images(self.workload).keys()
        ):
            return
        raise BindingError(
            f"{primary.ref.kind} {primary.ref.name} is there already, and is no copy of "
            f"{self.workload.ref.name}: a primary has the same containers, and is selected by "
            f"{self.key}: {self.value}-primary.",
            remedy=f"rename it if it is something else; correct it if it is {self.choice.title}'s",
            place=primary.place,
        )

    def _sides(self) -> list[str]:
        """Write the two Services that routes split between."""
        found = []
        for side, value in (("primary", f"{self.value}-primary"), ("canary", self.value)):
            name = f"{self.choice.front}-{side}"
            there = self.terrain.named("Service", name, self.choice.namespace)
            if not there:
                found.append(self._side(name, value))
            elif there[0].words("spec", "selector").get(self.key) != value:
                raise BindingError(
                    f"The Service {name} is there already, and does not select {self.key}: "
                    f"{value}.",
                    remedy="rename it if it is something else; correct its selector if it is not",
                    place=there[0].at("spec", "selector"),
                )
        return found

    def _side(self, name: str, value: str) -> str:
        apex = self.choice.service
        if apex is not None:
            text = self.draft.texts[apex.ref.file]
            return copies.service(text, apex, name, {self.key: value})
        return block(self.service(name, value))

    def service(self, name: str, value: str) -> dict[str, Json]:
        """Write a Service where there is none to copy."""
        meta: dict[str, Json] = {"name": name}
        meta |= {"namespace": self.workload.ref.namespace} if self.workload.ref.namespace else {}
        canary = self.choice.canary
        ports: list[Json] = [{**one} for one in (flagger.ports(canary) if canary else ())]
        ports = ports or [{"name": "http", "port": self.port(), "targetPort": self.port()}]
        spec: Json = {"selector": {self.key: value}, "ports": ports}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}

    def port(self) -> int:
        """Find the port users call."""
        container = ("spec", "template", "spec", "containers", 0, "ports", 0, "containerPort")
        found = [self.workload.word(*container)]
        if self.choice.canary is not None:
            found.insert(0, self.choice.canary.word("spec", "service", "port"))
        if self.choice.service is not None:
            found.insert(0, self.choice.service.word("spec", "ports", 0, "port"))
        for number in found:
            if number.isdigit():
                return int(number)
        raise BindingError(
            f"No Service selects {self.workload.ref.name}, and its container names no port.",
            remedy="write `ports: [{containerPort: ...}]`, or commit the Service first",
            place=self.workload.at("spec", "template", "spec", "containers"),
        )

    def _followers(self) -> Iterator[Document]:
        """List what scales the workload or selects its pods, and has no copy yet."""
        for one in self.terrain.of("HorizontalPodAutoscaler", "ScaledObject", *copies.POLICIES):
            copied = self.terrain.named(
                one.ref.kind, f"{one.ref.name}-primary", self.choice.namespace
            )
            here = one.ref.namespace in {"", self.choice.namespace}
            if copied or not here or not overlay.applies(self.terrain, self.choice.outer, one):
                continue
            if one.ref.kind in copies.POLICIES:
                at = (*copies.POLICIES[one.ref.kind], "matchLabels")
                if one.words(*at).get(self.key) == self.value:
                    yield one
            elif self.scales(one):
                yield one

    def _copy(self, one: Document) -> str:
        text = self.draft.texts[one.ref.file]
        if one.ref.kind in copies.POLICIES:
            return copies.policy(text, one, self.names)
        return self._scaler(one, text)

    def _scaler(self, one: Document, text: str) -> str:
        canary = self.choice.canary
        limits, queries = asked(canary.root) if canary is not None else ((None, None), {})
        if one.ref.kind == "HorizontalPodAutoscaler":
            return copies.scaler(text, one, limits)
        copy, _ = primary_scaler(
            one.root, target=self.choice.name, limits=limits, queries=queries, file=one.ref.file
        )
        return block(copy)

    def scales(self, one: Document) -> bool:
        """Tell whether a scaler is the workload's; kustomize does not know what KEDA's names."""
        keda = one.ref.kind == "ScaledObject"
        name = self.choice.name if keda else self.workload.ref.name
        return one.word("spec", "scaleTargetRef", "name") == name


def _instead(found: Mapping[str, str], mine: Mapping[str, str]) -> Mapping[str, str]:
    return {key: mine.get(key, value) for key, value in found.items()}
