"""Delivery in controller.yaml: what it needs is asked for, and nothing is half taken."""

import json
from pathlib import Path
from typing import Any

import pytest

from gitops_canary.app.config import load
from gitops_canary.app.doctor import Health
from gitops_canary.app.doctor_rules import branch_rules
from gitops_canary.errors import ConfigError
from gitops_canary.git.signing import generate_key
from gitops_canary.model.request import Method
from gitops_canary.settings import DeliverySettings


def loaded(
    folder: Path,
    delivery: dict[str, str],
    *,
    key: bool = True,
    evidence: str = "branch",
    **own: Any,
) -> DeliverySettings | None:
    (folder / "token").write_text("x" * 20)
    (folder / "token").chmod(0o600)
    if not (folder / "key").exists():
        generate_key(folder / "key")
    forge = {"type": "github", "repository": "acme/config", "tokenFile": "token"}
    repository = {
        "name": "config",
        "url": "https://git.example/acme/config.git",
        "forge": forge,
        "delivery": delivery,
        **own,
    }
    document = {
        "repositories": [{k: v for k, v in repository.items() if v is not None}],
        "metrics": {"sources": {"default": {"type": "prometheus", "url": "http://p.example"}}},
        "sync": {"type": "none", "delay": "5m"},
        "evidence": evidence,
        **({"signing": {"keyFile": "key"}} if key else {}),
    }
    path = folder / "controller.yaml"
    path.write_text(json.dumps(document))
    return load(path).repositories[0].delivery


def test_what_fits_is_read(tmp_path: Path) -> None:
    assert loaded(tmp_path, {"type": "push"}, forge=None) is None
    assert loaded(tmp_path, {"type": "pull-request"}) == DeliverySettings()
    squash = {"type": "pull-request", "merge": "people", "method": "squash"}
    found = loaded(tmp_path, squash, forgeCommits=True)
    assert found == DeliverySettings(merges=False, method=Method.SQUASH)


@pytest.mark.parametrize(
    ("delivery", "own", "problem"),
    [
        ({"type": "push", "method": "squash"}, {}, "is for type pull-request only"),
        ({"type": "push", "merge": "people"}, {}, "is for type pull-request only"),
        ({"type": "pull-request"}, {"forge": None}, "give the repository a forge"),
        ({"type": "pull-request"}, {"initialise": True}, "does not carry `initialise` yet"),
        ({"type": "pull-request", "method": "rebase"}, {}, "set forgeCommits: true"),
        ({"type": "pull-request"}, {"key": False}, "needs signing"),
        (
            {"type": "pull-request", "method": "squash"},
            {"forgeCommits": True, "evidence": "off"},
            "keep the evidence",
        ),
        ({"type": "patch"}, {}, "is not known"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, delivery: dict[str, str], own: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, delivery, **own)
    assert problem in str(raised.value)


def test_rules_that_requests_meet_are_no_obstacle() -> None:
    def wrong(delivery: DeliverySettings | None) -> set[str]:
        kinds = ("pull_request", "merge_queue", "update")
        found = {
            kind: list(branch_rules([kind], "acme/config", signs=True, delivery=delivery))
            for kind in kinds
        }
        return {kind for kind, [one] in found.items() if one.health is Health.WRONG}

    assert wrong(None) == {"pull_request", "merge_queue", "update"}
    assert wrong(DeliverySettings()) == {"merge_queue", "update"}
    assert wrong(DeliverySettings(merges=False)) == {"update"}
