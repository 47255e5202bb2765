"""Naming one field of one file, and refusing every other number of fields."""

import re

import pytest

from gitops_canary.errors import BindingError, Place
from gitops_canary.manifest.field_path import Inside, Key, Pick, spoken, steps
from gitops_canary.manifest.field_place import locate
from gitops_canary.manifest.field_values import shown, value
from gitops_canary.manifest.forms import FORMS
from gitops_canary.model.names import Path
from gitops_canary.model.references import Reference

FILE = Path("a/web.yaml")
TEXT = """\
kind: HelmRelease
metadata: {name: web}
spec:
  values: &v
    image: {registry: ghcr.io, repository: acme/web, tag: 1.10}
    odd.key/x: [1]
  list:
    - {name: a, tag: x}
    - {name: b, tag: y}
    - {name: b, tag: z}
    - only: this
  text: |
    image:
      tag: 1.0
  word: hello: no
""".replace("  word: hello: no\n", "  word: '[x'\n  again: *v\n")


def at(field: str, document: str = "", text: str = TEXT) -> object:
    reference = Reference(file=FILE, document=document, field=field, place=Place("canary.yaml", 3))
    found = locate(reference, lambda path: text if path == FILE else None)
    return value(text, found)


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("a", (Key("a"),)),
        ("a.b-c.$d", (Key("a"), Key("b-c"), Key("$d"))),
        ('a."x.y/z".b', (Key("a"), Key("x.y/z"), Key("b"))),
        ("l[name=r.io/a:b].tag", (Key("l"), Pick("name", "r.io/a:b"), Key("tag"))),
        ('l[name="a]b"]', (Key("l"), Pick("name", "a]b"))),
        ("a|b.c", (Key("a"), Inside(), Key("b"), Key("c"))),
        ("[path=/x/0].value", (Pick("path", "/x/0"), Key("value"))),
        ("g[list.x].tag", (Key("g"), Pick("list.x", ""), Key("tag"))),
        (
            "p[t.name=w].q|[path=/x].v",
            (
                Key("p"),
                Pick("t.name", "w"),
                Key("q"),
                Inside(),
                Pick("path", "/x"),
                Key("v"),
            ),
        ),
    ],
)
def test_a_path_is_read_and_written(field: str, path: tuple[object, ...]) -> None:
    assert steps(field) == path
    assert steps(spoken(steps(field))) == path


@pytest.mark.parametrize(
    "field",
    ["", ".a", "a..b", "a[0]", "a[]", "a[name=]", "a b", "a|", "|a", "|[a=b]", "a.[b=c]"],
)
def test_what_is_no_path_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=r"begin with a key|cannot be read from"):
        steps(field)


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("spec.values.image.tag", "1.10"),
        ("spec.values.image", {"registry": "ghcr.io", "repository": "acme/web", "tag": "1.10"}),
        ('spec.values."odd.key/x"', ["1"]),
        ("spec.list[name=a]", {"tag": "x"}),
        ("spec.list[name=a].tag", "x"),
        ("spec.list[only].only", "this"),
        ("spec.text|image.tag", "1.0"),
    ],
)
def test_a_field_is_found(field: str, found: object) -> None:
    assert at(field) == found
    assert at(field, "HelmRelease/web") == found


@pytest.mark.parametrize(
    ("field", "document", "problem", "remedy"),
    [
        ("spec.valeus", "", "spec of a/web.yaml (a/web.yaml:4:3) has no valeus", "values, list"),
        ("spec.list[name=c]", "", "has no items with name c", "use one of a, b, b"),
        ("spec.again.image", "", "has an alias at again", "correct"),
        ("spec.list|a", "", "is no text to go into", "correct"),
        ("spec.word|a", "", "is a text that is no YAML", "correct"),
        ("spec", "HelmRelease/other", "no document HelmRelease/other", "Kind/name"),
    ],
)
def test_what_is_not_in_one_place_tells_what_is_there(
    field: str, document: str, problem: str, remedy: str
) -> None:
    with pytest.raises(BindingError) as error:
        at(field, document)

    assert problem in error.value.problem
    assert remedy in error.value.remedy
    assert error.value.place == Place("canary.yaml", 3)


def test_of_two_items_the_second_is_told_with_its_place() -> None:
    with pytest.raises(BindingError, match="has 2 items with name b") as error:
        at("spec.list[name=b]")

    assert error.value.place == Place("a/web.yaml", 10, 7)
    assert error.value.remedy == "remove one of the two: a/web.yaml:9:7, a/web.yaml:10:7"


def test_a_file_with_several_documents_needs_a_name() -> None:
    two = f"{TEXT}---\nkind: B\nmetadata: {{name: x}}\n"
    with pytest.raises(BindingError, match=r"there: HelmRelease/web, B/x"):
        at("spec", text=two)
    assert at("metadata.name", "B/x", two) == "x"
    with pytest.raises(BindingError, match=r"several times a document"):
        at("spec", "HelmRelease/web", TEXT + "---\n" + TEXT)


@pytest.mark.parametrize(
    ("path", "fine"),
    [
        ("a/values.yaml", True),
        ("./.argocd-source-web.yaml", True),
        ("../../base/k.yml", True),
        (".hidden/x.yaml", True),
        ("/etc/passwd", False),
        ("a/../b", False),
        ("a/./b", False),
        ("..", False),
        ("a//b", False),
        ("a/", False),
    ],
)
def test_a_file_is_named_inside_the_repository(path: str, *, fine: bool) -> None:
    assert bool(re.fullmatch(FORMS["file"].pattern, path)) is fine


def test_a_mapping_is_shown_as_the_image_it_names() -> None:
    reference = Reference(file=FILE, document="", field="spec.values.image", place=Place("c"))
    assert shown(TEXT, locate(reference, lambda _: TEXT)) == "ghcr.io/acme/web:1.10"
