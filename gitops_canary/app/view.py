"""One revision as the controller sees it, and what differs between two that follow each other."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gitops_canary.app.alike import Alike
from gitops_canary.app.indexing import Index
from gitops_canary.app.trail import Stirred, Stirring
from gitops_canary.errors import CanaryError, Unavailable
from gitops_canary.model.names import CanaryId, Path, Revision
from gitops_canary.model.spec import CanarySpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """One revision, as far as the controller may look.

    `errors` holds what makes a Canary unusable, by its id (`namespace/name` where the document
    could not be read) or by the file where not even that is known.
    """

    revision: Revision
    index: Index
    canaries: Mapping[CanaryId, CanarySpec]
    errors: Mapping[CanaryId, CanaryError]


def stirring(
    view: Callable[[Revision], View], changed: Callable[[Revision, Revision], Iterable[Path]]
) -> Stirring:
    """Make what tells of a commit what it concerns, from views and the paths that differ."""

    def between(child: Revision, parent: Revision) -> Stirred | None:
        try:
            return _stirred(view(child), view(parent), changed(child, parent))
        except Unavailable:
            raise
        except CanaryError:
            return None  # whoever reads a value there meets the same error

    return between


def _stirred(child: View, parent: View, changed: Iterable[Path]) -> Stirred:
    after, before = child.index, parent.index
    keys: set[str] = set(_moved(child, parent))
    for path in changed:
        keys.add(path)
        for index in (after, before):
            if found := index.subjects.get(path):
                keys |= found[1]
    same = after.wanted is before.wanted
    labels = after.wanted if same else after.wanted & before.wanted
    return Stirred(keys=frozenset(keys), labels=labels)


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
