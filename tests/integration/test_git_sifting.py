"""What git finds by searching is what reading every file finds, whatever the files hold."""

import re
from collections.abc import Sequence
from random import Random

import pytest
from git_plans import OpenRepository
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_canary.app.indexing import Index, Indexer, PlainSift
from gitops_canary.git.commands import grep
from gitops_canary.git.repository import Repository
from gitops_canary.git.words import patterns
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Revision

KINDS = (
    b"kind: Canary", b"kind: MetricTemplate", b'"kind" : "AlertProvider"', b"kind: &k Canary",
    b"kind: !!str 'Canary'", b"kind: # a comment\n  Canary", b"kind: >-\n  Canary",
    b'kind: "C\\u0061nary"', b'"\\u006bind": Canary', b"x: &k Canary\nkind: *k", b"kind: List",
    b"kind: Canary-like", b"kind: Canary_x", b"# Canary", b"kind: canary",
    b"kind: Deployment", b"kind: Service", b"kind: ConfigMap", b"kind: NetworkPolicy",
)  # fmt: skip
NAMES = (
    b"web", b"web-primary", b"web-canary", b"web-1", b"web1", b"1web", b"web_x", b"web.prod.svc",
    b"http://web:80/", b"`web`", b"'web'", b'"\\x77eb"', b'"we\\\n  b"', b'"we\\\r\n  b"', b"\\",
    b"we", b"api", b"API", b"db-0", b"-web", b"web-", b"\xffweb\xfe", b"w\xc3\xa9b", b"a\0web",
    b"web\r", b"x" * 9000 + b" web",
)  # fmt: skip
ENDS = (b"\n", b"\r\n", b"", b"\n---\n")
PATHS = (
    "a.yaml", "a.yml", "a.yaml.txt", "a.json", "apps/a.yaml", "apps/x y.yml", "apps/l\nf.yaml",
    "apps/[a]/b.yaml", "apps/a/b.yaml", "apps/ä.yaml", "apps/'q'\".yaml", "apps/.hidden.yaml",
    "apps/.yaml", "apps/-e.yaml", "apps/:(top)x.yaml", "apps-evil/a.yaml", "apps/deep/er/c.yml",
    "one.yaml/in.yaml", "apps/UP.YAML",
)  # fmt: skip
FOLDERS = ((), ("apps",), ("apps/[a]/", "one.yaml"), ("apps/deep", "a.yaml"), ("*",), ("/",))
LABELS = (frozenset({"web"}), frozenset({"web-primary", "we", "db-0"}),
          frozenset({"api", "web-canary", *(f"s{n}-x{n % 7}" for n in range(3000))}))  # fmt: skip
ATTRIBUTES = b"* binary -diff -text filter=x diff=x working-tree-encoding=UTF-16 eol=crlf\n"


def body(rng: Random) -> bytes:
    parts = [rng.choice((*KINDS, *(b"name: " + name for name in NAMES))) for _ in range(3)]
    data = b"".join(part + rng.choice(ENDS) for part in parts)
    if rng.random() < 0.2:
        return data.decode("latin-1").encode(
            rng.choice(("utf-16", "utf-16", "utf-16-be", "utf-8-sig"))
        )
    return data


def shown(index: Index) -> tuple[object, ...]:
    return dict(index.policies), dict(index.subjects), dict(index.naming)


def agree(repository: Repository, revision: Revision, folders: Sequence[str]) -> None:
    found = Indexer(repository, repository, folders)
    read = Indexer(repository, PlainSift(repository), folders)
    names = ("a.yaml", "b.yaml", "ä.yaml", ".yaml", "deep", "lost.yaml")
    listed = PlainSift(repository).named(revision, names)
    assert listed
    assert repository.named(revision, names) == listed
    ours, theirs = found.begin(revision), read.begin(revision)
    assert shown(ours) == shown(theirs)
    for labels in LABELS:
        ours, theirs = found.widen(ours, labels), read.widen(theirs, labels)
        assert shown(ours) == shown(theirs)


@pytest.mark.parametrize("perl", [True, False])
def test_an_index_by_search_is_an_index_by_reading(
    origin: Origin, open_repository: OpenRepository, perl: bool
) -> None:
    rng = Random(perl)  # noqa: S311 - for files, not for secrets
    files: dict[str, bytes | None] = {".gitattributes": ATTRIBUTES}
    revisions = []
    for _ in range(4):
        paths = rng.sample(PATHS, k=rng.randint(len(PATHS) // 2, len(PATHS)))
        files |= {path: body(rng) for path in paths}
        revisions.append(Revision(origin.commit(files, "x\n")))
    repository = open_repository()
    repository.fetch()
    repository._sifting._perl = perl  # a git without PCRE2 is not at hand
    for revision in revisions:
        for folders in FOLDERS:
            agree(repository, revision, folders)
    assert repository._sifting._perl == perl


def test_a_link_a_submodule_and_a_name_no_checkout_has_are_not_listed(
    origin: Origin, open_repository: OpenRepository
) -> None:
    tip = origin.commit({"a.yaml": b"web", "b.yaml": b"web"}, "x\n")
    blob = origin.git("rev-parse", f"{tip}:a.yaml")
    entries = f"100644 blob {blob}\ta.yaml\n120000 blob {blob}\tlink.yaml\n"
    entries += f"160000 commit {tip}\tsub.yaml\n100755 blob {blob}\tx.yaml\n"
    tree = origin.git("mktree", stdin=entries.encode())
    who = {f"GIT_{r}_{k}": "ada" for r in ("AUTHOR", "COMMITTER") for k in ("NAME", "EMAIL")}
    revision = Revision(origin.git("commit-tree", tree, "-p", tip, stdin=b"x", env=who))
    origin.git("update-ref", f"refs/heads/{origin.branch}", revision)
    repository = open_repository()
    repository.fetch()
    found = repository.mentioning(revision, ["web"], [])
    assert {path: blob.executable for path, blob in found.items()} == {
        "a.yaml": False, "x.yaml": True,
    }  # fmt: skip


@settings(max_examples=50)
@given(st.lists(st.text("ab1Z-", min_size=1, max_size=5), min_size=1))
def test_patterns_match_exactly_the_words(words: list[str]) -> None:
    (line, _) = patterns(words, perl=True).splitlines()
    pattern = re.compile(line)
    assert all(pattern.fullmatch(word.encode()) for word in words)
    others = {word[:-1] for word in words} | {word + "x" for word in words}
    assert not any(pattern.fullmatch(other.encode()) for other in others - set(words))


def test_many_words_make_several_patterns_that_git_compiles() -> None:
    words = [f"{n * 7919 % 100_003:05}-{'abcdefgh'[n % 8]}" * 3 for n in range(5000)]
    lines = patterns(words, perl=True).splitlines()
    assert max(map(len, lines)) < 30_000
    assert len(lines) > 5


def test_a_folder_outside_is_refused_before_git() -> None:
    with pytest.raises(ValueError, match="not a folder"):
        grep(["0" * 40], ["../x"], perl=True)
