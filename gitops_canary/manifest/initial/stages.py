"""The three commits that bring an application to where a canary can begin.

One: the primary and its Services beside what runs. Two: users go to the primary. Three: the old
workload is the canary's place, and rests. Each is harmless by itself, and each needs the one before
to be live: a Service that selects pods which are not there yet is an outage.
"""

import posixpath
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from gitops_canary.errors import BindingError
from gitops_canary.manifest import targets, template
from gitops_canary.manifest.bindings import meant
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.document import insert_key
from gitops_canary.manifest.initial import both_sides, claimed, copies, counts, flagger, overlay
from gitops_canary.manifest.initial.beside import Beside
from gitops_canary.manifest.initial.canary_text import canary_text
from gitops_canary.manifest.initial.choice import Choice
from gitops_canary.manifest.initial.draft import (
    Draft,
    Stage,
    file_beside,
    file_of,
    patch_name,
    written,
)
from gitops_canary.manifest.initial.terrain import Document, Terrain
from gitops_canary.manifest.initial.versions import bound, source
from gitops_canary.model.initial import Measured, Wanted
from gitops_canary.model.names import Path
from gitops_canary.ports import Founder, Router

SCHEMA = Path(".gitops-canary/canary.schema")
"""Without a suffix, so that no engine takes it for a manifest."""


def stages(
    terrain: Terrain,
    choice: Choice,
    founder: Founder,
    router: Router,
    *,
    schema: str,
    measured: Measured,
) -> tuple[Stage, ...]:
    """Write what is missing, commit by commit; nothing where all of it is there.

    `measured` are the builtin metrics of the provider.

    Raises:
        BindingError: something stands in the way; it names the place.
        EditRefused: a text cannot be changed without touching more than was meant.
    """
    work = _Work(terrain, choice, founder, router, schema, measured, terrain.texts)
    if not work.beside.versions.pairs:
        then = counts.moved(terrain, choice)
        work = _Work(*then, founder, router, schema, measured, terrain.texts)
    work.check()
    return work.run()


_BY_SELECTOR = {"kubernetes", "haproxy"}


