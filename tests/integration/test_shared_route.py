"""Two Canaries whose weights stand in one VirtualService, over real Git, by the real controller."""

import asyncio
import pathlib
from collections.abc import Iterator

import pytest
from counted_world import verified
from recorded_world import World, git

from gitops_canary.app.beginnings import Beginner
from gitops_canary.app.reading import Rules
from gitops_canary.app.tick import Report
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId

API, WEB = CanaryId("prod/api"), CanaryId("prod/web")
ROUTES = "apps/routes.yaml"
SHARED = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: site, namespace: prod}
spec:
  hosts: [site.example]
  gateways: [site]
  http:
    # the newer one is asked first
    - name: api
      match: [{uri: {prefix: /api}}]
      route:
        - destination: {host: api-primary}
          weight: 100
        - destination: {host: api-canary}
          weight: 0
    - name: web
      timeout: 5s
      route:
        - {destination: {host: web-primary}, weight: 100} # everything else
        - {destination: {host: web-canary}, weight: 0}
"""


class Site(World):
    """The world of the record with two applications in one VirtualService."""

    def share(self, text: str = SHARED) -> None:
        for name in self.names:
            folder = self.person / "apps" / name
            (folder / "virtualservice.yaml").unlink()
            listed = folder / "kustomization.yaml"
            listed.write_text(listed.read_text().replace("  - virtualservice.yaml\n", ""))
        self.edit(text, pull=False)

    def edit(self, text: str, *, pull: bool = True) -> None:
        if pull:
            git(self.person, "pull", "-q", "--rebase")
        (self.person / ROUTES).write_text(text)
        self.commit("Route")

    def routes(self, revision: str = "main") -> str:
        return git(self.origin, "show", f"{revision}:{ROUTES}") + "\n"

    def bump(self, name: str, version: str) -> None:
        names, self.names = self.names, (name,)
        self.release(version)
        self.names = names

    def until(self, wanted: str, most: int = 40) -> None:
        """Tick until a commit says this."""
        for _ in range(most):
            report = asyncio.run(self.station.tick(write=True))
            assert report.error is None, report.error
            if any(wanted in one for one in self.subjects()):
                return
            self.now_ms += 1300
        raise AssertionError(self.subjects())

    def subjects(self) -> list[str]:
        return git(self.origin, "log", "--format=%s", "main").splitlines()

    def moves(self) -> Iterator[tuple[str, list[str]]]:
        """Give whose each move is, oldest first, with the lines of the routes that it changed."""
        log = git(self.origin, "log", "--reverse", "--format=%H %s", "main").splitlines()
        for revision, _, subject in (line.partition(" ") for line in log):
            if subject.startswith("canary("):
                own = subject.partition("(")[2].partition(")")[0]
                lines = git(self.origin, "show", "-U0", "--format=", revision, "--", ROUTES)
                signs = (one for one in lines.splitlines() if one[:1] in "+-")
                yield own, [one for one in signs if one[:3] not in {"+++", "---"}]


def done(decision: Decision) -> bool:
    return not isinstance(decision, Act) and decision.wait in {Wait.IDLE, Wait.QUARANTINED}


@pytest.fixture
def site(tmp_path: pathlib.Path) -> Iterator[Site]:
    made = Site(tmp_path, names=("api", "web"))
    made.share()
    yield made
    made.close()


def test_both_roll_at_the_same_time_and_each_writes_its_own_weights(site: Site) -> None:
    site.release("1.1.0")
    site.roll()
    moves = list(site.moves())
    assert {one for one, _ in moves} == {API, WEB}
    first, last = (
        next(n for n, (own, lines) in enumerate(moves) if own == one and lines)
        for one in (API, WEB)
    )
    assert abs(first - last) == 1, "they take turns"
    for own, lines in moves:
        other = "web" if own == API else "api"
        assert len(lines) in {0, 4}
        assert not any(other in line for line in lines), own
    assert site.routes() == SHARED
    assert verified(site) == []


def test_a_rollback_puts_its_own_bytes_back_and_leaves_what_the_other_has(site: Site) -> None:
    site.table.failed = {"web": 9}
    site.release("1.1.0")
    site.until("canary(prod/web): abort")
    there = site.routes()
    assert SHARED.partition("    - name: web")[2] in there
    assert there.count("weight: 0") == 1, "the other goes on"
    site.roll()
    assert "finish" in next(one for one in site.subjects() if "prod/api" in one)
    assert verified(site) == []


def test_what_a_person_writes_into_the_others_rule_holds_nobody_else(site: Site) -> None:
    site.release("1.1.0")
    site.until("canary(prod/api): 5% -> 10%")
    now = site.routes()
    site.edit(now.replace("timeout: 5s", "timeout: 9s"))
    report = asyncio.run(site.station.tick(write=True))
    held = report.decisions[WEB]
    assert isinstance(held, Hold)
    assert held.wait is Wait.OVERRIDE
    site.until("canary(prod/api): finish")
    there = site.routes()
    assert "timeout: 9s" in there
    # Its own weight is where the person found it, and the other's is back.
    assert there.partition("    - name: web")[0] == SHARED.partition("    - name: web")[0]
    assert there.partition("    - name: web")[2] != SHARED.partition("    - name: web")[2]


def test_what_a_person_changes_for_both_holds_both(site: Site) -> None:
    site.release("1.1.0")
    site.until("canary(prod/api): 5% -> 10%")
    site.edit(site.routes().replace("[site.example]", "[site.example, other.example]"))
    report = asyncio.run(site.station.tick(write=True))
    for canary in (API, WEB):
        held = report.decisions[canary]
        assert isinstance(held, Hold)
        assert held.wait is Wait.OVERRIDE
        assert held.reason.startswith("A person moved the route (weight is "), "and no weight"


def test_a_neighbour_s_first_split_waits_for_the_rollout_beside_it(site: Site) -> None:
    """It would have been a person's hand to the canary that rolls."""
    folder = site.person / "apps/web"
    (folder / "deployment-primary.yaml").unlink()
    (folder / "services.yaml").write_text(
        "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: prod}\n"
        "spec: {selector: {app: web}, ports: [{name: http, port: 8080}]}\n"
    )
    (folder / "kustomization.yaml").unlink()
    plain = "        - {destination: {host: web}}\n"
    there = SHARED.partition("        - {destination: {host: web-primary}")[0]
    site.edit(there + plain, pull=False)
    rules = Rules(paths=("apps/",), default_provider="istio")
    site.station.beginner = Beginner(store=site.repository, rules=rules)
    site.bump("api", "1.1.0")
    site.until("canary(prod/api): 0% -> 5%")
    asyncio.run(site.station.tick(write=True))
    held = asyncio.run(site.station.tick(write=True)).decisions[WEB]
    assert isinstance(held, Hold)
    assert held.reason == (
        "Step 2/3 of initialising changes a routing object of prod/api, and waits until its "
        "rollout has ended."
    )
    site.until("canary(prod/api): finish")
    site.until("canary(prod/web): initialise: let the canary rest")
    assert "{host: web-primary}" in site.routes()


def test_two_replicas_move_both_and_each_move_is_made_once(site: Site) -> None:
    """Each looks at the same tips at the same time, and loses many races."""
    first = site.station
    site.start("replica")
    second = site.station

    async def both() -> list[Report]:
        return list(await asyncio.gather(first.tick(write=True), second.tick(write=True)))

    site.table.failed = {"web": 9}
    site.release("1.1.0")
    try:
        for _ in range(60):
            reports = asyncio.run(both())
            assert [report.error for report in reports] == [None, None]
            if all(done(report.decisions[one]) for report in reports for one in (API, WEB)):
                break
            site.now_ms += 1300
    finally:
        first.close()
    moves = list(site.moves())
    assert site.routes() == SHARED
    assert len(set(site.subjects())) == len(site.subjects())
    assert any("abort" in one for one in site.subjects())
    assert {one for one, lines in moves if lines} == {API, WEB}
    assert verified(site) == []
    site.station = second
