"""Reading revisions: from blobs to specs, bindings and owned values, each blob parsed once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gitops_canary.core.edits import Ground
from gitops_canary.errors import BindingError, CanaryError, Place, SpecError
from gitops_canary.manifest import bindings, catalog, document, kustomize, spec_file
from gitops_canary.manifest.owned import owned
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, CanaryId, Path, Revision
from gitops_canary.model.owned import DocRef, Fields
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router, Store
from gitops_canary.strategy import outfitted

CACHED_REVISIONS = 256
CACHED_BLOBS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One revision, as far as the controller may look.

    `errors` holds what makes a Canary unusable, by its id (`namespace/name` where the document
    could not be read) or by the file where not even that is known.
    """

    revision: Revision
    files: Mapping[Path, Blob]
    documents: tuple[DocRef, ...]
    canaries: Mapping[CanaryId, CanarySpec]
    errors: Mapping[CanaryId, CanaryError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the operator says about reading a repository."""

    paths: Sequence[str]
    default_provider: str | None
    allow_missing: frozenset[str] = frozenset()
    allows: Callable[[str, str], bool] = lambda _source, _address: True
    """Whether a document may carry this address for this metric source."""


class Reader:
    """Reads one repository; everything it keeps is a cache keyed by content."""

    def __init__(self, store: Store, rules: Rules, routers: Mapping[str, Router]) -> None:
        self._store = store
        self._rules = rules
        self._routers = routers
        self._headers = lru_cache(CACHED_BLOBS)(self._read_headers)
        self._text = lru_cache(CACHED_BLOBS)(self._read_text)
        self.view = lru_cache(CACHED_REVISIONS)(self._read_view)
        self._ground = lru_cache(CACHED_REVISIONS)(self._read_ground)

    def text(self, revision: Revision, path: Path) -> str:
        """Read one file of a revision as text; empty where there is none."""
        blob = self._store.files(revision).get(path)
        return self._text(path, blob.id) if blob else ""

    def changed(self, before: Revision, after: Revision) -> Iterator[tuple[Path, str, str]]:
        """Give path and both texts of every YAML file that two revisions hold differently."""
        old, new = self._store.files(before), self._store.files(after)
        for path in sorted(old.keys() & new.keys()):
            if old[path].id == new[path].id or not self._may_hold(path):
                continue
            try:
                yield path, self._text(path, old[path].id), self._text(path, new[path].id)
            except SpecError:
                # Too large or no text: nothing in it is watched, and `lint` says why.
                continue

    def ground(self, revision: Revision, canary: CanaryId) -> Ground:
        """Read the owned files and values of one canary in one revision.

        Raises:
            CanaryError: the canary is not there, or cannot be bound.
        """
        found = self._ground(revision, canary)
        if isinstance(found, CanaryError):
            raise found
        return found

    def router(self, spec: CanarySpec) -> Router:
        """Find the code that drives the canary's routing objects."""
        return outfitted(self._routers[spec.provider], spec)

    def bind(self, view: View, spec: CanarySpec) -> Ground:
        """Find where the versions and weights of a spec lie in a view.

        Raises:
            BindingError: a version or a weight does not lie in exactly one place, or kustomize
                would move both versions at once.
        """
        ground = self._bound(view, spec)
        if isinstance(ground.binding.versions, Fields):
            kustomize.check(ground.binding.versions.pairs, view.files, self._texts(view))
        return ground

    def _bound(self, view: View, spec: CanarySpec) -> Ground:
        text, router = self._texts(view), self.router(spec)
        binding = bindings.resolve(
            spec,
            view.documents,
            text,
            router,
            exists=view.files.__contains__,
            paths=self._rules.paths,
        )
        return Ground(
            binding=binding,
            texts={path: text(path) for path in binding.files},
            owned=owned(spec, binding, text, router),
        )

    def _texts(self, view: View) -> Callable[[Path], str]:
        return lambda path: self._text(path, view.files[path].id)

    def _read_ground(self, revision: Revision, canary: CanaryId) -> Ground | CanaryError:
        view = self.view(revision)
        if canary in view.errors:
            return view.errors[canary]
        spec = view.canaries.get(canary)
        if spec is None:
            return BindingError(
                f"There is no Canary {canary} at {revision[:12]}.",
                remedy="commit its document again, or ignore this where it was deleted on purpose",
            )
        try:
            return self._bound(view, spec)
        except CanaryError as error:
            return error

    def _read_view(self, revision: Revision) -> View:
        files = self._store.files(revision)
        mine = {path: blob for path, blob in files.items() if self._may_hold(path)}
        documents: list[DocRef] = []
        errors: dict[CanaryId, CanaryError] = {}
        for path, blob in sorted(mine.items()):
            found = self._headers(path, blob.id)
            if isinstance(found, CanaryError):
                errors[CanaryId(path)] = found
            else:
                documents.extend(found)
        specs, broken = self._specs(documents, mine)
        return View(
            revision=revision,
            files=files,
            documents=tuple(documents),
            canaries=specs,
            errors={**errors, **broken},
        )

    def _specs(
        self, documents: Iterable[DocRef], files: Mapping[Path, Blob]
    ) -> tuple[dict[CanaryId, CanarySpec], dict[CanaryId, CanaryError]]:
        specs: dict[CanaryId, CanarySpec] = {}
        errors: dict[CanaryId, CanaryError] = {}
        templates = spec_file.templates(
            (ref, self._node(ref, files))
            for ref in documents
            if spec_file.is_template(ref.api_version, ref.kind)
        )
        for ref in documents:
            if not spec_file.is_canary(ref.api_version, ref.kind):
                continue
            try:
                spec = spec_file.read_canary(
                    self._node(ref, files),
                    file=ref.file,
                    templates=templates,
                    allow_missing=self._rules.allow_missing,
                    default_provider=self._rules.default_provider,
                )
                self._addresses(spec)
            except CanaryError as error:
                errors[CanaryId(f"{ref.namespace or 'default'}/{ref.name}")] = error
                continue
            if spec.id in specs:
                errors[spec.id] = _twice(specs[spec.id].place, spec)
            specs[spec.id] = spec
        return {k: v for k, v in specs.items() if k not in errors}, errors

    def _addresses(self, spec: CanarySpec) -> None:
        for one in spec.policy.checks:
            if one.address and not self._rules.allows(one.source, one.address):
                raise SpecError(
                    f"The check {one.name} names an address the operator does not allow for the "
                    f"metric source {one.source}.",
                    remedy=f"take it out, or add it to metrics.sources.{one.source}.addresses",
                    place=spec.place,
                )

    def _node(self, ref: DocRef, files: Mapping[Path, Blob]) -> document.Node:
        node = document.parse(self._text(ref.file, files[ref.file].id), file=ref.file)[ref.index]
        assert node is not None, "a document with headers is not empty"
        return node

    def _read_headers(self, path: Path, blob: BlobId) -> tuple[DocRef, ...] | SpecError:
        try:
            return catalog.headers(self._text(path, blob), file=path)
        except SpecError as error:
            return error

    def _read_text(self, path: Path, blob: BlobId) -> str:
        return document.text_of(self._store.read([blob])[blob], file=path)

    def _may_hold(self, path: Path) -> bool:
        return path.endswith((".yaml", ".yml")) and bindings.allowed(path, self._rules.paths)


def _twice(first: Place, spec: CanarySpec) -> SpecError:
    return SpecError(
        f"The id {spec.id} is used twice: here and in {first}.",
        remedy="give one of them another spec.id (or another name)",
        place=spec.place,
    )
