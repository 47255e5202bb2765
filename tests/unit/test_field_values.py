"""Values of listed fields: how two sides compare, and what carrying one to the other changes."""

import pytest

from gitops_canary.errors import CanaryError, SpecError
from gitops_canary.manifest.field_values import beside, carry
from gitops_canary.manifest.soundness import field
from gitops_canary.manifest.versions import promote, restore, sides
from gitops_canary.model.names import Path
from gitops_canary.model.owned import FieldBinding, FieldRef, Fields

FILE = Path("kustomization.yaml")
CANDIDATE, PRIMARY = (
    FieldRef(file=FILE, index=0, path=("images", i), aside="name") for i in (0, 1)
)
BINDING = Fields(
    pairs=(FieldBinding(name="web", container=None, candidate=CANDIDATE, primary=PRIMARY),)
)
IMAGES = """\
images:
- name: web # the team's
  newTag: "2"
- {name: web-primary, newName: web, newTag: "1"} # last
"""


def settled(text: str) -> bool:
    candidate, primary = sides(BINDING, lambda _: text)
    return candidate.digest == primary.digest


def test_an_entry_that_keeps_its_name_is_compared_by_it() -> None:
    assert beside(IMAGES, CANDIDATE, IMAGES, PRIMARY) == {"newName": "web", "newTag": "2"}
    assert not settled(IMAGES)
    assert settled(IMAGES.replace('"2"', '"1"'))
    assert not settled(IMAGES.replace('"2"', '"1"').replace("newName: web,", "newName: other,"))


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("", "", '- {name: web-primary, newName: web, newTag: "2"} # last\n'),
        ('newTag: "2"', "digest: sha256:0", "newName: web, digest: sha256:0} # last\n"),
        ("newName: web,", "newName: old,", '- {name: web-primary, newName: web, newTag: "2"}'),
        ('newTag: "2"', 'newTag: "2"\n  newName: r/web', 'newName: r/web, newTag: "2"} # last\n'),
    ],
)
def test_a_promotion_never_takes_the_image_away_from_the_primary(
    old: str, new: str, line: str
) -> None:
    text = IMAGES.replace(old, new, 1) if old else IMAGES
    after = promote(BINDING, {FILE: text})[FILE]
    assert line in after
    assert settled(after)
    assert after.split("- {")[0] == text.split("- {")[0]
    stable = IMAGES.replace('"2"', '"1"')
    assert restore(BINDING, {FILE: after}, BINDING, {FILE: stable})[FILE] == stable


def test_two_fields_that_are_the_same_are_left_alone() -> None:
    text = IMAGES.replace('"2"', '"1"')
    assert carry(text, PRIMARY, text, CANDIDATE, exact=False) == text


VALUES = Path("values.yaml")
TAG = FieldRef(file=VALUES, index=0, path=("image",))


@pytest.mark.parametrize("tag", ["1.10", "0x1F", "1e3", "0755", "1_0", "on"])
def test_a_tag_that_is_printed_otherwise_is_told_with_its_place(tag: str) -> None:
    with pytest.raises(SpecError, match="is read as") as refused:
        field(f"image:\n  tag: {tag}\n", TAG)
    assert str(refused.value.place) == "values.yaml:2:8"
    assert refused.value.remedy == f'put it in quotes: "{tag}"'
    field(f"image:\n  tag: '{tag}'\n", TAG)


@pytest.mark.parametrize("tag", ["1.11", "2024", "v1.10", "1.10.0", "true"])
def test_a_tag_that_is_printed_as_it_is_sound_may_stand_plain(tag: str) -> None:
    field(f"image: {{tag: {tag}, port: 0755, repository: '${{REGISTRY}}/web'}}\n", TAG)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("image: {tag: '${TAG}'}\n", "placeholder"),
        ("image: {tag: '{{ .Values.tag }}'}\n", "placeholder"),
        ("image: &i {tag: v1}\nother: *i\n", "used elsewhere"),
        ("image: {tag: v1}\nsops: {mac: x}\n", "SOPS"),
    ],
)
def test_a_version_that_nobody_could_put_back_is_told_with_its_place(text: str, why: str) -> None:
    with pytest.raises(CanaryError, match=why) as refused:
        field(text, TAG)
    assert refused.value.place is not None
    assert refused.value.remedy


def test_a_promotion_into_a_plain_number_is_printed_as_the_candidate_is() -> None:
    text = 'one: {tag: "1.10"}\nother: {tag: 1.9}\n'
    one, other = (FieldRef(file=VALUES, index=0, path=(side, "tag")) for side in ("one", "other"))
    assert (
        carry(text, other, text, one, exact=False) == 'one: {tag: "1.10"}\nother: {tag: "1.10"}\n'
    )
