"""Every form a YAML text may take: what is changed, added and removed, and what is refused."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitops_canary.errors import EditRefused, SpecError
from gitops_canary.manifest.block_yaml import block
from gitops_canary.manifest.document import (
    Json,
    Pointer,
    append_item,
    data,
    insert_key,
    parse,
    remove,
    set_scalar,
    set_text,
    splice,
    text_of,
)

FILE = "f.yaml"
FORMS = {
    "CRLF": "a: 1\r\nm:\r\n  k: v\r\nl:\r\n  - x\r\n",
    "byte-order mark": "\ufeffa: 1\nm:\n  k: v\nl:\n  - x\n",
    "no final newline": "l:\n- x\na: 1\nm:\n  k: v",
    "tab after colon": "a:\t1\nm:\n  k:\tv\nl:\n  - x\n",
    "not ASCII": "# ärger\na: 1 # 日本\nm:\n  k: ü\nl:\n  - ß\n",
    "line separators in text": "c: 'x\u2028y'\na: 1\nm:\n  k: v\nl:\n  - x\n",
    "alias as key": "n: &app v\na: 1\nm:\n  *app : v\n  k: v\nl:\n  - x\n",
    "anchor used twice": "p: &x 1\nq: *x\nr: &x 2\ns: *x\na: 1\nm: {k: v}\nl: [x]\n",
    "documents, some empty": "---\n---\n# c\n---\na: 1\nm:\n  k: v\nl:\n  - x\n...\n",
    "flow": "{a: 1, m: {k: v}, l: [x]} # c\n",
    "JSON": '{\n  "a": 1,\n  "m": {\n    "k": "v"\n  },\n  "l": [\n    "x"\n  ]\n}\n',
    "comments everywhere": "a: 1 # 1\n# 2\nm: # 3\n  # 4\n  k: v # 5\n  # 6\nl: # 7\n  - x # 8\n",
    "trailing blanks": "a: 1  \nm:  \n  k: v \nl: \n  - x \n \n",
    "lists at their key's column": "a: 1\nm:\n  k: v\nl:\n- x\n",
    "quoted keys": "'a': 1\n\"m\":\n  'k': 'v'\n\"l\":\n  - 'x'\n",
    "explicit key": "? a\n: 1\nm:\n  k: v\nl:\n  - x\n",
    "merge key": "d: &d {z: 1}\ne:\n  <<: *d\na: 1\nm:\n  k: v\nl:\n  - x\n",
}


def meaning(text: str, *path: str | int) -> Json:
    node = next(r for r in reversed(parse(text, file=FILE)) if r is not None).get(*path)
    assert node is not None
    return data(node, file=FILE)


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS.keys())
def test_an_edit_and_its_inverse_give_the_same_bytes(text: str) -> None:
    document = len(parse(text, file=FILE)) - 1

    changed = set_scalar(text, document, ("a",), 7, file=FILE)
    assert (meaning(changed, "a"), set_scalar(changed, document, ("a",), 1, file=FILE)) == (7, text)
    added = insert_key(text, document, ("m",), "w", {"deep": [1]}, file=FILE)
    assert meaning(added, "m", "w") == {"deep": [1]}
    assert remove(added, document, ("m", "w"), file=FILE) == text
    longer = append_item(text, document, ("l",), {"name": "y", "weight": 3}, file=FILE)
    assert meaning(longer, "l", 1) == {"name": "y", "weight": 3}
    assert remove(longer, document, ("l", 1), file=FILE) == text


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("d: &d {a: 1}\ne:\n  <<: *d\n", ("e", "a"), "merge key"),
        ("d: &d {a: 1}\ne: *d\n", ("e", "a"), "alias"),
        ("d: &d {a: 1}\ne: *d\n", ("d", "a"), "elsewhere"),
        ("a: ${TAG}\n", ("a",), "placeholder"),
        ("a: '{{ .Tag }}'\n", ("a",), "placeholder"),
        ("a: {{ .Tag }}\n", ("a",), "not a plain or quoted scalar"),
        ("a: >\n  x\n", ("a",), "plain or quoted"),
        ("a: ENC[AES256_GCM,data:x]\n", ("a",), "placeholder"),
        ("sops:\n  mac: x\na: 1\n", ("a",), "SOPS"),
        ("a: 1\n", ("b",), "nothing there"),
    ],
)
def test_what_cannot_be_changed_alone_is_refused_with_its_place(
    text: str, path: Pointer, why: str
) -> None:
    with pytest.raises(EditRefused, match=why) as error:
        set_scalar(text, 0, path, "2", file=FILE)

    assert error.value.place is not None
    assert error.value.remedy


def test_a_documents_root_is_no_entry() -> None:
    text = "a: 1\nb: 2\n"
    with pytest.raises(EditRefused):
        remove(text, 0, (), file=FILE)
    with pytest.raises(EditRefused):
        splice(text, 0, (), text, 0, ("a",), file=FILE)


def test_removing_leaves_no_half_collection() -> None:
    for text, path in (
        ("a:\n  - x\n", ("a", 0)),
        ("a: [x]\n", ("a", 0)),
        ("a:\n  b: 1\n", ("a", "b")),
    ):
        with pytest.raises(EditRefused, match="alone"):
            remove(text, 0, path, file=FILE)
    with pytest.raises(EditRefused, match="shares"):
        remove("- a: 1\n  b: 2\n- c\n", 0, (0, "a"), file=FILE)
    assert remove("a: [x, y, z]\n", 0, ("a", 0), file=FILE) == "a: [y, z]\n"
    assert remove("a: [x, y, z]\n", 0, ("a", 2), file=FILE) == "a: [x, y]\n"


OUTER = """\
spec:
  source:
    helm:
      values: |   # chart values
        image:
          tag: 1.0 # note

        other: x
  after: 1
