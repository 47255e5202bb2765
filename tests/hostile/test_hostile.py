"""A seeded part of the hunt, and what it found."""

from random import Random

import pytest

from gitops_canary.errors import EditRefused
from gitops_canary.manifest.document import differing, insert_key, parse, set_scalar
from hostile.edits import EDITS, FILE, Edit, tried
from hostile.slips import slipped
from hostile.texts import hostile
from hostile.written import written


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_of_misleading_yaml_is_exact_or_refused(edit: Edit) -> None:
    made = 0
    for seed in range(40):
        random = Random(seed)  # noqa: S311 - a layout, no secret
        text = hostile(Random(seed))  # noqa: S311 - as above
        made += [tried(text, edit, random) for _ in range(3)].count("made")
    assert made > 20


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_an_edit_of_what_people_leave_is_exact_or_refused(edit: Edit) -> None:
    made = 0
    for seed in range(40):
        random = Random(seed)  # noqa: S311 - a layout, no secret
        text = written(random)
        text = slipped(random, text) if seed % 4 == 0 else text
        made += [tried(text, edit, random) for _ in range(2)].count("made")
    assert made > 15


def test_a_pair_in_a_list_takes_no_second_key_beside_a_complex_key() -> None:
    text = "b: [a: 1]\n? [c, d]\n: e\n"
    with pytest.raises(EditRefused):
        insert_key(text, 0, ("b", 0), "z", 2, file=FILE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("? [c, d]\n: e\nb: [1]\n", "? [c, d]\n: e\nb: [1, 2]\n"),
        ("? [c, d]\n: e\n", "? [c, x]\n: e\n"),
        ("? {c: d}\n: e\n", "? {c: x}\n: e\n"),
        ("a: &n 1\n'*n': 1\n*n : 2\n", "a: &n 1\n'*n': 3\n*n : 2\n"),
    ],
)
def test_a_difference_beside_a_complex_key_is_seen(old: str, new: str) -> None:
    before, after = (parse(text, file=FILE)[0] for text in (old, new))
    assert differing(before, after)


def test_a_value_beside_a_complex_key_can_be_changed() -> None:
    text = "? [c, d]\n: e\nb: 1 # c\n"
    assert set_scalar(text, 0, ("b",), 2, file=FILE) == text.replace("1", "2")


def test_a_text_of_several_lines_takes_no_blank_line_of_its_neighbour() -> None:
    text = "m:\n  a: |\n        x\n        \nb: 1\n"
    with pytest.raises(EditRefused, match="read as another"):
        insert_key(text, 0, ("m",), "z", "one\ntwo", file=FILE)
    new = insert_key(text, 0, ("m",), "z", "one", file=FILE)
    assert new == text.replace("x\n", "x\n  z: one\n")
