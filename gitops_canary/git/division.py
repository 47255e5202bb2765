"""A revision's directories divided among searches that run beside each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gitops_canary.git.objects import Entry, ObjectId
from gitops_canary.git.trees import id_of, text_of

_SUFFIXES = (".yaml", ".yml")
_ENOUGH = 8
"""So many directories make shares that are about alike."""
_DIRECTORIES_MAX = 1000
"""Each is a word of a command line."""
_LOOSE_MAX = 50
"""So many files beside the directories, each named to the search that looks into them."""


@dataclass(frozen=True, slots=True)
class Division:
    """Directories of which none holds another, and the YAML files that lie in none of them."""

    places: Mapping[ObjectId, Sequence[str]]
    """Where each directory lies, as `apps/web/`; one tree may lie at several places."""
    loose: Sequence[str] = ()

    def shares(self, count: int) -> list[list[ObjectId]]:
        """Deal the directories out; no share is empty."""
        trees = list(self.places)
        return [share for n in range(count) if (share := trees[n::count])]


def divide(entries: Callable[[ObjectId], Mapping[bytes, Entry]], root: ObjectId) -> Division:
    """Go down from a root tree until there are enough directories, or as far as that is worth it.

    >>> divide(lambda tree: {}, ObjectId("1" * 40)).places
    {'1111111111111111111111111111111111111111': ('',)}
    """
    division = Division({root: ("",)})
    while len(division.places) < _ENOUGH:
        below = _below(entries, division)
        if not 0 < len(below.places) <= _DIRECTORIES_MAX or len(below.loose) > _LOOSE_MAX:
            break
        division = below
    return division


def _below(entries: Callable[[ObjectId], Mapping[bytes, Entry]], division: Division) -> Division:
    places: dict[ObjectId, list[str]] = {}
    loose = list(division.loose)
    for tree, above in division.places.items():
        for name, entry in entries(tree).items():
            text = text_of(name)
            if text is not None and entry.is_tree:
                places.setdefault(id_of(entry), []).extend(f"{at}{text}/" for at in above)
            elif text is not None and entry.is_file and text.endswith(_SUFFIXES):
                loose.extend(at + text for at in above)
    return Division(places, loose)
