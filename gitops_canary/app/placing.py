"""What puts documents into namespaces in a revision: found once, then kept by what changes."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from gitops_canary.errors import SpecError
from gitops_canary.manifest import building, flux_layers, kustomize, rendered
from gitops_canary.manifest.image_chain import Found, Setting
from gitops_canary.manifest.nodes import parse
from gitops_canary.manifest.two_sides import Sides, charted, roots
from gitops_canary.manifest.whole import Whole, whole
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision
from gitops_canary.model.owned import Binding, DocRef, FieldBinding, Templates
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Sift, Store

_SUFFIXES = (".yaml", ".yml")
_KEPT = 16
_WHOLES = 64
"""Folders whose builds are remembered: those of one revision that canaries are in, mostly."""


Read = tuple[Mapping[str, kustomize.Kustomization], tuple[flux_layers.Layer, ...]]


class Placing:
    """Knows the kustomizations, and those of Flux, of one repository."""

    def __init__(self, store: Store, sift: Sift, text: Callable[[Path, BlobId], str]) -> None:
        self._store = store
        self._sift = sift
        self._text = text
        self._last: tuple[Revision, Mapping[Path, Blob]] | None = None
        self._read = lru_cache(_KEPT)(self._reading)
        self._whole = lru_cache(_WHOLES)(self._looking)

    def check(self, revision: Revision, spec: CanarySpec, binding: Binding | None = None) -> None:
        """Make sure that a Canary, and its workloads, stay in the namespace that it says.

        Raises:
            BindingError: it is put into another one, or into several; or they are.
        """
        folders, layers = self._read(revision)
        rendered.placed(spec, folders, layers)
        if binding is not None and isinstance(binding.versions, Templates):
            rendered.reached(spec, dict.fromkeys(binding.versions.files, ""), folders, layers)

    def sides(self, revision: Revision, spec: CanarySpec, pairs: tuple[FieldBinding, ...]) -> Sides:
        """Look at what kustomize builds around the fields that hold a version."""
        folders, text = self._read(revision)[0], self._found(revision)
        built = tuple(self._whole(revision, outer) for outer in roots(folders, pairs))
        return Sides(
            spec=spec,
            pairs=pairs,
            built=built,
            text=text,
            charted=() if built else charted(spec.target.kind, pairs, text),
        )

    def sound(self, revision: Revision, spec: CanarySpec, pairs: tuple[FieldBinding, ...]) -> None:
        """Make sure that both sides are there before one of them gets users.

        Raises:
            BindingError: kustomize builds one without the other, lets a version reach both, builds
                them into another namespace, or crosses their Services.
        """
        both = self.sides(revision, spec, pairs)
        both.check()
        rendered.reached(spec, both.homes(), *self._read(revision))

    def overriding(self, revision: Revision, ref: DocRef) -> tuple[Setting, ...]:
        """List what kustomize sets the images of a workload by, after its manifest did."""
        folders = self._read(revision)[0]
        outers = [one for one in sorted(folders) if ref.file in folders[one].resources]
        around = set().union(*(building.around(folders, one) for one in outers))
        found = (
            setting
            for outer in sorted(around & building.outermost(folders))
            for one in self._whole(revision, outer).seen.get((ref.kind, ref.name), ())
            if (one.file, one.index) == (ref.file, ref.index)
            for container in one.containers.values()
            for setting in container.settings[1:]
        )
        return tuple(dict.fromkeys(found))

    def _looking(self, revision: Revision, outer: str) -> Whole:
        return whole(self._read(revision)[0], outer, self._found(revision))

    def _found(self, revision: Revision) -> Found:
        files = self._store.files(revision)

        def text(path: Path) -> str | None:
            try:
                return self._text(path, files[path].id) if path in files else None
            except SpecError:
                return None  # too large, or no text: what it holds is not known

        return text

    def _reading(self, revision: Revision) -> Read:
        last, self._last = self._last, None  # begun anew where the next lines fail
        files = self._all(revision) if last is None else self._changed(*last, revision)
        self._last = revision, files

        def roots(path: Path) -> kustomize.Roots:
            return parse(self._text(path, files[path].id), file=path)

        return kustomize.folders(files, roots), flux_layers.layers(files, roots)

    def _all(self, revision: Revision) -> Mapping[Path, Blob]:
        every = self._store.files(revision)
        found = {path: blob for path, blob in every.items() if kustomize.is_kustomization(path)}
        return {**found, **self._sift.mentioning(revision, (flux_layers.WORD,), ())}

    def _changed(
        self, before: Revision, files: Mapping[Path, Blob], revision: Revision
    ) -> Mapping[Path, Blob]:
        found = dict(files)
        for path, blob in self._sift.changed(before, revision).items():
            found.pop(path, None)
            if blob is not None and self._places(path, blob):
                found[path] = blob
        return found

    def _places(self, path: Path, blob: Blob) -> bool:
        if kustomize.is_kustomization(path):
            return True
        return path.endswith(_SUFFIXES) and any(
            flux_layers.WORD.encode() in data for data in self._store.read([blob.id]).values()
        )
