"""A side's entry of a list as plain values, for what is written beside the list."""

from gitops_canary.manifest.document import Json, Node, Pointer, data
from gitops_canary.model.names import Path
from gitops_canary.routing.identity import Names, Side, renamed
from gitops_canary.routing.splits import Meaning, Split


def side_entry(
    root: Node, split: Split, side: Side, meaning: Meaning, names: Names, file: Path
) -> dict[str, Json]:
    """Give a side's entry without a weight; for a missing canary's the primary's, renamed."""
    found = split.canary if side == "canary" else split.primary
    entry = root.get(*(found or split.primary).at)
    assert entry is not None, "the split was found there"
    own = data(entry, file=file)
    assert isinstance(own, dict), "entries of rules are mappings"
    own.pop(str(meaning.weight_at[0]), None)
    if found is None:
        _rename(own, split.primary.name_at, names)
    return own


def _rename(entry: dict[str, Json], at: Pointer, names: Names) -> None:
    """Let a copy of the primary's entry name the canary."""
    inner: Json = entry
    for part in at[:-1]:
        assert isinstance(inner, dict), "the name was found there"
        inner = inner[str(part)]
    assert isinstance(inner, dict), "the name was found there"
    inner[str(at[-1])] = renamed(str(inner[str(at[-1])]), names)
