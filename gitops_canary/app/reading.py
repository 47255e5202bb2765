"""Reading revisions: from blobs to specs, bindings and owned values, each blob parsed once."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from gitops_canary.app.alike import Alike
from gitops_canary.app.canaries import Canaries, Rules
from gitops_canary.app.indexing import Index, Indexer, PlainSift
from gitops_canary.app.placing import Placing
from gitops_canary.app.stirring import Stirring
from gitops_canary.app.texts import Texts
from gitops_canary.app.trail import Bearing
from gitops_canary.app.view import View
from gitops_canary.core.edits import Ground
from gitops_canary.errors import BindingError, CanaryError, SpecError, Unavailable
from gitops_canary.manifest import bindings, catalog, tracked, versions
from gitops_canary.manifest.clusters import moved
from gitops_canary.manifest.owned import owned
from gitops_canary.manifest.reaching import crossed, reaching
from gitops_canary.manifest.screen import ANY_NAME, labels, sources, words
from gitops_canary.model import kept
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, CanaryId, Path, Revision
from gitops_canary.model.owned import DocRef, Fields
from gitops_canary.model.recent import Recent
from gitops_canary.model.spec import CanarySpec, Policy
from gitops_canary.ports import Router, Sift, Store
from gitops_canary.routing.field import Field
from gitops_canary.strategy import outfitted

CACHED_FILES = 8192
_DELETED = 64
_NO_WORDS = frozenset[str]()

__all__ = ["Reader", "Rules", "View"]


class Reader:
    """Reads one repository; everything it keeps is a cache keyed by content.

    `sift` finds files; without one, all files of a revision are read.
    """

    def __init__(
        self, store: Store, rules: Rules, routers: Mapping[str, Router], sift: Sift | None = None
    ) -> None:
        self._store = store
        self.rules = rules
        self._routers = routers
        self._sift = sift or PlainSift(store)
        self._indexer = Indexer(store, self._sift, rules.paths)
        self._last: View | None = None
        self._headers = Recent(self._read_headers, CACHED_FILES)
        self._texts = Texts(store)
        self._specs = Canaries(rules, self._headers, self._texts.text)
        self.placing = Placing(store, self._sift, self._texts.text)
        self._bound = Recent(self._bind, CACHED_FILES)
        self._grounds = Recent(self._read_ground, CACHED_FILES)
        self._configs = Recent(self._read_configs, CACHED_FILES)
        self.expected: frozenset[str] = frozenset()
        """Words that the first view looks for beside the policies; what it needs more, after."""
        self.forget = kept.turn  # at each new tip, for the whole process
        self._wanted: frozenset[str] = frozenset()
        """Words of the configs seen so far, so that the next view finds them at once."""
        self._widened = lru_cache(_DELETED)(self._widen)
        self.view = Recent(self._read_view, CACHED_FILES)
        self.bearing = Recent(self._read_bearing, CACHED_FILES)
        self.stirred = Recent(
            Stirring(self.view, self._indexer.changed, self._texts.text, routers), CACHED_FILES
        )

    def turn(self) -> None:
        """Let go of what was needed neither for this tip nor for the one before; for a new tip."""
        for one in (self._bound, self._grounds, self._configs, self.view, self.stirred):
            one.turn()
        for turn in (self.bearing.turn, self._headers.turn, self._texts.turn, self.placing.turn):
            turn()
        self.forget()

    @property
    def words(self) -> frozenset[str]:
        """Give the words by which the files of the canaries seen last are found."""
        canaries = self._last.canaries.values() if self._last else ()
        return self._wanted.union(*(labels(spec) for spec in canaries))

    def text(self, revision: Revision, path: Path) -> str:
        """Read one file of a revision as text; empty where there is none."""
        blob = self._store.files(revision).get(path)
        return self._texts.text(path, blob.id) if blob else ""

    def changed(self, before: Revision, after: Revision) -> Iterator[tuple[Path, str, str]]:
        """Give path and both texts of every file of kustomize or YAML that two revisions differ in.

        JSON is one where it holds the operations of a patch (RFC 6902).
        """
        old = self._store.files(before)
        for path, blob in sorted(self._sift.changed(before, after).items()):
            known = self._indexer.may_hold(path) or self._indexer.may_patch(path)
            if blob is None or path not in old or not known:
                continue
            try:
                text = self._texts.text(path, blob.id)
                if not path.endswith(".json") or '"op"' in text:
                    yield path, self._texts.text(path, old[path].id), text
            except SpecError:
                # Too large or no text: nothing in it is watched, and `lint` says why.
                continue

    def ground(self, revision: Revision, canary: CanaryId, policy: Policy | None = None) -> Ground:
        """Read the owned files and values of one canary in one revision.

        `policy` is the one a rollout is pinned to, where it may not be the revision's own: what an
        A/B test or a mirror wrote is known by it.

        Raises:
            CanaryError: the canary is not there, or cannot be bound.
        """
        view = self.view(revision)
        if canary in view.errors:
            raise view.errors[canary]
        spec = view.canaries.get(canary)
        if spec is None:
            raise BindingError(
                f"There is no Canary {canary} at {revision[:12]}.",
                remedy="commit its document again, or ignore this where it was deleted on purpose",
            )
        return self._ground(view, spec if policy is None else spec.pinned(policy))

    def _read_bearing(self, revision: Revision, canary: CanaryId) -> Bearing:
        """Tell what the owned values of one canary hang on in one revision.

        Raises:
            CanaryError: the revision cannot be read.
        """
        view = self.view(revision)
        spec = view.canaries.get(canary)
        if spec is None:
            return Bearing(labels=frozenset(), others=frozenset({canary}))
        wanted = labels(spec)
        files = {**self._footprint(view, wanted), **self._sources(view, spec)}
        configs = self._configs(spec.target.name, tuple(files.items()))
        others = frozenset({canary, ANY_NAME, *sources(spec)})
        return Bearing(labels=wanted | configs, others=others)

    def router(self, spec: CanarySpec) -> Router:
        """Find the code that drives the canary's routing objects."""
        router = Field(spec.routing) if spec.routing else self._routers[spec.provider]
        return outfitted(router, spec)

    def bind(self, view: View, spec: CanarySpec) -> Ground:
        """Find where the versions and weights of a spec lie in a view.

        Raises:
            BindingError: a version or a weight does not lie in exactly one place, or kustomize
                would move both versions at once.
        """
        if spec.homeless:
            self.placed(view, spec)
        ground = self._ground(view, spec)
        # At rest nothing is asked about any namespace, and nothing written: it can wait till then.
        if not ground.owned.settled:
            self.placed(view, spec, ground)
        if isinstance(ground.binding.versions, Fields):
            if not ground.owned.settled and not ground.owned.weight:
                versions.sound(ground.binding.versions, ground.texts.__getitem__)
                self.placing.sound(view.revision, spec, ground.binding.versions.pairs)
            self.placing.ordered(view.revision, ground.binding.versions.pairs)
        return ground

    def placed(self, view: View, spec: CanarySpec, ground: Ground | None = None) -> None:
        """Make sure that kustomize and Flux leave a Canary in the namespace that it says.

        Raises:
            BindingError: it, or one of the workloads on `ground`, is put into another one.
        """
        self.placing.check(view.revision, spec, ground.binding if ground else None)

    def _ground(self, view: View, spec: CanarySpec) -> Ground:
        return self._grounds(view.revision, Alike(spec))

    def _read_ground(self, revision: Revision, same: Alike) -> Ground:
        view, spec = self.view(revision), same.spec
        wanted = labels(spec)
        files = tuple({**self._footprint(view, wanted), **self._sources(view, spec)}.items())
        configs = self._configs(spec.target.name, files)
        if configs and not spec.source:
            self._wanted |= configs
            files = tuple(self._footprint(view, wanted | configs).items())
        found = self._bound(spec.id, same, files, ())
        # What is clear costs nothing; else kustomize or Flux may put a part of it elsewhere.
        if isinstance(found, CanaryError) or self.placing.spread(revision, found):
            away = self.placing.away(revision, spec, dict(files), self._headers)
            found = self._bound(spec.id, same, files, away) if away else found
        if isinstance(found, CanaryError):
            raise found
        return found

    def _with_configs(self, index: Index, specs: Iterable[CanarySpec]) -> Index:
        """Look for the configs of all canaries at once, at a start."""
        for spec in specs:
            files = index.footprint(labels(spec))
            self._wanted |= self._configs(spec.target.name, tuple(files.items()))
        return self._indexer.widen(index, self._wanted)

    def _footprint(self, view: View, wanted: frozenset[str]) -> Mapping[Path, Blob]:
        index = view.index if wanted <= view.index.wanted else self._widened(view, wanted)
        return index.footprint(wanted)

    def _read_configs(self, target: str, files: tuple[tuple[Path, Blob], ...]) -> frozenset[str]:
        """List the words by which the ConfigMaps and Secrets of two workloads are found."""
        found, both = set[str](), {target, f"{target}-primary"}
        blobs = dict(files)
        for path, text in self._texts.several(blobs).items():
            headers = self._headers(path, blobs[path].id) if tracked.may_refer(text) else ()
            for ref in () if isinstance(headers, CanaryError) else headers:
                found |= tracked.referred(ref, text) if ref.name in both else set()
        return words(found) if found else _NO_WORDS

    def _sources(self, view: View, spec: CanarySpec) -> Mapping[Path, Blob]:
        """Find the files that a spec names."""
        paths = sources(spec)
        if not paths:
            return {}
        files = self._store.files(view.revision)
        return {path: files[path] for path in sorted(paths) if path in files}

    def _widen(self, view: View, wanted: frozenset[str]) -> Index:
        """Find what a Canary owns that is not in the view: it was deleted meanwhile."""
        return self._indexer.widen(view.index, wanted)

    def _bind(
        self,
        _: CanaryId,
        same: Alike,
        files: tuple[tuple[Path, Blob], ...],
        away: tuple[tuple[Path, str], ...],
    ) -> Ground | CanaryError:
        spec = same.spec
        blobs, spaces = dict(files), dict(away)
        texts = self._texts.several(blobs)

        def text(path: Path) -> str:
            known = texts.get(path)
            return self._texts.text(path, blobs[path].id) if known is None else known

        documents: list[DocRef] = []
        unread: CanaryError | None = None
        for path, blob in files:
            found = self._headers(path, blob.id)
            if isinstance(found, CanaryError):
                unread = unread or found
            else:
                documents += moved(found, spaces.get(path))
        router = self.router(spec)
        try:
            binding = bindings.resolve(
                spec, documents, text, router, exists=blobs.__contains__, paths=self.rules.paths
            )
            crossed(spec, binding, documents, text)
            return Ground(
                binding=binding,
                texts={path: text(path) for path in binding.files},
                owned=owned(spec, binding, text, router),
                reaching=reaching(spec, binding, documents, text),
            )
        except Unavailable:
            raise  # of the clone, not of the revision: nothing to remember
        except CanaryError as error:
            # What cannot be found may lie in the file that cannot be read.
            return unread or error

    def _read_view(self, revision: Revision) -> View:
        last, self._last = self._last, None  # begun anew where the next lines fail
        if last is None:
            index = self._indexer.begin(revision, self.expected)
            self._texts.several(index.policies)
            canaries, errors = self._specs.read(sorted(index.policies.items()))
        else:
            index = self._indexer.follow(last.index, revision)
            canaries, errors = last.canaries, last.errors
            if index.policies is not last.index.policies:
                canaries, errors = self._specs.read(sorted(index.policies.items()))
        wanted = self._wanted
        if last is None or canaries is not last.canaries:
            wanted = wanted.union(*(labels(spec) for spec in canaries.values()))
        index = self._indexer.widen(index, wanted)
        if last is None:
            index = self._with_configs(index, canaries.values())
        view = View(revision=revision, index=index, canaries=canaries, errors=errors)
        self._last = view
        return view

    def _read_headers(self, path: Path, blob: BlobId) -> tuple[DocRef, ...] | SpecError:
        try:
            return catalog.headers(self._texts.text(path, blob), file=path)
        except SpecError as error:
            return error
