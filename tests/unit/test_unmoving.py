"""Images that say no version are told; digests, tags and what kustomize sets are left alone."""

from pathlib import Path as LocalPath

import pytest
from first_canary import BASE, Texts, after, initialised, overlay, plain
from test_two_sides import told

PLAIN = after(plain("istio"), initialised(plain("istio")))
DIGEST = f"@sha256:{'a' * 64}"


def warned(texts: Texts, folder: LocalPath) -> list[tuple[str, str]]:
    found = told(texts, folder)
    assert [one.error for one in found if one.error] == []
    return [(str(one.place), str(one.warning)) for one in found if one.warning]


@pytest.mark.parametrize(
    ("image", "what"),
    [
        ("acme/web", "The image acme/web has no tag, whatever was pushed last"),
        ("reg.example:5000/web", "The image reg.example:5000/web has no tag,"),
        ("acme/web:latest", "The image acme/web:latest has the tag latest,"),
        ("acme/web:1.0.0", ""),
        (f"acme/web:latest{DIGEST}", ""),
        (f"acme/web{DIGEST}", ""),
        ("auto", ""),
    ],
)
def test_a_template_s_image_says_a_version(image: str, what: str, tmp_path: LocalPath) -> None:
    texts = {path: text.replace("acme/web:1.0.0", image) for path, text in PLAIN.items()}
    found = warned(texts, tmp_path)
    assert len(found) == bool(what)
    for place, words in found:
        assert what in words
        assert "try: write a tag that each version has to itself" in words
        file, line, column = place.split(":")
        assert texts[file].splitlines()[int(line) - 1][int(column) - 1 :].split()[0] == image


@pytest.mark.parametrize("tag", ["1.10", "latest"])
def test_a_tag_that_kustomize_sets_is_the_one_that_counts(tag: str, tmp_path: LocalPath) -> None:
    before = {**BASE, **overlay("prod")}
    made = after(before, initialised(before, overlay="overlays/prod"))
    texts = {path: text.replace('"1.10"', f'"{tag}"') for path, text in made.items()}
    found = warned(texts, tmp_path)
    assert all("acme/web" not in words for _, words in found), "the base's tag is not applied"
    assert len(found) == (tag == "latest")
    assert all("latest is whatever was pushed last" in words for _, words in found)