class _Work:
    """One application's way."""

    def __init__(
        self,
        terrain: Terrain,
        choice: Choice,
        founder: Founder,
        router: Router,
        schema: str,
        measured: Measured,
        before: Mapping[Path, str],
    ) -> None:
        self.choice, self.founder, self.router, self.schema = choice, founder, router, schema
        self.measured = measured
        self.terrain = terrain
        self.workload = choice.workload
        targets.fit(choice.workload.ref, choice.workload.root)
        claimed.check(terrain, choice)
        copies.copyable(choice.workload, *choice.fronts)
        if choice.provider == "haproxy":
            both_sides.check(choice)
        self.key, self.value = overlay.label(terrain, choice.outer, choice.workload)
        home = overlay.home(terrain, choice.workload, choice.outer, self.key)
        texts = dict(terrain.texts)
        self.draft = Draft(terrain=terrain, home=home, texts=texts, before=dict(before))
        plain = self.value == self.workload.ref.name
        versions = bound(self.draft, choice.workload, choice.outer, self.key, plain=plain)
        self.beside = Beside(
            terrain=terrain,
            choice=choice,
            draft=self.draft,
            versions=versions,
            key=self.key,
            value=self.value,
        )

    def check(self) -> None:
        """Make sure that kustomize leaves both sides as they are written.

        Raises:
            BindingError: it does not; it names the place.
        """
        choice, home = self.choice, self.draft.home
        if choice.outer is not None:
            listed = bool(self.beside.versions.pairs)
            overlay.check(
                self.terrain, home, self.workload, self.key, listed=listed, provider=choice.provider
            )

    def run(self) -> tuple[Stage, ...]:
        """Write the stages in their order."""
        draft, name = self.draft, self.workload.ref.name
        # Of a Canary that is there the workload is scaled by the controller alone, and only where
        # versions lie in manifests.
        rests = self.choice.carried and not self.beside.versions.pairs
        count = 3 if self.choice.canary is None or rests else 2
        self.beside.write()
        self._said()
        if self.choice.serving:
            draft.close(
                f"1/{count}",
                "add the primary",
                f"{name}-primary runs what {name} runs now. Nobody is sent to it yet.",
                until="its pods are ready",
            )
        self._users()
        if self.choice.serving:
            draft.close(
                f"2/{count}",
                "send users to it",
                f"The Service {self.choice.apex} and the routes lead to {name}-primary; the canary "
                "has weight 0.",
                until="this is applied" if count > 2 else "",  # noqa: PLR2004 - one more comes
            )
        self._rest()
        step, title = ("3/3", "let the canary rest") if self.choice.serving else ("1/1", "begin")
        draft.close(
            step,
            title,
            f"From now on a new version committed to {name} is a canary: it has to earn its "
            f"traffic, and {name}-primary gets it last.",
        )
        return tuple(draft.stages)

    def _said(self) -> None:
        """Let a Canary that is there say where its versions lie, as soon as they lie there."""
        canary, pairs = self.choice.canary, self.beside.versions.pairs
        if canary is None or not pairs:
            return
        if canary.group == "flagger.app":
            raise BindingError(
                f"A Flagger Canary cannot say where the versions of {canary.ref.name} lie, and "
                "kustomize or its labels keep whole templates from being compared.",
                remedy="write `apiVersion: gitops-canary.dev/v1alpha1` into it first",
                place=canary.at("apiVersion"),
            )
        if canary.root.get("spec", "source") is None:
            ref = canary.ref
            text = self.draft.texts[ref.file]
            self.draft.texts[ref.file] = insert_key(
                text, ref.index, ("spec",), "source", source(pairs), file=ref.file
            )

    def _users(self) -> None:
        wanted = {self.key: f"{self.value}-primary"}
        for one in self.choice.fronts:
            ref, text = one.ref, self.draft.texts[one.ref.file]
            if self.choice.provider == "haproxy" and one is self.choice.service:
                new = both_sides.selecting(text, ref.index, self.choice.apex, ref.file)
            else:
                new = copies.selecting(text, ref.index, wanted, ref.file)
            if new != text and not self._patched(one):
                self._keep_apart(one)
                self.draft.put(ref, new)
        new_documents = self._routes()
        if self.choice.service is None and not self._there("Service", self.choice.front):
            new_documents.insert(0, block(self.beside.service(self.choice.front, wanted[self.key])))
        if new_documents:
            like = self.draft.texts[self.workload.ref.file]
            self.draft.add(file_beside(self.workload, "routes"), file_of(new_documents, like))

    def _patched(self, one: Document) -> bool:
        """Tell whether the overlay has a patch of a document already, from an earlier run."""
        name = Path(posixpath.join(self.draft.home.folder, patch_name(one.ref)))
        return self.draft.apart(one.ref.file) and name in self.terrain.texts

    def _keep_apart(self, one: Document) -> None:
        if self.choice.provider in _BY_SELECTOR and self.draft.apart(one.ref.file):
            raise BindingError(
                f"The Service {one.ref.name} is built into several overlays, and its selector is "
                "the route here.",
                remedy="move the Service into the overlay, or use a router",
                place=one.place,
            )

    def _there(self, kind: str, name: str) -> bool:
        return bool(self.terrain.named(kind, name, self.choice.namespace))

    def _routes(self) -> list[str]:
        choice, draft, found = self.choice, self.draft, []
        wanted = Wanted(
            namespace=choice.namespace,
            apex=choice.apex,
            written_namespace=self.workload.ref.namespace,
            port=self.beside.port(),
            hosts=choice.hosts,
            gateway=choice.gateway,
            kind=self.workload.ref.kind,
            workload=self.workload.ref.name,
            label=(self.key, self.value),
            ladder=flagger.ladder(choice.canary),
        )
        split = adopted = False
        for one in self.terrain.documents:
            if one.ref.namespace not in {"", choice.namespace} and choice.outer is not None:
                continue
            kind, text = (one.group, one.ref.kind), draft.texts[one.ref.file]
            leads = kind in self.founder.kinds and overlay.applies(self.terrain, choice.outer, one)
            if leads and meant(one.ref, choice.namespace, partial(self._led, one, wanted)):
                new, more = self.founder.adopt(text, one.ref.index, wanted, file=one.ref.file)
                adopted = True
                if new != text and not self._patched(one):
                    draft.put(one.ref, new)
                found += [
                    text
                    for made, text in zip(more, written(more), strict=True)
                    if not self._made(made)
                ]
            elif kind in self.router.kinds and kind != ("", "Service"):
                split |= meant(one.ref, choice.namespace, partial(self._splits, one))
        named = choice.canary is not None and choice.canary.root.get("spec", "routing")
        if split or adopted or named:
            return found
        return written(self.founder.create(wanted, place=self.workload.place))

    def _splits(self, one: Document, namespace: str) -> bool:
        text = self.draft.texts[one.ref.file]
        return self.router.matches(text, one.ref.index, namespace=namespace, apex=self.choice.apex)

    def _led(self, one: Document, wanted: Wanted, namespace: str) -> bool:
        there = replace(wanted, namespace=namespace)
        return self.founder.leads(self.draft.texts[one.ref.file], one.ref.index, there)

    def _made(self, document: Mapping[str, object]) -> bool:
        meta = document["metadata"]
        assert isinstance(meta, dict), "founders name what they make"
        return self._there(str(document["kind"]), str(meta["name"]))

    def _rest(self) -> None:
        choice, draft, name = self.choice, self.draft, self.workload.ref.name
        there = choice.canary is not None
        if there and not choice.carried:
            return
        scalers = self.terrain.of("HorizontalPodAutoscaler", "ScaledObject")
        scaled = any(
            self.beside.scales(one) and overlay.applies(self.terrain, choice.outer, one)
            for one in scalers
        )
        counted = self.workload.ref.kind != "DaemonSet"
        if counted and not self.beside.versions.pairs and not scaled:
            ref = self.workload.ref
            draft.put(ref, template.scale(draft.texts[ref.file], ref, 0))
        if there:
            return
        folder = draft.home.folder
        file = next(
            n
            for n in (
                "canary.yaml",
                f"{name}-canary.yaml",
                f"canary-{name}.yaml",
                "canary-new.yaml",
            )
            if posixpath.join(folder, n) not in draft.texts
        )
        text = canary_text(
            kind=self.workload.ref.kind,
            name=choice.name,
            namespace=choice.namespace,
            provider=choice.provider,
            service=choice.apex,
            pairs=self.beside.versions.pairs,
            schema=posixpath.relpath(SCHEMA, folder or "."),
            measured=self.measured,
            own_id=choice.id,
        )
        draft.add(file, file_of([text], draft.texts[self.workload.ref.file]), applied=False)
        draft.texts[SCHEMA] = self.schema
