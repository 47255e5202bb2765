"""Reading and changing YAML texts byte by byte."""

import difflib

import pytest

from gitops_canary.errors import EditRefused, SpecError
from gitops_canary.manifest.document import (
    duplicate_item,
    insert_key,
    parse,
    remove,
    set_scalar,
    splice,
    text_of,
)

FILE = "f.yaml"
PLAIN = "a: 1 # c\nb:\n  - x: 'q'\n  -  y\n# end\nc: |\n  text\nd:\ne: {a: 1, b: [1,2]}\n"


def changed(old: str, new: str) -> list[str]:
    """The lines that differ, as a unified diff without context says them."""
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
    return [line for line in diff if line[0] in "+-" and line[:3] not in {"+++", "---"}]


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("a",), 2, "+a: 2 # c"),
        (("a",), "x: y", '+a: "x: y" # c'),
        (("a",), "1.21", "+a: 1.21 # c"),
        (("a",), "1.20", '+a: "1.20" # c'),
        (("b", 0, "x"), "it's", "+  - x: 'it''s'"),
        (("b", 1), "word", "+  -  word"),
        (("d",), 5, "+d: 5"),
        (("e", "b", 1), 7, "+e: {a: 1, b: [1,7]}"),
    ],
)
def test_set_scalar_changes_one_line(path: tuple[str | int, ...], value: str, line: str) -> None:
    new = set_scalar(PLAIN, 0, path, value, file=FILE)

    assert changed(PLAIN, new)[1:] == [line]


@pytest.mark.parametrize(
    ("text", "path", "why"),
    [
        ("a: &x 1\nb: *x\n", ("a",), "anchor"),
        ("a: &x 1\nb: *x\n", ("b",), "alias"),
        ("a: |\n  text\n", ("a",), "quoted"),
        ("a: ${TAG}\n", ("a",), "placeholder"),
        ("a: '{{ tag }}'\n", ("a",), "placeholder"),
        ("sops: {mac: x}\na: 1\n", ("a",), "SOPS"),
        ("a: 1\n", ("b",), "nothing there"),
    ],
)
def test_set_scalar_refuses_what_it_cannot_change_alone(
    text: str, path: tuple[str, ...], why: str
) -> None:
    with pytest.raises(EditRefused, match=why) as error:
        set_scalar(text, 0, path, "2", file=FILE)

    assert error.value.place is not None
    assert error.value.place.line > 0


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\r\nb: 2\r\n",
        "\ufeffa: 1\nb: 2\n",
        "a: 1\nb: 2",
        "a:\t1\nb: 2\n",
        "# ärger\na: 1 # 日本\nb: 2\n",
        "---\n---\na: 1\nb: 2\n...\n",
        '{"a": 1, "b": 2}\n',
    ],
)
def test_set_scalar_keeps_every_other_byte(text: str) -> None:
    document = len(parse(text, file=FILE)) - 1

    new = set_scalar(text, document, ("a",), 7, file=FILE)

    assert new.replace("7", "1", 1) == text


@pytest.mark.parametrize("word", ["null", "true", "1e3", "0755", "12:30", "2026-02-30", "~", "-"])
def test_set_scalar_quotes_what_another_reader_takes_for_something_else(word: str) -> None:
    assert set_scalar("a: word\n", 0, ("a",), word, file=FILE) == f'a: "{word}"\n'
    assert set_scalar("a: 20240101\n", 0, ("a",), "20240102", file=FILE) == "a: 20240102\n"


def test_insert_key_in_block_and_flow_style() -> None:
    assert changed(PLAIN, insert_key(PLAIN, 0, ("b", 0), "w", 3, file=FILE)) == ["+    w: 3"]
    assert changed(PLAIN, insert_key(PLAIN, 0, ("e",), "w", 3, file=FILE)) == [
        "-e: {a: 1, b: [1,2]}",
        "+e: {a: 1, b: [1,2], w: 3}",
    ]


def test_remove_and_duplicate_take_whole_lines() -> None:
    assert changed(PLAIN, remove(PLAIN, 0, ("c",), file=FILE)) == ["-c: |", "-  text"]
    assert changed(PLAIN, duplicate_item(PLAIN, 0, ("b",), 0, file=FILE)) == ["+  - x: 'q'"]


def test_splice_reindents_and_is_identity_for_equal_bytes() -> None:
    source = "q:\n    deep:\n        # why\n        x: 1\n\n        y: [2]\n"

    new = splice("deep:\n  x: 9\nz: 1\n", 0, ("deep",), source, 0, ("q", "deep"), file=FILE)

    assert new == "deep:\n    # why\n    x: 1\n\n    y: [2]\nz: 1\n"
    assert splice(PLAIN, 0, ("b",), PLAIN, 0, ("b",), file=FILE) == PLAIN


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: 1\na: 2\n",
        "[" * 100_000,
        "a: " + "{b: " * 70 + "1" + "}" * 70,
        "a: &a [1]\n" + "b: [" + ",".join(["*a"] * 65) + "]\n",
        "x" * 1_100_000,
    ],
)
def test_parse_refuses_with_a_place(text: str) -> None:
    with pytest.raises(SpecError) as error:
        parse(text, file=FILE)

    assert error.value.place is not None
    assert error.value.remedy


def test_text_of_refuses_other_encodings() -> None:
    for raw in (b"\xff\xfea\x00", "a: ä".encode("latin-1"), b"a: \0"):
        with pytest.raises(SpecError):
            text_of(raw, file=FILE)


@pytest.mark.parametrize(("value", "line"), [(1, "a: 1\n"), (True, "a: true\n"), ("1", "a: 1\n")])
def test_a_change_that_is_kept_is_not_given_for_another_type(value: int | str, line: str) -> None:
    assert set_scalar("a: 5\n", 0, ("a",), value, file="f") == line
