"""`verify --replay` asks each source of the record again, and says which one it means."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from console import Ended, run
from prometheus_server import prometheus
from recorded_world import EVIDENCE, Table, World, git

from gitops_canary.app.replaying import replay, sources
from gitops_canary.app.verifying import Scope, decided, verify
from gitops_canary.core.requery import Agreement
from gitops_canary.git.objects import Identity
from gitops_canary.git.ownership import trust
from gitops_canary.git.plain import PlainClone
from gitops_canary.metrics import METRICS, Opening, Sources

BILLING = """\
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata:
  name: billed
  namespace: prod
  annotations: {gitops-canary.dev/source: billing}
spec:
  provider: {type: prometheus}
  query: sum(billed_total{app="{{ target }}"})
"""
CHECK = """\
      - name: billed
        templateRef: {name: billed}
        thresholdRange: {min: 1}
        interval: 2s
"""


class Named(Table):
    """A source that can be closed, as those with connections are."""

    async def aclose(self) -> None:
        """Close nothing."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A rollout that was judged by two sources."""
    made = World(tmp_path_factory.mktemp("world"))
    folder = made.person / "apps" / "checkout"
    (folder / "billed.yaml").write_text(BILLING)
    canary = folder / "canary.yaml"
    canary.write_text(canary.read_text().rstrip("\n") + "\n" + CHECK)
    git(made.person, "add", "-A")
    git(made.person, "commit", "-q", "-m", "Count what is billed")
    made.release("1.1.0")
    made.roll()
    made.close()
    return made


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Prometheus that remembers nothing of the rollout."""
    with prometheus(tmp_path_factory.mktemp("prometheus"), ()) as served:
        yield served


def asked(world: World, *given: str) -> Ended:
    replays = [part for one in given for part in ("--replay", one)]
    return run("verify", "main", "-C", world.origin, "--trusted-keys", world.keys, *replays)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["http://127.0.0.1:1"], "several metric sources, billing, default: one address cannot"),
        (["default=http://127.0.0.1:1"], "The decisions asked billing, default, and billing is"),
        (["default=x", "billing=x", "other=x"], "No decision asked a metric source 'other'"),
        (["default=http://a:b@c", "billing=none"], "An address given with --replay contains"),
    ],
)
def test_a_source_that_is_not_clear_is_refused(world: World, given: list[str], said: str) -> None:
    ended = asked(world, *given)

    assert ended.code == 1, ended.err
    assert said in ended.err
    assert "a:b@c" not in ended.err


def test_a_record_that_asked_nothing_has_nothing_to_replay(tmp_path: Path) -> None:
    made = World(tmp_path)
    made.close()
    for given in ("http://127.0.0.1:1", "default=http://127.0.0.1:1", "default=none"):
        ended = asked(made, given)

        assert ended.code == 0, ended.err
        assert "No decision in this record asked a metric source: nothing to replay." in ended.err
        assert "0 differences" in ended.err
    assert asked(made, "http://a:b@c").code == 1


def test_a_source_that_does_not_answer_is_no_success(world: World) -> None:
    ended = asked(world, "default=http://127.0.0.1:1", "billing=none")

    assert ended.code == 6, ended.out
    assert "5 blocks asked again: 0 match, 0 drift, 0 expired, 5 unavailable" in ended.err
    assert "The source default cannot be asked again (cannot be reached" in ended.out
    assert "ask again once it answers, or leave it out: --replay default=none" in ended.out


def test_each_source_is_told_for_itself(world: World, url: str) -> None:
    ended = asked(world, f"default={url}", "billing=none")

    assert ended.code == 0, ended.out
    assert "default: 5 blocks asked again: 0 match, 0 drift, 5 expired, 0 unavailable" in ended.err
    assert "billing: left out, it is believed what it said" in ended.err
    assert "The source default has no samples from that time any more for 1 of 1" in ended.out
    assert "longer ago than it keeps samples, or they were deleted" in ended.out


def test_a_source_that_is_gone_hides_no_others_drift(world: World) -> None:
    clone = PlainClone(world.origin)
    keys = trust(Identity(name="n", email="e@x"), [("keys", world.keys.read_text())], ())
    scope = Scope(tip=clone.resolve("main"), evidence=clone.resolve(EVIDENCE))
    every = list(decided(clone, scope, verify(clone, keys, scope)))
    clone.close()
    assert sources(every) == {"default", "billing"}

    async def ask_again() -> None:
        gone = METRICS["prometheus"](Opening(url="http://127.0.0.1:1", timeout_ms=500))
        asking = Sources({"default": Named({"checkout": 7}), "billing": gone})
        found, counted = await replay(every, asking)
        await asking.aclose()
        assert set(counted["billing"]) == {Agreement.UNAVAILABLE}
        assert Agreement.DRIFT in counted["default"]
        problems = [one.problem for one in found]
        assert any("The source billing cannot be asked again (" in text for text in problems)
        assert any("request-success-rate is fail, not pass" in text for text in problems)

    asyncio.run(ask_again())
