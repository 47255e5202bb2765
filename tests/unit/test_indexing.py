"""The files that matter are the same whether found from nothing or kept by what changed."""

import hashlib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_canary.app.indexing import Index, Indexer, PlainSift
from gitops_canary.errors import Place, SpecError
from gitops_canary.manifest.catalog import headers
from gitops_canary.manifest.document import text_of
from gitops_canary.manifest.screen import (
    ANY_NAME,
    POLICY_KINDS,
    holds_policy,
    mentions,
    subject_of,
)
from gitops_canary.model.commits import Blob
from gitops_canary.model.names import BlobId, Path, Revision
from gitops_canary.model.sharded import Sharded

TEXTS = (
    b"kind: Canary\nmetadata: {name: web}\n",
    b"kind: Deployment\nmetadata: {name: web}\n",
    b"kind: Deployment\nmetadata: {name: api-primary}\n",
    b"kind: VirtualService\nspec: {hosts: [web.prod.svc]}\n",
    b'kind: Deployment\nmetadata: {name: "\\x77eb"}\n',
    b"kind: NetworkPolicy\nmetadata: {name: web}\n",
    b"nothing\n",
)
NAMES = ("apps/a.yaml", "apps/b.yml", "apps/c/d.yaml", "other/e.yaml", "apps/f.json")
WANTED = frozenset({"web", "web-primary", "api", "api-primary"})
files = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS))


class Shelf:
    """Revisions in memory."""

    def __init__(self, revisions: Sequence[Mapping[str, bytes]]) -> None:
        self.revisions = {Revision(str(n)): files for n, files in enumerate(revisions)}
        self.bodies: dict[BlobId, bytes] = {}

    def files(self, revision: Revision) -> Mapping[Path, Blob]:
        found = {}
        for path, data in self.revisions[revision].items():
            name = BlobId(hashlib.sha256(data).hexdigest())
            self.bodies[name] = data
            found[Path(path)] = Blob(id=name, executable=False)
        return found

    def read(self, blobs: Sequence[BlobId]) -> Mapping[BlobId, bytes]:
        return {blob: self.bodies[blob] for blob in blobs}


def shown(index: Index) -> tuple[object, ...]:
    naming = {label: sorted(paths) for label, paths in index.naming.items()}
    return dict(index.policies), dict(index.subjects), naming


@settings(max_examples=150, deadline=None)
@given(st.lists(files, min_size=2, max_size=5))
def test_following_gives_what_beginning_gives(revisions: list[dict[str, bytes]]) -> None:
    shelf = Shelf(revisions)
    indexer = Indexer(shelf, PlainSift(shelf), ["apps/"])
    index = indexer.widen(indexer.begin(Revision("0")), frozenset({"web"}))
    for revision in list(shelf.revisions)[1:]:
        index = indexer.widen(indexer.follow(index, revision), WANTED)
        fresh = indexer.widen(indexer.begin(revision), WANTED)
        assert shown(index) == shown(fresh)
        expecting = indexer.widen(indexer.begin(revision, frozenset({"web", "gone"})), WANTED)
        assert shown(expecting) == shown(fresh)
        assert all(path.startswith("apps/") for path in [*index.policies, *index.subjects])


def test_a_screen_passes_what_hides_its_name_and_stops_what_cannot_matter() -> None:
    found = [sorted(subject_of(text, WANTED)) for text in TEXTS]
    assert found == [[], ["web"], ["api-primary"], ["web"], [ANY_NAME], [], []]
    assert [holds_policy(text) for text in TEXTS] == [True, *[False] * 6]
    assert subject_of(b"kind: Service\nspec: {x: web-primary_prod_svc_80}", WANTED) == {
        "web-primary"
    }


SPELLED = (
    "kind: Canary", "{kind : Canary,", '{"kind":"Canary",', "kind: &k Canary", "kind: !!str Canary",
    "kind: &k !!str 'Canary'", "kind: # said below\n  Canary", "? kind\n: Canary",
    "kind: >-\n  Canary", "kind: |-\n Canary", 'kind: "C\\u0061nary"', 'kind: "Can\\\n  ary"',
    '"\\u006bin\\x64": Canary', 'kind: "\\U00000043anary"',
)  # fmt: skip


