"""What puts documents into namespaces in a revision: found once, then kept by what changes."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gitops_canary.app.indexing import bodies
from gitops_canary.core.edits import Ground
from gitops_canary.errors import CanaryError, SpecError
from gitops_canary.manifest import bindings, building, document, flux_layers, image_order, rendered
from gitops_canary.manifest.clusters import GONE, elsewhere, strangers
from gitops_canary.manifest.folders import Folders, followed, gathered
from gitops_canary.manifest.image_chain import Found, Setting
from gitops_canary.manifest.kustomize import FILES, Roots, is_kustomization
from gitops_canary.manifest.nodes import parse
from gitops_canary.manifest.screen import mentions
from gitops_canary.manifest.two_sides import Sides, charted, near, roots
from gitops_canary.manifest.whole import Whole, whole
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision
from gitops_canary.model.owned import Binding, DocRef, FieldBinding, Fields, Templates
from gitops_canary.model.recent import Recent
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Sift, Store

_SUFFIXES = (".yaml", ".yml")
_KEPT = 16
_WHOLES = 64
"""Folders whose builds are remembered: those of one revision that canaries are in, mostly."""


Headers = Callable[[Path, BlobId], tuple[DocRef, ...] | SpecError]
"""Gives the documents of a file."""
Flux = Mapping[Path, tuple[flux_layers.Layer, ...]]
"""By their files."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The kustomizations of a revision, and those of Flux by their files."""

    revision: Revision
    folders: Folders
    flux: Flux
    layers: tuple[flux_layers.Layer, ...]
    """Those of Flux that say something about this repository."""


