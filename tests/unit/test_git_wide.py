"""Wide trees are looked into and compared as if every entry were taken apart."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gitops_canary.git.objects import Entry, build_tree, parse_tree, place_entries
from gitops_canary.git.wide import WIDE, Places, cut, entry_in

# Names that hold others, and ids that hold whole entries, as a submodule's may.
NAMES = (b"a", b"b", b"aa", b"a b", b"x 40000 a", b"100644 a", b"\xff", b"b 100644 b", b"z")
IDS = (
    b"\0" * 20, b" " * 20, b"40000 a\0" + b"i" * 12, b"00 b\x00100644 a\0" + b"j" * 6, b"k" * 20,
    b"\x0040000 a\0" + b"\0" * 11,
)  # fmt: skip
ENTRIES = st.builds(
    Entry, st.sampled_from((b"40000", b"100644", b"100755", b"160000")), st.sampled_from(IDS)
)
TREES = st.dictionaries(st.sampled_from(NAMES), ENTRIES)
few = settings(max_examples=300, deadline=None)


@few
@given(TREES, st.sampled_from((*NAMES, b"none", b"40000 a")))
def test_an_entry_is_found_as_if_all_were_read(tree: dict[bytes, Entry], name: bytes) -> None:
    body = build_tree(tree)
    assert entry_in(body, name) == place_entries(body).get(name)


@few
@given(TREES, TREES)
def test_what_is_cut_off_is_the_same_in_both(
    tree: dict[bytes, Entry], changes: dict[bytes, Entry]
) -> None:
    other = {**tree, **changes}
    for gone in list(changes)[::2]:
        del other[gone]
    both = build_tree(tree), build_tree(other)
    for one, two in (both, both[::-1]):
        old, new = map(parse_tree, cut(one, two))
        whole_old, whole_new = parse_tree(one), parse_tree(two)
        assert old.items() ^ new.items() == whole_old.items() ^ whole_new.items()
        assert old.items() <= whole_old.items()
        assert new.items() <= whole_new.items()


def test_few_names_of_a_wide_tree_are_found_one_by_one_and_more_all_at_once() -> None:
    tree = {b"d%05d" % n: Entry(b"40000", n.to_bytes(20)) for n in range(WIDE // 25)}
    body = build_tree(tree)
    assert len(body) > WIDE
    places, all_of_them = Places(body), place_entries(body)
    names = [*list(tree)[::300], b"none", *list(tree)[1::300]]
    assert [places.find(name) for name in names] == [all_of_them.get(name) for name in names]
    changed = build_tree({**tree, b"d00100": Entry(b"40000", b"\0" * 20)})
    assert [len(part) for part in cut(body, changed)] == [33, 33]