@pytest.mark.parametrize("spelled", SPELLED)
def test_a_canary_is_found_however_yaml_spells_its_kind(spelled: str) -> None:
    rest = "apiVersion: flagger.app/v1beta1", "metadata: {name: web}"
    flow = spelled.startswith("{")
    text = f"{spelled} {', '.join(rest)}}}" if flow else "\n".join((spelled, *rest))
    assert holds_policy(text.encode())
    assert mentions(text.encode(), frozenset(POLICY_KINDS))
    (ref,) = headers(text, file=Path("a.yaml"))
    assert (ref.kind, ref.name) == ("Canary", "web")


def test_a_kind_by_alias_and_a_canary_in_utf_16_are_told_of() -> None:
    text = "x: &k Canary\nkind: *k\nmetadata: {name: web}\n"
    assert holds_policy(text.encode())
    with pytest.raises(SpecError, match="kind is an alias"):
        headers(text, file=Path("a.yaml"))
    for encoding in ("utf-16", "utf-16-be"):
        data = ("\ufeffkind: Canary\n" if encoding[-2:] == "be" else "kind: Canary\n").encode(
            encoding
        )
        assert holds_policy(data)
        assert mentions(data, frozenset(POLICY_KINDS))
        with pytest.raises(SpecError, match="not UTF-8"):
            text_of(data, file="a.yaml")
    assert not holds_policy("kind: Service\n".encode("utf-16"))
    assert not holds_policy(b'kind: Service\nx: "\\u0061"\n')


def test_paths_without_any_file_are_known_until_one_comes_and_once_the_last_is_gone() -> None:
    canary = b"kind: Canary\n"
    shelf = Shelf([
        {"apps/a.yaml": canary, "charts/x.txt": b"x"},
        {"apps/a.yaml": canary, "app/new": b"x"},
        {"other/a.yaml": canary, "app/new": b"x", "charts-2/x": b"x"},
    ])  # fmt: skip
    indexer = Indexer(shelf, PlainSift(shelf), ["apps/", "app", "charts"])
    first = indexer.begin(Revision("0"))
    assert first.barren == ("app",)
    assert indexer.widen(first, frozenset({"web"})).barren == ("app",)
    second = indexer.follow(first, Revision("1"))
    assert second.barren == ("charts",)
    assert indexer.follow(second, Revision("2")).barren == ("apps/", "charts")
    assert Indexer(shelf, PlainSift(shelf), []).begin(Revision("0")).barren == ()


def test_a_kind_in_an_open_bracket_is_told_of_as_no_yaml() -> None:
    text = "kind: [HTTPRoute\nmetadata: {name: web}\nspec: {rules: web-primary}\n"
    assert subject_of(text.encode(), frozenset({"web-primary"}))
    with pytest.raises(SpecError, match="not YAML") as error:
        headers(text, file=Path("route.yaml"))
    assert error.value.place == Place("route.yaml", 2, 9)
    assert headers("kind: [Deployment, Job]\n", file=Path("policy.yaml")) == ()


def test_many_new_labels_are_found_as_few_are() -> None:
    shelf = Shelf([{f"apps/{n}.yaml": b"kind: Service\nname: s%d\n" % n for n in range(40)}])
    indexer = Indexer(shelf, PlainSift(shelf), [])
    begun = indexer.begin(Revision("0"))
    many = indexer.widen(begun, frozenset(f"s{n}" for n in range(40)))
    few = begun
    for n in range(40):
        few = indexer.widen(few, frozenset({f"s{n}"}))
    assert shown(many) == shown(few)
    assert list(many.footprint(["s7"])) == ["apps/7.yaml"]


@given(st.lists(st.dictionaries(st.integers(0, 200), st.none() | st.integers()), max_size=6))
def test_a_sharded_mapping_is_a_mapping_that_never_changes(
    changes: list[dict[int, int | None]],
) -> None:
    sharded: Sharded[int, int] = Sharded()
    plain: dict[int, int] = {}
    for change in changes:
        before, was = dict(sharded), sharded
        sharded = sharded.with_changes(change)
        plain.update({key: value for key, value in change.items() if value is not None})
        for key in (key for key, value in change.items() if value is None):
            plain.pop(key, None)
        assert dict(sharded) == plain
        assert len(sharded) == len(plain)
        assert dict(was) == before
