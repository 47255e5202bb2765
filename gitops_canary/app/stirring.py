"""What a commit concerns: the canaries of which something may differ from its parent."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.app.alike import Alike
from gitops_canary.app.trail import Stirred
from gitops_canary.app.view import View
from gitops_canary.errors import CanaryError, Unavailable
from gitops_canary.manifest.screen import ANY_NAME, labels
from gitops_canary.manifest.touched import touched
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, CanaryId, Path, Revision
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router


@dataclass(frozen=True, slots=True)
class Stirring:
    """Holds a commit against its only parent (`trail.Stirring`)."""

    view: Callable[[Revision], View]
    changed: Callable[[Revision, Revision], Mapping[Path, Blob | None]]
    """The paths that differ."""
    text: Callable[[Path, BlobId], str]
    routers: Mapping[str, Router]

    def __call__(self, child: Revision, parent: Revision) -> Stirred | None:
        """Tell what a commit concerns; None where that is not known."""
        try:
            paths = self.changed(child, parent)
            return self._stirred(self.view(child), self.view(parent), paths)
        except Unavailable:
            raise
        except CanaryError:
            return None  # whoever reads a value there meets the same error

    def _stirred(self, child: View, parent: View, changed: Collection[Path]) -> Stirred:
        after, before = child.index, parent.index
        keys: set[str] = set(_moved(child, parent))
        for path in changed:
            keys.add(path)
            now, was = after.subjects.get(path), before.subjects.get(path)
            if now and was:
                keys |= self._within(path, (was[0], now[0]), was[1] | now[1], (child, parent))
            elif found := now or was:
                keys |= found[1]
        same = after.wanted is before.wanted
        wanted = after.wanted if same else after.wanted & before.wanted
        return Stirred(keys=frozenset(keys), labels=wanted)

    def _within(
        self,
        path: Path,
        blobs: tuple[Blob, Blob],
        named: frozenset[str],
        views: tuple[View, View],
    ) -> frozenset[str]:
        """Leave out of the labels that a file names those of canaries whose rules are as before.

        Else each of many that share an object would be read anew at every move of the others.
        """
        bases = {one.removesuffix("-primary").removesuffix("-canary") for one in named}
        if len(bases) < 2 or ANY_NAME in named:  # noqa: PLR2004 - one alone has no neighbours
            return named
        specs = [
            spec
            for view in (views if views[0].canaries is not views[1].canaries else views[:1])
            for spec in view.canaries.values()
            if not named.isdisjoint(labels(spec))
        ]
        old, new = (self.text(path, blob.id) for blob in blobs)
        rules = touched(old, new, self.routers.values(), {spec.namespace for spec in specs})
        if rules is None:
            return named
        found = (label for label in named if label in rules)
        return frozenset((*found, *(one.id for one in specs if _kept_in(rules, one))))


def _kept_in(rules: str, spec: CanarySpec) -> bool:
    """Tell whether a canary's cookie may stand in rules: it is looked for in all of an object."""
    affinity = spec.policy.affinity
    cookies = (affinity.cookie, affinity.primary_cookie) if affinity else ()
    return any(one in rules.replace("\\", "") for one in cookies if one)


def _moved(child: View, parent: View) -> Iterator[CanaryId]:
    """List the Canaries that are there in one view only, or lie in other places in each."""
    new, old = child.canaries, parent.canaries
    if new is old:
        return
    for canary in new.keys() | old.keys():
        one, other = new.get(canary), old.get(canary)
        if one is other:
            continue
        if one is None or other is None or Alike(one) != Alike(other):
            yield canary
