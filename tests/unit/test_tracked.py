"""ConfigMaps and Secrets that belong to a version, and those that must not be copied."""

from collections.abc import Mapping

import pytest

from gitops_canary.errors import BindingError, EditRefused
from gitops_canary.manifest import catalog, tracked, versions
from gitops_canary.model.names import Path
from gitops_canary.model.owned import DocRef, Templates

POD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec:
      containers:
        - name: web
          image: acme/web:1
          envFrom:
            - configMapRef: {{name: {config}}}
          env:
            - name: PASSWORD
              valueFrom: {{secretKeyRef: {{name: {hidden}, key: p}}}}
      volumes:
        - name: files
          projected: {{sources: [{{configMap: {{name: {config}}}}}]}}
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
data:
  mode: fast   # why
  page.html: |
    <p>${{USER}}</p>

    end
"""
HIDDEN = "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\nstringData: {{p: x}}\n"


def repository(*, theirs: str = "s", more: Mapping[str, str] | None = None) -> dict[Path, str]:
    texts = {
        "web.yaml": POD.format(name="web", config="c", hidden="s"),
        "primary.yaml": POD.format(name="web-primary", config="c-primary", hidden=theirs),
        "c.yaml": CONFIG.format(name="c"),
        "copy.yaml": CONFIG.format(name="c-primary"),
        "s.yaml": HIDDEN.format(name="s"),
        **(more or {}),
    }
    return {Path(name): text for name, text in texts.items()}


def bound(texts: Mapping[Path, str]) -> Templates:
    documents = [r for file, text in texts.items() for r in catalog.headers(text, file=file)]

    def one(name: str) -> DocRef:
        return next(r for r in documents if r.kind == "Deployment" and r.name == name)

    configs, shared = tracked.pairs(one("web"), one("web-primary"), documents, texts.__getitem__)
    return Templates(
        candidate=one("web"),
        primary=one("web-primary"),
        scaled=False,
        configs=configs,
        shared=shared,
    )


def settled(texts: Mapping[Path, str]) -> bool:
    candidate, primary = versions.sides(bound(texts), texts.__getitem__)
    return candidate.digest == primary.digest


def test_a_copy_makes_a_config_part_of_the_version() -> None:
    texts = repository()

    assert [(one.kind, one.name) for one in bound(texts).configs] == [("ConfigMap", "c")]
    assert bound(texts).shared == ("Secret s",)
    assert settled(texts)
    assert not settled({**texts, Path("c.yaml"): CONFIG.format(name="c").replace("fast", "slow")})


def test_a_changed_config_is_promoted_and_put_back_byte_for_byte() -> None:
    stable = repository()
    new = CONFIG.format(name="c").replace("fast", "'slow'").replace("    end", "    END\n\n    x")
    new = new.replace("\ndata:", "\ndata:\n  more: 1.10")
    texts = {**stable, Path("c.yaml"): new}

    promoted = versions.promote(bound(texts), texts)

    assert settled(promoted)
    copy = promoted[Path("copy.yaml")]
    assert sorted(copy.splitlines()) == sorted(
        new.replace("name: c", "name: c-primary").splitlines()
    )
    assert promoted[Path("primary.yaml")] == stable[Path("primary.yaml")]
    assert "mode: 'slow'   # why" in copy
    back = versions.restore(bound(promoted), promoted, bound(stable), stable)
    assert back == stable


def test_a_reference_is_promoted_to_the_copy() -> None:
    texts = repository(more={
        "d.yaml": CONFIG.format(name="d"), "d-copy.yaml": CONFIG.format(name="d-primary"),
    })  # fmt: skip
    candidate = texts[Path("web.yaml")]
    texts[Path("web.yaml")] = candidate.replace("{name: c}", "{name: d}").replace("web:1", "web:2")

    promoted = versions.promote(bound(texts), texts)

    assert settled(promoted)
    assert promoted[Path("primary.yaml")].count("d-primary") == 2


@pytest.mark.parametrize(
    ("secrets", "why"),
    [
        ({"s.yaml": HIDDEN.format(name="s") + "sops: {mac: x}\n"}, "encrypted by SOPS"),
        ({"s.yaml": "kind: SealedSecret\nmetadata: {name: s}\n"}, "lies in no places"),
        (
            {
                "s.yaml": HIDDEN.format(name="s").replace(
                    "{name: s}", "{name: s, annotations: {flagger.app/config-tracking: disabled}}"
                )
            },
            "opted out",
        ),
    ],
)
def test_what_must_not_be_copied_is_shared_or_refused(secrets: dict[str, str], why: str) -> None:
    more = {"s-copy.yaml": HIDDEN.format(name="s-primary"), **secrets}
    assert "Secret s" in bound(repository(more=more)).shared

    with pytest.raises(BindingError, match=why) as error:
        bound(repository(theirs="s-primary", more=more))

    assert error.value.place is not None
    assert "share s" in error.value.remedy


def test_sections_that_differ_are_refused() -> None:
    texts = repository()
    texts[Path("c.yaml")] += "binaryData: {x: eA==}\n"

    with pytest.raises(EditRefused, match="do not have the same sections"):
        versions.promote(bound(texts), texts)
