"""The pod template on its way between candidate, primary and the stable revision."""

from textwrap import indent

import pytest

from gitops_canary.errors import CanaryError, SpecError
from gitops_canary.manifest import template
from gitops_canary.manifest.catalog import headers
from gitops_canary.manifest.naming import Names
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef

CANDIDATE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  replicas: 1  # keep
  selector:
    matchLabels: {app: shop}
  template:
    metadata:
      labels:
        app: shop
    spec:
      containers:
        - name: app
          image: acme/shop:1.1.0 # {"$imagepolicy": "a:b"}
          env:
            - name: A
              value: "1"
"""
PRIMARY = (
    CANDIDATE.replace("name: shop\n", "name: shop-primary\n")
    .replace("app: shop", "app: shop-primary")
    .replace("1.1.0", "1.0.0")
)


def ref(text: str, file: str = "a.yaml", index: int = 0) -> DocRef:
    return headers(text, file=Path(file))[index]


def promoted(primary: str, candidate: str) -> str:
    return template.promote(
        primary, ref(primary), candidate, ref(candidate, "b.yaml"), names=Names("shop")
    )


def digest(text: str, index: int = 0) -> str:
    return template.digest(template.canonical(text, ref(text, index=index), names=Names("shop")))


def test_digest_is_equal_exactly_when_the_version_is() -> None:
    assert digest(PRIMARY) == digest(CANDIDATE.replace("1.1.0", "1.0.0"))
    assert digest(PRIMARY) != digest(CANDIDATE)
    assert digest(CANDIDATE) == digest(CANDIDATE.replace("# keep", "# kept"))


def test_promote_changes_only_the_image_line() -> None:
    new = promoted(PRIMARY, CANDIDATE)

    assert new == PRIMARY.replace("1.0.0", "1.1.0")


@pytest.mark.parametrize(
    "edit",
    [
        ('              value: "1"\n', '              value: "1"\n            - name: B\n'),
        ("      labels:\n", "      annotations: {a: b}\n      labels:\n        v: shop\n"),
        ("    spec:\n", "    spec:\n      terminationGracePeriodSeconds: 5\n"),
        (
            "        - name: app\n",
            "        - {name: log, image: acme/log:1}\n        - name: app\n",
        ),
        ('          env:\n            - name: A\n              value: "1"\n', ""),
    ],
)
def test_promote_carries_structure_and_maps_names(edit: tuple[str, str]) -> None:
    candidate = CANDIDATE.replace(*edit)
    assert candidate != CANDIDATE

    new = promoted(PRIMARY, candidate)

    assert digest(new) == digest(candidate)
    assert new.partition("  template:")[0] == PRIMARY.partition("  template:")[0]
    assert "app: shop-primary" in new
    assert "v: shop\n" not in new


def test_promote_works_inside_one_file() -> None:
    text = f"{CANDIDATE}---\n{PRIMARY}"
    candidate, primary = headers(text, file=Path("a.yaml"))

    new = template.promote(text, primary, text, candidate, names=Names("shop"))

    assert new == text.replace("1.0.0", "1.1.0")


@pytest.mark.parametrize(
    "edit",
    [
        ("1.1.0", "1.2.0"),
        ('"1"', "two words"),
        ('              value: "1"\n', '              value: "1"\n            - name: B\n'),
        ("      labels:\n", "      annotations: {a: b}\n      labels:\n"),
        ("    metadata:\n      labels:\n        app: shop\n", ""),
    ],
)
def test_restore_gives_the_stable_bytes_and_keeps_other_edits(edit: tuple[str, str]) -> None:
    now = CANDIDATE.replace(*edit).replace("# keep", "# a person was here")
    assert now != CANDIDATE

    new = template.restore(now, ref(now), CANDIDATE, ref(CANDIDATE))

    assert new == CANDIDATE.replace("# keep", "# a person was here")


def test_scale_sets_or_adds_replicas() -> None:
    bare = CANDIDATE.replace("  replicas: 1  # keep\n", "")

    assert template.scale(CANDIDATE, ref(CANDIDATE), 3) == CANDIDATE.replace("s: 1", "s: 3")
    assert template.replicas(template.scale(bare, ref(bare), 3), ref(bare)) == 3
    assert template.scale(CANDIDATE, ref(CANDIDATE), 1) == CANDIDATE


@pytest.mark.parametrize("image", ["$(id)", '"1.0\\nx: y"', "''", "'a b'", "x" * 600])
def test_images_refuses_what_is_no_reference(image: str) -> None:
    text = CANDIDATE.replace('acme/shop:1.1.0 # {"$imagepolicy": "a:b"}', image)

    with pytest.raises(SpecError, match="image reference"):
        template.images(text, ref(text))


FLOW = (
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: shop-primary}, spec: {template: "
    "{metadata: {labels: {app: shop-primary}}, spec: {containers: [{name: app, image: "
    "'acme/shop:1.0.0', env: [{name: A, value: '1'}]}]}}}}\n"
)
LINES = """\
{
  "apiVersion": "apps/v1",
  "kind": "Deployment",
  "metadata": {"name": "shop-primary"},
  "spec": {
    "template": {
      "metadata": {"labels": {"app": "shop-primary"}},
      "spec": {
        "containers": [
          {
            "name": "app",
            "image": "acme/shop:1.0.0",
            "env": [
              {
                "name": "A",
                "value": "1"
              }
            ]
          }
        ]
      }
    }
  }
}
"""


@pytest.mark.parametrize("primary", [FLOW, LINES, LINES.replace("\n", "\r\n")])
@pytest.mark.parametrize(
    "added",
    [
        "- name: B\n  value: |\n    two: lines\n    1\n",
        "- {name: B, value: 'a, b', x: [1.10, yes, null]}\n",
        "- name: B\n  valueFrom:\n    a: {}\n    b: ~\n",
    ],
)
def test_blocks_are_written_with_brackets_where_the_primary_has_some(
    primary: str, added: str
) -> None:
    more = f"{indent(added, ' ' * 12)}          args:\n            - --x=1\n"
    candidate = CANDIDATE + more
    after = promoted(primary, candidate)
    assert digest(after) == digest(candidate)
    assert after[: after.index("containers")] == primary[: primary.index("containers")]
    assert (after.count("\n") > primary.count("\n")) == ("\n " in primary)
    assert after.count("\r") in {0, after.count("\n")}


@pytest.mark.parametrize("value", ["&a x", "*a", "!t x"])
def test_what_has_no_place_in_brackets_is_refused(value: str) -> None:
    candidate = f"{CANDIDATE}            - name: B\n              value: {value}\n"
    with pytest.raises(CanaryError):
        promoted(FLOW, candidate.replace('value: "1"', 'value: &a "1"'))


@pytest.mark.parametrize("image", ["acme/shop:${TAG}", "'{{ .Values.image }}'"])
def test_an_image_that_something_else_fills_in_is_told_as_that(image: str) -> None:
    text = CANDIDATE.replace("acme/shop:1.1.0", image)
    (ref,) = headers(text, file=Path("shop.yaml"))
    with pytest.raises(SpecError, match="is a placeholder") as refused:
        template.images(text, ref)
    assert str(refused.value.place) == "shop.yaml:16:18"