"""


def test_yaml_inside_a_literal_block_changes_one_line() -> None:
    path = ("spec", "source", "helm", "values")
    for text in (
        OUTER,
        OUTER.replace("\n", "\r\n"),
        OUTER.replace("|", "|-"),
        OUTER.replace("  after: 1\n", ""),
    ):
        node = parse(text, file=FILE)[0]
        assert node is not None
        inner = node.get(*path)
        assert inner is not None
        changed = set_scalar(inner.value, 0, ("image", "tag"), "1.1", file=FILE)

        assert set_text(text, 0, path, changed, file=FILE) == text.replace("tag: 1.0", "tag: 1.1")
        assert set_text(text, 0, path, inner.value, file=FILE) == text
        grown = insert_key(inner.value, 0, ("image",), "digest", "x", file=FILE)
        assert set_text(text, 0, path, grown, file=FILE).count("\n          digest: x") == 1


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_added_to_a_block_end_as_its_others_do(end: str) -> None:
    lines = ["a: |", "  x: 1", "", "b: 2", ""]
    changed = set_text(end.join(lines), 0, ("a",), "x: 1\ny: 2\n", file=FILE)
    assert changed == end.join([*lines[:2], "  y: 2", *lines[2:]])


def test_json_inside_a_quoted_scalar_changes_in_place() -> None:
    text = """a: '{"weight": 10, "it''s": 1}' # c\n"""

    assert set_text(text, 0, ("a",), '{"weight": 20, "it\'s": 1}', file=FILE) == text.replace(
        "10", "20"
    )
    for other in ('a: "\\u0041"\n', "a: >\n  x\n", "a: 'x\n  y'\n"):
        with pytest.raises(EditRefused):
            set_text(other, 0, ("a",), "z", file=FILE)


_TEXTS = st.text("ab1:# -{[\"'", min_size=1, max_size=8).filter(lambda t: "{{" not in t)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), _TEXTS)
_KEYS = st.text("abc-._", min_size=1, max_size=5).filter(lambda k: k.strip("-._"))
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4),
        st.dictionaries(_KEYS, inner, min_size=1, max_size=4),
    ),
    max_leaves=12,
)
_ROOTS = st.dictionaries(_KEYS, _TREES, min_size=1, max_size=4)


def leaves(value: Json, at: Pointer = ()) -> list[Pointer]:
    if isinstance(value, dict):
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*at, key))]
    if isinstance(value, list):
        return [leaf for i, inner in enumerate(value) for leaf in leaves(inner, (*at, i))]
    return [at]


