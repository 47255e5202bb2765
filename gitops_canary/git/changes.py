"""What differs between two trees, whatever it is: files of any mode, links, modules, odd names."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from gitops_canary.git.objects import EMPTY_TREE, Entry, ObjectId

Entries = Mapping[bytes, Entry]
Pair = tuple[ObjectId, ObjectId]


def changes(
    entries: Callable[[ObjectId], Entries], before: ObjectId, after: ObjectId
) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
    """Yield (path, entry before, entry after) of everything that differs; trees are entered."""
    left = [(b"", before, after)] if before != after else []
    while left:
        prefix, one, other = left.pop()
        old, new = entries(one), entries(other)
        for name in _differing(old, new):
            was, now = old.get(name), new.get(name)
            if pair := _below(was, now):
                left.append((prefix + name + b"/", *pair))
            files = [entry if entry and not entry.is_tree else None for entry in (was, now)]
            if any(files):
                yield prefix + name, files[0], files[1]


def below(
    entries: Callable[[ObjectId], Entries], pairs: Sequence[Pair], found: set[ObjectId]
) -> list[Pair]:
    """Give the pairs of trees one level further down, and add what files the later ones hold."""
    deeper: dict[Pair, None] = {}
    for before, after in pairs:
        old, new = entries(before), entries(after)
        for name in _differing(old, new):
            now = new.get(name)
            if pair := _below(old.get(name), now):
                deeper[pair] = None
            elif now is not None and now.is_file:
                found.add(ObjectId(now.id.hex()))
    return list(deeper)


def _differing(old: Entries, new: Entries) -> list[bytes]:
    return sorted({name for name, _ in old.items() ^ new.items()})


def _below(was: Entry | None, now: Entry | None) -> Pair | None:
    trees = [ObjectId(e.id.hex()) if e and e.is_tree else EMPTY_TREE for e in (was, now)]
    return (trees[0], trees[1]) if trees[0] != trees[1] else None
