"""Objects built here are, byte for byte, those git itself builds."""

import os
import pathlib
import subprocess
from collections.abc import Callable, Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_canary.errors import ConfigError, EditRefused
from gitops_canary.git import trees
from gitops_canary.git.address import check_branch, parse_url
from gitops_canary.git.editing import Draft
from gitops_canary.git.identity import check_identity
from gitops_canary.git.objects import (
    EMPTY_TREE,
    Entry,
    Identity,
    Kind,
    ObjectId,
    build_commit,
    build_tree,
    object_id,
    parse_commit,
    parse_tree,
)
from gitops_canary.git.pack import build_pack
from gitops_canary.model.names import Path

GitRun = Callable[..., bytes]
WHO = Identity(name="gitops-canary", email="canary@example.com")
ENV = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}
few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
names = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=8
).filter(lambda name: name.lower() not in {".", "..", ".git", "git~1"})
# Few letters, so that names are prefixes of each other: git sorts directories as `name/`.
close_names = st.text("ab.-0", min_size=1, max_size=3).filter(lambda name: set(name) != {"."})
paths = st.lists(names | close_names, min_size=1, max_size=3).map("/".join)


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


def without_clashes(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Leave out every path that another one has as its directory."""
    return {
        path: body
        for path, body in files.items()
        if not any(other.startswith(path + "/") for other in files)
    }


def oracle_tree(git: GitRun, files: Mapping[str, bytes], index: pathlib.Path) -> str:
    """The tree git writes for files, through an index."""
    index.unlink(missing_ok=True)
    lines = []
    for path, body in files.items():
        blob = git("hash-object", "-w", "--stdin", stdin=body).decode()
        lines.append(f"100644 {blob}\t{path}\0".encode())
    git("update-index", "-z", "--index-info", stdin=b"".join(lines), GIT_INDEX_FILE=str(index))
    return git("write-tree", GIT_INDEX_FILE=str(index)).decode()


@few
@given(body=st.binary(max_size=300))
def test_blob_ids_are_gits(git: GitRun, body: bytes) -> None:
    assert object_id(Kind.BLOB, body) == git("hash-object", "--stdin", stdin=body).decode()


@few
@given(
    before=st.dictionaries(paths, st.binary(max_size=8), max_size=6),
    changes=st.dictionaries(paths, st.binary(max_size=8), max_size=6),
    deleted=st.sets(st.integers(0, 5), max_size=3),
)
def test_edited_trees_are_gits(
    git: GitRun,
    tmp_path_factory: pytest.TempPathFactory,
    before: dict[str, bytes],
    changes: dict[str, bytes],
    deleted: set[int],
) -> None:
    index = tmp_path_factory.getbasetemp() / "index"
    before = without_clashes(before)
    gone = {path for number, path in enumerate(before) if number in deleted}
    kept = {path: body for path, body in before.items() if path not in gone}
    after = without_clashes({**kept, **changes})
    wanted = {path: body for path, body in changes.items() if path in after}
    if kept.keys() - after.keys() or any(
        path.startswith(other + "/") or other.startswith(path + "/")
        for path in wanted
        for other in gone
    ):
        return  # a file in the way of a directory: refused, see the test below
    root = oracle_tree(git, before, index)
    draft = Draft(lambda tree: git("cat-file", "tree", tree))
    edits: dict[Path, bytes | None] = {Path(path): body for path, body in wanted.items()}
    edits |= {Path(path): None for path in gone - wanted.keys()}
    made = draft.edit(ObjectId(root), edits)
    assert made == oracle_tree(git, after, index)
    for name, written in draft.made.items():
        assert name == object_id(written.kind, written.body)
    if draft.made:
        pack = build_pack(draft.made.values())
        git("index-pack", "--stdin", "--fix-thin", "--strict", stdin=pack)
        assert git("ls-tree", "-r", "-z", "--name-only", made).count(b"\0") == len(after)


@few
@given(
    message=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    date_s=st.integers(0, 1 << 35),
    parents=st.integers(0, 2),
)
def test_commits_are_gits(git: GitRun, message: str, date_s: int, parents: int) -> None:
    tree = git("mktree").decode()
    above: list[ObjectId] = []
    for number in range(parents):
        body = build_commit(tree=EMPTY_TREE, parents=[], who=WHO, date_s=number, message="p\n")
        name = git("hash-object", "-w", "-t", "commit", "--stdin", stdin=body).decode()
        above.append(ObjectId(name))
    who = {
        f"GIT_{role}_{key}": value
        for role in ("AUTHOR", "COMMITTER")
        for key, value in (("NAME", WHO.name), ("EMAIL", WHO.email), ("DATE", f"@{date_s} +0000"))
    }
    options = [word for parent in above for word in ("-p", parent)]
    made = git("commit-tree", tree, *options, stdin=message.encode(), **who).decode()
    body = build_commit(tree=EMPTY_TREE, parents=above, who=WHO, date_s=date_s, message=message)
    assert object_id(Kind.COMMIT, body) == made
    raw = parse_commit(body)
    assert (raw.tree, raw.parents, raw.date_s) == (EMPTY_TREE, tuple(above), date_s)
    assert (raw.author, raw.committer, raw.message) == (str(WHO), str(WHO), message)
    assert raw.payload == body


@few
@given(
    st.dictionaries(
        names.map(str.encode),
        st.builds(
            Entry,
            st.sampled_from([b"100644", b"100755", b"120000", b"40000", b"160000"]),
            st.binary(min_size=20, max_size=20),
        ),
        max_size=8,
    )
)
def test_trees_are_gits_in_every_mode(git: GitRun, entries: dict[bytes, Entry]) -> None:
    kinds = {b"40000": "tree", b"160000": "commit"}
    lines = b"".join(
        b"%s %s %s\t%s\0" % (e.mode, kinds.get(e.mode, "blob").encode(), e.id.hex().encode(), name)
        for name, e in entries.items()
    )
    body = build_tree(entries)
    assert object_id(Kind.TREE, body) == git("mktree", "-z", "--missing", stdin=lines).decode()
    assert parse_tree(body) == entries


@pytest.mark.parametrize("body", [b"100644 a\0short", b"100644 a", b"x", b"100644 a\0" + b"1" * 21])
def test_parse_tree_refuses_what_is_no_tree(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_tree(body)


@given(st.binary(max_size=200))
def test_parse_commit_refuses_what_is_no_commit(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_commit(body)


@pytest.mark.parametrize(
    "files", [{"a": b"", "a/b": b""}, {"a/b/c": b"", "a.x": b"", "a/b": None}, {"a": None}]
)
def test_edit_refuses_contradictions(files: dict[str, bytes | None]) -> None:
    with pytest.raises(EditRefused):
        Draft(lambda _: b"").edit(EMPTY_TREE, {Path(path): body for path, body in files.items()})


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("https://git.example/acme/config.git", "https"),
        ("https://git.example:8443/~me/a%20b.git", None),
        ("https://git.example/~me/a%2Db.git", "https"),
        ("ssh://git@git.example/acme/config.git", "ssh"),
        ("git@git.example:acme/config.git", "ssh"),
        ("http://127.0.0.1:8080/origin.git", "http"),
        ("http://git.example/origin.git", None),
        ("file:///srv/repo.git", None),
        ("/srv/repo.git", None),
        ("ext::sh -c id", None),
        ("ext::id", None),
        ("git://git.example/x", None),
        ("https://user:tok@host/r.git", None),
        ("https://tok@host/r.git", None),
        ("https://host/\tr.git", None),
        ("https://host/r.git\n", None),
        ("https://host/%0ar.git", None),
        ("https://good\\@evil/r.git", None),
        ("https://good#@evil/r.git", None),
        ("https://a@b@evil/r.git", None),
        ("https://host:1:2/r.git", None),
        ("https://$HOME/r.git", None),
        ("https://%PATH%/r.git", None),
        ("ssh://-oProxyCommand=id/r.git", None),
        ("-oProxyCommand=id@host:r.git", None),
        ("git@-oProxyCommand=id:r.git", None),
        ("--upload-pack=id", None),
        ("", None),
    ],
)
def test_parse_url_accepts_only_known_protocols(url: str, scheme: str | None) -> None:
    if scheme:
        assert parse_url(url).scheme == scheme
        return
    with pytest.raises(ConfigError) as refused:
        parse_url(url)
    assert "tok" not in str(refused.value)


@pytest.mark.parametrize(
    "branch",
    ["--upload-pack=touch pwned", "-x", "refs/heads/-x", "HEAD", "refs/heads/main", "@{u}", "a..b",
     "main.lock", "`id`", "$(id)", "a\nb", "a\0b", "m\u202eain", "m\u0430in", "", "a//b", "a/",
     "a/.b", "a/-b", "a."],
)  # fmt: skip
def test_check_branch_refuses_everything_odd(branch: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_branch(branch)
    assert str(refused.value).replace("\n", "").isprintable()


@pytest.mark.parametrize("branch", ["main", "release/1.2", "gitops-canary/evidence", "a_b-C"])
def test_check_branch_accepts_what_git_accepts(git: GitRun, branch: str) -> None:
    assert check_branch(branch) == branch
    git("check-ref-format", f"refs/heads/{branch}")


@pytest.mark.parametrize("name", ["", " x", "x.", "a<b", "a>b", "a\nb", "\u202e"])
def test_check_identity_refuses_what_git_would_change(name: str) -> None:
    with pytest.raises(ConfigError):
        check_identity(name, "a@b")
    with pytest.raises(ConfigError):
        check_identity("a", name)


@pytest.mark.parametrize("name", [b"", b".", b"..", b".git", b".GIT", b"a/b", b"\xff"])
def test_names_no_checkout_could_have_are_no_paths(name: bytes) -> None:
    assert trees.text_of(name) is None
    assert trees.text_of(b"git") == "git"
