"""What one tree has that another has not, down to modes, links and odd names."""

from collections.abc import Callable, Iterator

from gitops_canary.git.objects import EMPTY_TREE, Entry, ObjectId, parse_tree


def changes(
    body: Callable[[ObjectId], bytes], before: ObjectId, after: ObjectId, prefix: bytes = b""
) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
    """Yield (path, entry before, entry after) of everything that differs; trees are entered."""
    if before == after:
        return
    old, new = parse_tree(body(before)), parse_tree(body(after))
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        trees = [entry if entry and entry.is_tree else None for entry in (was, now)]
        if any(trees):
            below = [ObjectId(tree.id.hex()) if tree else EMPTY_TREE for tree in trees]
            yield from changes(body, below[0], below[1], prefix + name + b"/")
        files = [entry if entry and not entry.is_tree else None for entry in (was, now)]
        if any(files):
            yield prefix + name, files[0], files[1]
