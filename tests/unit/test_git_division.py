"""Directories are divided so that every YAML file is searched exactly once."""

from collections.abc import Mapping

from hypothesis import example, given
from hypothesis import strategies as st

from gitops_canary.git.division import divide
from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import EMPTY_TREE, ObjectId, parse_tree
from gitops_canary.model.names import Path

Files = Mapping[Path, bytes | None]
PARTS = st.sampled_from(["a", "b", "c.yaml", "d.yml", "e.txt", "f"])
PATHS = st.lists(PARTS, min_size=1, max_size=5).map(lambda parts: Path("/".join(parts)))
WIDE: Files = {Path(f"apps/n{n}/x.yaml"): b"%d" % n for n in range(1001)}
"""Too many to name each."""
ALIKE: Files = {Path(f"n{n}/t{m}/x.yaml"): b"%d" % m for n in range(3) for m in range(4)}
"""The same tree lies at three places."""
FULL: Files = {Path(f"{n}.yaml"): b"" for n in range(60)} | {Path("a/x.yaml"): b""}
"""Too many files beside the directories to name each."""


def files_of(paths: list[Path]) -> Files:
    kept = {
        path for path in paths if not any(o != path and o.startswith(path + "/") for o in paths)
    }
    return {path: path[:1].encode() for path in kept}


@given(st.lists(PATHS, min_size=1, max_size=40).map(files_of), st.integers(1, 4))
@example(WIDE, 2)
@example(ALIKE, 2)
@example(FULL, 2)
def test_every_file_is_searched_once(files: Files, count: int) -> None:
    def unread(tree: ObjectId) -> bytes:
        raise AssertionError(tree)

    draft = Draft(unread)
    root = draft.edit(EMPTY_TREE, files)
    division = divide(lambda tree: parse_tree(draft.made[tree].body), root)
    shares = division.shares(count)
    assert all(shares)
    assert sorted(tree for share in shares for tree in share) == sorted(division.places)
    below = [
        place + path
        for tree, places in division.places.items()
        for path in draft.differing(EMPTY_TREE, tree)
        for place in places
        if path.endswith((".yaml", ".yml"))
    ]
    yaml = sorted(path for path in files if path.endswith((".yaml", ".yml")))
    assert sorted([*below, *division.loose]) == yaml
