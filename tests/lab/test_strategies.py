"""A/B, mirroring and blue/green by the real controller, with shares as users measure them."""

import contextlib
import http.client
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from gitops_canary.app.places import CACHE
from gitops_canary.lab.load import Counts, read_counts
from gitops_canary.lab.loopback import HOST
from gitops_canary.lab.patience import until
from gitops_canary.lab.world import APEX, HEALTHY, World

CANARY, ROUTE = "apps/checkout/canary.yaml", "apps/checkout/virtualservice.yaml"
PRIMARY = "apps/checkout/deployment-primary.yaml"
AB_TEST = """\
    iterations: 4
    match:
      - headers:
          x-canary:
            exact: insider
"""
MIRRORED = """\
    iterations: 2
    mirror: true
    mirrorWeight: 50
"""
KEPT = """\
    stepWeights: [50]
    stepWeightPromotion: 25
    sessionAffinity: {cookieName: shop-canary, primaryCookieName: shop-primary}
"""
HELD = "  annotations: {gitops-canary.dev/paused: 'true'}\n"
PATIENCE_S = 90
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world with a controller that settles fast, and insiders beside the other users."""
    directory = tmp_path_factory.mktemp("strategies") / "world"
    with World.start(directory, HEALTHY, rate=120) as world:
        config = json.loads(world.config.read_text())
        config["sync"]["settle"] = "1s"
        world.config.write_text(json.dumps(config))
        insiders = [
            *(sys.executable, "-m", "gitops_canary.lab.load"),
            *("--port", str(world.envoy.port), "--host", APEX, "--header", "x-canary: insider"),
            *("--rate", "60", "--crowd", "6", "--seconds", "600"),
            *("--counts", str(world.directory / "insiders.json")),
        ]
        world.children.start("insiders", insiders)
        world.measuring()
        argv = [sys.executable, "-m", "gitops_canary", "run", "--config", str(world.config)]
        cache = {CACHE: str(world.directory / "controller")}
        world.children.start("controller", argv, env=cache)
        yield world


def told(strategy: str) -> Callable[[str], str]:
    return lambda text: re.sub(
        r"    (stepWeights|iterations)(.*\n)+?(?=    metrics)", strategy, text
    )


def paused(text: str) -> str:
    return text.replace("metadata:\n", f"metadata:\n{HELD}", 1)


def git(world: World, path: str) -> str:
    world.person._git("fetch", "-q", "origin")
    return world.person._git("show", f"origin/main:{path}")


def subjects(world: World) -> list[str]:
    world.person._git("fetch", "-q", "origin")
    return world.person._git("log", "--format=%s", "origin/main").splitlines()


def wait_for(world: World, subject: str, *, since: str) -> str:
    """Wait for a commit of the controller, and until Envoy has it or a later one."""

    def found() -> str | None:
        world.person._git("fetch", "-q", "origin")
        log = world.person._git("log", "--format=%H %s", f"{since}..origin/main")
        return next((line[:40] for line in log.splitlines() if subject in line), None)

    revision = until(found, what=subject, timeout_s=PATIENCE_S, meanwhile=world.children.require)
    later = ("log", "--format=%H", f"{revision}~1..origin/main")
    until(
        lambda: True if world.envoy.live().revision in world.person._git(*later) else None,
        what=f"{subject} to be live",
        timeout_s=PATIENCE_S,
    )
    return revision


def insiders(world: World) -> Counts:
    return read_counts(world.directory / "insiders.json")


def met(before: Counts, after: Counts, version: str) -> float:
    """Which share of the answers between two counts came from a version, in percent."""
    gained = {v: n - before.requests.get(v, 0) for v, n in after.requests.items()}
    return 100 * gained.get(version, 0) / sum(gained.values())


def grown(counts: Callable[[], Counts], since: Counts, by: int) -> Counts:
    """Wait until so many more answers were counted."""
    return until(
        lambda: now if (now := counts()).answered >= since.answered + by else None,
        what=f"{by} answers",
        timeout_s=PATIENCE_S,
    )


def switched(counts: Callable[[], Counts]) -> Counts:
    """Count once nobody is left who asked before a switch that is live now.

    The first count that is new may still be of before; the second is half a second later.
    """
    return grown(counts, grown(counts, counts(), 1), 1)


def test_an_ab_test_gives_the_canary_to_those_who_match_and_nobody_else(stage: World) -> None:
    route = git(stage, ROUTE)
    stage.person.change(CANARY, told(AB_TEST), "Test A/B")
    begin = stage.person.release("1.1.0")
    wait_for(stage, "0% -> 100% of matches", since=begin)
    # Nothing is promoted while it is looked at: what others get then comes from the primary alone.
    stage.person.change(CANARY, paused, "Look at it first")
    others, those = stage.counts(), switched(lambda: insiders(stage))
    later = grown(stage.counts, others, 60)
    last = grown(lambda: insiders(stage), those, 40)
    assert met(those, last, "1.1.0") == 100
    assert "checkout:1.0.0" in git(stage, PRIMARY)
    assert met(others, later, "1.1.0") == 0
    stage.person.change(CANARY, lambda text: text.replace(HELD, ""), "Go on")
    wait_for(stage, "finish 1.1.0", since=begin)
    assert git(stage, ROUTE) == route
    assert "checkout:1.1.0" in git(stage, PRIMARY)


def test_mirrored_blue_green_serves_nobody_and_then_everybody(stage: World) -> None:
    route = git(stage, ROUTE)
    stage.person.change(CANARY, told(MIRRORED), "Go blue/green, with a mirror")
    begin = stage.person.release("1.0.0")
    wait_for(stage, "start 1.0.0", since=begin)
    before, copies = stage.counts(), dict(stage.envoy.completed())
    after = grown(stage.counts, before, 60)
    mirrored = stage.envoy.completed()["prod_checkout"] - copies.get("prod_checkout", 0)
    assert met(before, after, "1.0.0") == 0
    assert mirrored > 0
    wait_for(stage, "0% -> 100%", since=begin)
    then = switched(stage.counts)
    assert met(then, grown(stage.counts, then, 40), "1.0.0") == 100
    wait_for(stage, "finish 1.0.0", since=begin)
    assert git(stage, ROUTE) == route
    moves = [s for s in subjects(stage) if s.startswith("canary(")][:4]
    print("\n".join(reversed(moves)))
    assert len(moves) == 4


class Client:
    """Somebody with a browser that remembers cookies."""

    def __init__(self, world: World) -> None:
        self.port = world.envoy.port
        self.cookies: dict[str, str] = {}

    def version(self) -> str:
        """Ask once; remember what is set and say who answered."""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection = http.client.HTTPConnection(HOST, self.port, timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request("GET", "/", headers={"host": APEX, "cookie": f"lang=en; {jar}"})
            answer = connection.getresponse()
            answer.read()
        for set_cookie in answer.headers.get_all("set-cookie") or ():
            name, _, rest = set_cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer.headers["x-version"]


def test_users_stay_on_the_side_that_they_met(stage: World) -> None:
    route = git(stage, ROUTE)
    stage.person.change(CANARY, told(KEPT), "Keep users on their side")
    begin = stage.person.release("1.1.0")
    wait_for(stage, "0% -> 50%", since=begin)
    clients = [Client(stage) for _ in range(40)]
    first = [client.version() for client in clients]
    assert set(first) == {"1.0.0", "1.1.0"}, "the odds of one side alone are 2 to the 39th"
    for client, version in zip(clients, first, strict=True):
        assert len(client.cookies) == 1
        assert [client.version() for _ in range(4)] == [version] * 4
    wait_for(stage, "finish 1.1.0, 50% -> 25%", since=begin)
    wait_for(stage, "finish 1.1.0, 25% -> 0%", since=begin)
    assert git(stage, ROUTE) == route


def test_every_move_of_them_is_verified_from_a_plain_clone(stage: World) -> None:
    stage.person._git("fetch", "-q", "origin")
    argv = [
        *(sys.executable, "-m", "gitops_canary", "verify", "origin/main"),
        *("--clone", str(stage.person.directory), "--paths", "apps/"),
        *("--trusted-keys", str(stage.directory / "allowed_signers")),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