@given(_ROOTS, st.data(), _TEXTS)
def test_an_edit_of_any_tree_equals_the_edit_of_its_model(
    tree: dict[str, Json], draw: st.DataObject, new: str
) -> None:
    text = block(tree)
    assert meaning(text) == tree
    path = draw.draw(st.sampled_from(leaves(tree)))
    # A plain number stays plain: that is how tags like 20240101 are bumped.
    assume(not isinstance(meaning(text, *path), int) or "1" not in new)

    changed = set_scalar(text, 0, path, new, file=FILE)

    model: Json = tree
    for part in path[:-1]:
        model = model[part]  # type: ignore[index] # the path was read off the tree
    model[path[-1]] = new  # type: ignore[index] # as above
    assert meaning(changed) == tree
    before, after = text.split("\n"), changed.split("\n")
    assert len(before) == len(after)
    assert sum(a != b for a, b in zip(before, after, strict=True)) <= 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: {image: a/b:1}\nb: [\n", 3),  # the fast parser stops at line 1
        ("a: |\n  \n    text\nb: *\n", 4),  # the slow one at line 3
    ],
)
def test_of_two_parsers_the_one_that_came_further_tells_what_is_wrong(text: str, line: int) -> None:
    with pytest.raises(SpecError, match="not YAML") as refused:
        parse(text, file=FILE)
    assert refused.value.place is not None
    assert refused.value.place.line == line


def test_a_block_ends_behind_its_last_character_whatever_that_is() -> None:
    for last in ("x", "x\u00a0", "\u3000"):
        text = f"a: |\n  y\n  {last}\n\n# c\nb: 1\n"
        root = parse(text, file=FILE)[0]
        node = root.get("a") if root else None
        assert node is not None
        assert text[node.start : node.end] == f"|\n  y\n  {last}"
        changed = set_text(text, 0, ("a",), f"z\n{last}\n", file=FILE)
        assert changed == text.replace("  y", "  z")


def test_an_empty_value_stands_behind_its_colon_and_in_no_comment() -> None:
    for text in ("a:\nb: 1\n", "? a # c: d\n:\nb: 1\n", "? a\n:   # c: d\nb: 1\n", "{a: , b: 1}\n"):
        root = parse(text, file=FILE)[0]
        node = root.get("a") if root else None
        assert node is not None
        assert text[node.start - 1] == ":"
        assert "#" not in text[: node.start].split("\n")[-1]
        assert meaning(set_scalar(text, 0, ("a",), 7, file=FILE)) == {"a": 7, "b": 1}


@pytest.mark.parametrize(
    ("raw", "place", "why"),
    [
        (b"a: 1\r\nb: x\x07\n", "f.yaml:2:5", "U\\+0007"),
        ("a: ü\uffff".encode(), "f.yaml:1:5", "U\\+FFFF"),
        (b"a: 1\nb: \xff", "f.yaml:2:4", "not UTF-8"),
        ("a: 1".encode("utf-16"), "f.yaml:1:1", "not UTF-8"),
        (b"a: 1\rb: \0", "f.yaml:2:4", "NUL"),
        (b"a: 1\nb: " + b"[" * 1001, "f.yaml:2:1004", "1000 deep"),
        (b"a: " + b"[" * 66, "f.yaml:1:68", "64 deep"),
    ],
)
def test_what_is_no_text_is_told_where(raw: bytes, place: str, why: str) -> None:
    with pytest.raises(SpecError, match=why) as error:
        parse(text_of(raw, file=FILE), file=FILE)
    assert str(error.value.place) == place


def test_lines_that_end_in_a_carriage_return_alone_stay_so() -> None:
    text = "m:\r  a: 1\r"
    assert insert_key(text, 0, ("m",), "b", 2, file=FILE) == "m:\r  a: 1\r  b: 2\r"
    assert set_scalar(text, 0, ("m", "a"), 2, file=FILE) == "m:\r  a: 2\r"
    with pytest.raises(EditRefused):
        insert_key(f"{text}n: 1\r", 0, ("m",), "b", 2, file=FILE)