class Placing:
    """Knows the kustomizations, and those of Flux, of one repository."""

    def __init__(self, store: Store, sift: Sift, text: Callable[[Path, BlobId], str]) -> None:
        self._store = store
        self._sift = sift
        self._text = text
        self._last: Placed | None = None
        self._placed = Recent(self._reading, _KEPT)
        self._whole = Recent(self._looking, _WHOLES)

    def turn(self) -> None:
        """Let go of what was needed neither for this tip nor for the one before."""
        self._placed.turn()
        self._whole.turn()

    def ordered(self, revision: Revision, pairs: tuple[FieldBinding, ...]) -> None:
        """Make sure that kustomize does not move candidate and primary together.

        Raises:
            BindingError: an entry would, or kustomize builds nothing there.
        """
        image_order.check(pairs, self._store.files(revision), self.folders(revision))

    def folders(self, revision: Revision) -> Folders:
        """Give every kustomization of a revision."""
        return self._placed(revision).folders

    def check(self, revision: Revision, spec: CanarySpec, binding: Binding | None = None) -> None:
        """Make sure that a Canary, and its workloads, stay in the namespace that it says.

        Raises:
            BindingError: it is put into another one, or into several; or they are.
        """
        placed = self._placed(revision)
        folders, layers = placed.folders, placed.layers
        rendered.placed(spec, folders, layers)
        if binding is not None and isinstance(binding.versions, Templates):
            rendered.reached(spec, dict.fromkeys(binding.versions.files, ""), folders, layers)

    def spread(self, revision: Revision, ground: Ground) -> bool:
        """Tell whether what leads to a canary may be of several overlays, or of another cluster.

        Listed fields say themselves where they lie; a route is found by its names alone.
        """
        routes, versions = {ref.file for ref in ground.binding.routes}, ground.binding.versions
        if len(routes) > 1 or ground.reaching:
            return True
        return isinstance(versions, Fields) and any(
            strangers(one, versions.files, self.folders(revision)) for one in routes
        )

    def away(
        self, revision: Revision, spec: CanarySpec, files: Mapping[Path, Blob], headers: Headers
    ) -> tuple[tuple[Path, str], ...]:
        """Give the files that are put into other namespaces, or are of other clusters."""
        placed = self._placed(revision)
        found = dict(rendered.away(spec, files, placed.folders, placed.layers))

        def whole(path: Path) -> bool:
            held = headers(path, files[path].id)
            mine = () if isinstance(held, CanaryError) else bindings.candidates(spec, held)
            return bool(bindings.selecting(mine, lambda one: self._text(one, files[one].id)))

        there = [path for path in files if path not in found and whole(path)]
        # A Canary in a folder for all of them says by its fields which cluster it is about.
        home = spec.source[0].candidate.file if spec.source else spec.place.file
        gone = elsewhere(Path(home), there, files, placed.folders)
        return tuple(sorted({**found, **dict.fromkeys(gone, GONE)}.items()))

    def sides(self, revision: Revision, spec: CanarySpec, pairs: tuple[FieldBinding, ...]) -> Sides:
        """Look at what kustomize builds around the fields that hold a version."""
        folders, text = self.folders(revision), self._found(revision)
        around = near(folders, pairs)
        built = tuple(self._whole(revision, outer) for outer in roots(folders, pairs))
        mine = frozenset(file for one in around for file in folders[one].resources)
        return Sides(
            spec=spec,
            pairs=pairs,
            built=built,
            text=text,
            near=around,
            mine=mine,
            charted=charted(spec.target.kind, pairs, text, mine if built else None),
        )

    def sound(self, revision: Revision, spec: CanarySpec, pairs: tuple[FieldBinding, ...]) -> None:
        """Make sure that both sides are there before one of them gets users.

        Raises:
            BindingError: kustomize builds one without the other, lets a version reach both, builds
                them into another namespace, or crosses their Services.
        """
        both = self.sides(revision, spec, pairs)
        both.check()
        placed = self._placed(revision)
        rendered.reached(spec, both.homes(), placed.folders, placed.layers)

    def overriding(self, revision: Revision, ref: DocRef) -> tuple[Setting, ...]:
        """List what kustomize sets the images of a workload by, after its manifest did."""
        folders = self.folders(revision)
        mine = [own for own in folders.building(ref.file) if ref.file in own.resources]
        around = set().union(*(building.around(folders, own.folder) for own in mine))
        found = (
            setting
            for outer in sorted(o for o in around if building.is_outermost(folders, o))
            for one in self._whole(revision, outer).seen.get((ref.kind, ref.name), ())
            if (one.file, one.index) == (ref.file, ref.index)
            for container in one.containers.values()
            for setting in container.settings[1:]
        )
        return tuple(dict.fromkeys(found))

    def _looking(self, revision: Revision, outer: str) -> Whole:
        return whole(self.folders(revision), outer, self._found(revision))

    def _found(self, revision: Revision) -> Found:
        files = self._store.files(revision)

        def text(path: Path) -> str | None:
            try:
                return self._text(path, files[path].id) if path in files else None
            except SpecError:
                return None  # too large, or no text: what it holds is not known

        return text

    def _reading(self, revision: Revision) -> Placed:
        last, self._last = self._last, None  # begun anew where the next lines fail
        self._last = self._begun(revision) if last is None else self._followed(last, revision)
        return self._last

    def _begun(self, revision: Revision) -> Placed:
        found = self._sift.named(revision, FILES)
        hits = self._sift.mentioning(revision, (flux_layers.WORD,), ())
        return _placed(revision, gathered(self._texts(found)), {}, self._layers(hits))

    def _followed(self, last: Placed, revision: Revision) -> Placed:
        changed = self._sift.changed(last.revision, revision)
        folders = last.folders
        if mine := [path for path in changed if is_kustomization(path)]:
            files = self._store.files(revision)

            def roots(path: Path) -> Roots:
                return parse(self._text(path, files[path].id), file=path)

            folders = followed(folders, mine, files, roots)
        kept = {path: told for path, told in last.flux.items() if path not in changed}
        come = {p: b for p, b in changed.items() if b is not None and p.endswith(_SUFFIXES)}
        return _placed(revision, folders, kept, self._layers(come))

    def _layers(self, files: Mapping[Path, Blob]) -> Flux:
        told = dict(self._texts(files, frozenset({flux_layers.WORD})))

        def roots(path: Path) -> Roots:
            return parse(told[path], file=path)

        read = {path: flux_layers.held(roots, path) for path in told}
        return {path: layers for path, layers in read.items() if layers}

    def _texts(
        self, files: Mapping[Path, Blob], words: frozenset[str] = frozenset()
    ) -> Iterator[tuple[Path, str]]:
        """Read files that may name one of some words; without those that are no text."""
        for path, data in bodies(self._store, files):
            if words and not mentions(data, words):
                continue
            with suppress(SpecError):  # another application's file: nothing can build with it
                yield path, document.text_of(data, file=path)


def _placed(revision: Revision, folders: Folders, kept: Flux, fresh: Flux) -> Placed:
    flux = {**kept, **fresh}
    layers = flux_layers.speaking(layer for path in sorted(flux) for layer in flux[path])
    return Placed(revision, folders, flux, layers)
