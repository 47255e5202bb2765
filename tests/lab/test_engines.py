"""A promotion and a rollback by each sync source, over what runs in the lab."""

import json
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from engines import TOKEN, Engines, serving

from gitops_canary.app.places import CACHE
from gitops_canary.lab.patience import until
from gitops_canary.lab.service import Behaviour
from gitops_canary.lab.story import CLUSTER
from gitops_canary.lab.world import World

CANARY = "apps/checkout/canary.yaml"
PATIENCE_S = 90
pytestmark = pytest.mark.timeout(400)
GOOD = ("1.1.0", "1.3.0", "1.4.0")
BAD = ("1.2.1", "1.2.2", "1.2.3")
REGISTRY = {
    **{version: Behaviour() for version in ("1.0.0", *GOOD)},
    # All requests fail, so that it is condemned however few a window of a second has.
    **{version: Behaviour(fail_every=1) for version in BAD},
}


@dataclass(frozen=True, slots=True)
class Stage:
    world: World
    engines: Engines
    url: str

    def subjects(self, since: str) -> list[str]:
        self.world.person._git("fetch", "-q", "origin")
        log = self.world.person._git("log", "--format=%s", f"{since}..origin/main")
        return log.splitlines()[::-1]

    def wait_for(self, subject: str, since: str) -> None:
        until(
            lambda: any(subject in one for one in self.subjects(since)) or None,
            what=subject,
            timeout_s=PATIENCE_S,
            meanwhile=self.world.children.require,
        )

    def at_rest(self) -> bool | None:
        return self.world.envoy.live().weights.get(CLUSTER) == 0 or None


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    directory = tmp_path_factory.mktemp("engines") / "world"
    with World.start(directory, REGISTRY, rate=120) as world:
        engines = Engines(world)
        with serving(engines) as url:
            world.measuring()
            world.person.change(CANARY, short, "Shorten the ladder")
            yield Stage(world, engines, url)


def short(text: str) -> str:
    text = re.sub(r"stepWeights: .*", "stepWeights: [50]", text)
    return text.replace("interval: 2s", "interval: 1s")


def proofs(stage: Stage) -> list[list[str]]:
    """Give what proved each move of the newest rollout live."""
    folders = stage.world.origin.git("ls-tree", "-r", "--name-only", "gitops-canary/evidence")
    newest = stage.world.origin.git("log", "-1", "--format=%B", "main")
    [rollout] = re.findall(r"^Canary-Rollout: (\w+)$", newest, re.MULTILINE)
    found = []
    for path in re.findall(rf"^.*/{rollout}/decision-\d+\.json$", folders, re.MULTILINE):
        decision: dict[str, Any] = json.loads(
            stage.world.origin.git("show", f"gitops-canary/evidence:{path}")
        )
        found.append(decision["live"]["proof"] if decision["live"] else [])
    return found


@pytest.mark.parametrize(
    ("kind", "good", "bad", "applied", "normal", "hardest"),
    [
        ("kubernetes", GOOD[0], BAD[0], "VirtualService prod/checkout has 50 % live", "", ""),
        ("argocd", GOOD[1], BAD[1], "Argo CD applied", "normal", "hard"),
        ("flux", GOOD[2], BAD[2], "Flux has applied", "gitrepositories", "kustomizations"),
    ],
)
def test_source_sees_a_promotion_and_a_rollback(
    stage: Stage, kind: str, good: str, bad: str, applied: str, normal: str, hardest: str
) -> None:
    world, began_s = stage.world, time.monotonic()
    (world.directory / "token").write_text(TOKEN)
    config = json.loads(world.config.read_text())
    config["sync"] = {"type": kind, "url": stage.url, "tokenFile": "token"}
    config["sync"] |= {"refresh": True} if normal else {}
    if kind == "argocd":
        config["sync"]["applications"] = ["checkout"]  # as docs/how-to/with-argo-cd.md has it
    world.config.write_text(json.dumps(config))
    stage.engines.requests.clear()
    with controlling(world, kind):
        begin = world.person.release(good)
        stage.wait_for(f"finish {good}", begin)
        until(stage.at_rest, what="weight 0 to be live", timeout_s=PATIENCE_S)
        assert any(applied in fact for facts in proofs(stage) for fact in facts), proofs(stage)
        assert [one.partition(": ")[2].split(" ")[0] for one in stage.subjects(begin)] == [
            *("start", "0%", "promote", "finish")
        ]
        assert set(stage.engines.requests) == ({normal} if normal else set())

        begin = world.person.release(bad)
        stage.wait_for(f"abort {bad}", begin)
        until(stage.at_rest, what="the rollback to be live", timeout_s=PATIENCE_S)
        until(
            lambda: not hardest or hardest in stage.engines.requests or None,
            what=f"the engine to be asked hardest ({hardest})",
            timeout_s=PATIENCE_S,
        )
    print(f"\n{kind}: {time.monotonic() - began_s:.1f} s")


@contextmanager
def controlling(world: World, kind: str) -> Iterator[None]:
    """Run a controller with a clone of its own."""
    argv = [sys.executable, "-m", "gitops_canary", "run", "--config", str(world.config)]
    cache = {CACHE: str(world.directory / f"cache-{kind}")}
    controller = world.children.start(f"controller-{kind}", argv, env=cache)
    try:
        yield
    finally:
        controller.ask()
        controller.end()
        world.children.forget(controller)
