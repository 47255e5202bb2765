"""The controller initialises a canary by itself: a real Git server, a real Prometheus, a real key.

A Canary on a plain Deployment is all that is committed; every look is a process of its own.
"""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import USERS
from console import Ended, config, run
from first_canary import BASE, after, initialised, overlay, plain
from prometheus_server import prometheus

from gitops_canary.git.signing import generate_key, load_key
from gitops_canary.lab.origin import Origin

DEADLINE_S = 60


@pytest.fixture
def settings(origin: Origin, tmp_path: Path) -> Iterator[Path]:
    """A controller that may initialise, whose commits are live after a second."""
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])
    generate_key(tmp_path / "sign")
    with prometheus(tmp_path, ()) as url:
        source = {"type": "prometheus", "url": url, "scrapeInterval": "1s", "lag": "0s"}
        more = {
            "metrics": {"sources": {"default": source}},
            "signing": {"format": "ssh", "keyFile": str(tmp_path / "sign")},
            "sync": {"type": "none", "delay": "1s", "settle": "1s"},
        }
        file = config(tmp_path, origin.url, url, password=password, more=more)
        file.write_text(file.read_text().replace('"branch"', '"initialise": true, "branch"', 1))
        yield file


def begun() -> dict[str, bytes | None]:
    """An application that knows no canary, with a Canary beside it."""
    texts = plain("istio")
    made = after(texts, initialised(texts))
    return {
        path: text.encode()
        for path, text in (texts | {"apps/canary.yaml": made["apps/canary.yaml"]}).items()
    }


def looks(settings: Path, origin: Origin, subject: str) -> Ended:
    """Look again and again, until the newest commit is the one that is waited for."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        ended = run("once", "--config", settings)
        if origin.git("log", "-1", "--format=%s", "main") == subject:
            return ended
    raise AssertionError(ended.err)


def test_three_commits_each_after_the_one_before_is_live(
    origin: Origin, settings: Path, tmp_path: Path
) -> None:
    texts = plain("istio")
    origin.commit(begun(), "Begin\n")
    shown = run("plan", "--config", settings)
    assert "initialise: add the primary (step 1/3)" in shown.out
    assert "+++ b/apps/deploy-primary.yaml" in shown.out
    assert origin.git("rev-list", "--count", "main") == "1", "plan writes nothing"

    for step, title in enumerate(("add the primary", "send users to it", "let the canary rest"), 1):
        looks(settings, origin, f"canary(prod/web): initialise: {title} (step {step}/3)")
    trailers = origin.git("log", "-1", "--format=%(trailers:only)", "main")
    assert "Canary-Action: initialise\nCanary-Step: 3/3\nCanary-Weight: 0->0" in trailers
    assert "Canary-Evidence: none" in trailers
    by_hand = after(texts, initialised(texts))
    for path, text in by_hand.items():
        assert origin.show(path).decode() == text, "the controller writes what init writes"

    count = origin.git("rev-list", "--count", "main")
    idle = run("once", "--config", settings)
    assert (idle.code, origin.git("rev-list", "--count", "main")) == (0, count)
    rows = run("history", "--config", settings, "-o", "json").rows()
    assert [row["step"] for row in rows] == ["3/3", "2/3", "1/3"]

    clone = tmp_path / "audit"
    subprocess.run(["git", "clone", "-q", str(origin.path), str(clone)], check=True)
    key = tmp_path / "trusted.pub"
    key.write_text(load_key(tmp_path / "sign").public_line + "\n")
    verified = run("verify", "--clone", clone, "--trusted-keys", key)
    assert verified.code == 0, verified.out + verified.err


def test_a_step_that_is_not_what_it_says_is_found(
    origin: Origin, settings: Path, tmp_path: Path
) -> None:
    origin.commit(begun(), "Begin\n")
    looks(settings, origin, "canary(prod/web): initialise: add the primary (step 1/3)")
    message = origin.git("log", "-1", "--format=%B", "main")
    other = {"apps/deploy-primary.yaml": origin.show("apps/deploy-primary.yaml") + b"# more\n"}
    origin.git("update-ref", "refs/heads/main", origin.git("rev-parse", "main~1"))
    origin.commit(other, message)
    clone = tmp_path / "audit"
    subprocess.run(["git", "clone", "-q", str(origin.path), str(clone)], check=True)
    verified = run("verify", "--clone", clone, "--committer", "Ada Example <ada@example.com>")
    assert verified.code == 8
    assert "in another way than its move would" in verified.out + verified.err


def test_an_overlay_is_initialised_by_itself(
    origin: Origin, settings: Path, tmp_path: Path
) -> None:
    settings.write_text(settings.read_text().replace('"apps/"', '"base/", "overlays/"'))
    texts = BASE | overlay("prod") | overlay("staging")
    made = after(texts, initialised(texts, overlay="overlays/prod"))
    canary = made["overlays/prod/canary.yaml"]
    head, _, rest = canary.partition("  source:")
    written = head + "  progress" + rest.partition("  progress")[2]
    begin = texts | {"overlays/prod/canary.yaml": written}
    origin.commit({path: text.encode() for path, text in begin.items()}, "Begin\n")
    for step, title in enumerate(("add the primary", "send users to it"), 1):
        looks(settings, origin, f"canary(prod/web): initialise: {title} (step {step}/2)")
    for path, text in made.items():
        if path != "overlays/prod/canary.yaml":
            assert origin.show(path).decode() == text, "the controller writes what init writes"
    count = origin.git("rev-list", "--count", "main")
    idle = run("once", "--config", settings)
    assert (idle.code, origin.git("rev-list", "--count", "main")) == (0, count), idle.err
    clone = tmp_path / "audit"
    subprocess.run(["git", "clone", "-q", str(origin.path), str(clone)], check=True)
    key = tmp_path / "trusted.pub"
    key.write_text(load_key(tmp_path / "sign").public_line + "\n")
    verified = run("verify", "--clone", clone, "--trusted-keys", key)
    assert verified.code == 0, verified.out + verified.err
    newer = origin.show("overlays/prod/kustomization.yaml").replace(b'"1.10"', b'"1.11"', 1)
    origin.commit({"overlays/prod/kustomization.yaml": newer}, "Release\n")
    looks(settings, origin, "canary(prod/web): start 1.11 at 0% (step 0/4)")


def test_without_being_asked_it_only_says_what_is_missing(origin: Origin, settings: Path) -> None:
    settings.write_text(settings.read_text().replace('"initialise": true', '"initialise": false'))
    origin.commit(begun(), "Begin\n")
    ended = run("once", "--config", settings)
    assert ended.code == 1
    assert "There is no primary Deployment web-primary" in ended.err
    assert origin.git("rev-list", "--count", "main") == "1"
