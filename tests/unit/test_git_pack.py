"""Packs and deltas of our own making are what git itself reads."""

import os
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_canary.git.editing import Draft
from gitops_canary.git.objects import EMPTY_TREE, Kind, ObjectId, object_id
from gitops_canary.git.pack import Delta, Made, build_indexed, build_pack, delta_at, delta_of
from gitops_canary.model.names import Path

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GitRun = Callable[..., bytes]
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@pytest.fixture(scope="module")
def git(tmp_path_factory: pytest.TempPathFactory) -> GitRun:
    directory = tmp_path_factory.mktemp("oracle")

    def run(*argv: str, stdin: bytes = b"", **env: str) -> bytes:
        done = subprocess.run(
            ["git", "--git-dir", str(directory / "r.git"), *argv],
            input=stdin, env={**ENV, **env}, check=True, capture_output=True,
        )  # fmt: skip
        return done.stdout if argv[0] == "cat-file" else done.stdout.removesuffix(b"\n")

    run("init", "-q", "--bare", str(directory / "r.git"))
    return run


@pytest.mark.parametrize("wide", [3, 300])
def test_a_long_chain_of_edits_is_one_small_pack_that_git_reads(git: GitRun, wide: int) -> None:
    draft = Draft(lambda tree: git("cat-file", "tree", tree))
    first = {Path(f"a/d{n:03}/f{n % 7}"): b"%d" % n for n in range(wide)}
    root = draft.edit(EMPTY_TREE, first)
    git("index-pack", "--stdin", "--strict", stdin=build_pack(draft.made.values()))
    draft = Draft(lambda tree: git("cat-file", "tree", tree))
    roots = []
    for n in range(120):
        files: dict[Path, bytes | None] = {Path(f"a/d{n % wide:03}/f{n % wide % 7}"): b"+%d" % n}
        if n % 50 == 49:
            files[Path(f"a/new{n}")] = b"new"
        root = draft.edit(root, files)
        roots.append(root)
    assert max(draft._depths.values()) == 39
    pack = build_pack(draft.made.values())
    assert len(pack) < sum(len(made.body) for made in draft.made.values())
    git("index-pack", "--stdin", "--fix-thin", "--strict", stdin=pack)
    for name, made in list(draft.made.items())[::7]:
        assert git("cat-file", made.kind.value.decode(), name) == made.body
    assert git("ls-tree", "-r", "--name-only", roots[-1]).count(b"\n") == wide + 1
    touched = {f"a/d{n % wide:03}/f{n % wide % 7}" for n in range(120)} | {"a/new49", "a/new99"}
    assert draft.differing(roots[0], roots[-1]) <= touched


@few
@given(head=st.binary(max_size=300), old=st.binary(), new=st.binary(), tail=st.binary())
def test_a_delta_gives_what_it_was_made_from(
    git: GitRun, head: bytes, old: bytes, new: bytes, tail: bytes
) -> None:
    base, body = head + old + tail, head + new + tail
    name = git("hash-object", "-w", "--stdin", stdin=base).decode().strip()
    delta = Delta(ObjectId(name), delta_of(base, body))
    if base == body or not body:
        return  # git takes no delta below four bytes; an empty tree is never told as one
    pack = build_pack([Made(Kind.BLOB, body, delta)])
    git("index-pack", "--stdin", "--fix-thin", stdin=pack)
    assert git("cat-file", "blob", object_id(Kind.BLOB, body)) == body


@few
@given(
    parts=st.lists(st.tuples(st.binary(max_size=90), st.binary(max_size=40)), min_size=1),
    tail=st.binary(max_size=90),
)
def test_a_delta_at_places_gives_what_it_was_made_from(
    git: GitRun, parts: list[tuple[bytes, bytes]], tail: bytes
) -> None:
    base, body, places = b"", b"", []
    for same, other in parts:
        places.append((len(base + same), len(base + same + other)))
        base, body = base + same + other, body + same + other[::-1]
    base, body = base + tail, body + tail
    if base == body:
        return  # as above
    name = git("hash-object", "-w", "--stdin", stdin=base).decode().strip()
    delta = Delta(ObjectId(name), delta_at(len(base), body, places))
    pack = build_pack([Made(Kind.BLOB, body, delta)])
    git("index-pack", "--stdin", "--fix-thin", stdin=pack)
    assert git("cat-file", "blob", object_id(Kind.BLOB, body)) == body


@pytest.mark.parametrize("size", [0, 1, 15, 16, 2047, 2048, 300_000])
def test_packs_are_read_by_git(git: GitRun, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    draft = Draft(lambda _: b"")
    name = draft.add(Kind.BLOB, body)
    git("index-pack", "--stdin", "--strict", stdin=build_pack(draft.made.values()))
    assert int(git("cat-file", "-s", name)) == size


@few
@given(bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=40, unique=True))
def test_a_pack_with_our_index_is_what_git_would_have_indexed(
    git: GitRun, tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    made = {object_id(Kind.BLOB, body): Made(Kind.BLOB, body) for body in bodies}
    pack, index = build_indexed(made)
    file = tmp_path_factory.mktemp("pack") / "one.pack"
    file.write_bytes(pack)
    git("index-pack", "--strict", str(file))
    assert file.with_suffix(".idx").read_bytes() == index
