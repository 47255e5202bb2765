"""Whole rollouts through pull requests, on a server that takes no push to main."""

import json
import pathlib
import re
from decimal import Decimal

from console import run
from delivery_world import CHECKOUT, ROUTE, DeliveryWorld, delivered
from recorded_world import EVIDENCE

from gitops_canary.errors import Unavailable
from gitops_canary.model.decision import Hold, Wait
from gitops_canary.model.finding import Kind
from gitops_canary.model.request import Method

MOVES = (
    "start 1.1.0 at 0% (step 0/2)",
    "0% -> 10% (step 1/2)",
    "10% -> 50% (step 2/2, 2/2 checks pass)",
    "promote 1.1.0 (step 2/2, 2/2 checks pass)",
    "finish 1.1.0, 50% -> 0% (step 2/2)",
)


def at_ten(world: DeliveryWorld) -> None:
    """Bring a release to its first weight, live."""
    world.release("1.1.0")
    while world.weight() != "10":
        world.step()


def test_a_version_is_promoted_by_requests_alone(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        world.release("1.1.0")
        world.settle()
        found = world.verified()

        assert tuple(world.subjects()) == MOVES
        assert [pull.title.partition(": ")[2] for pull in world.pulls()] == [*MOVES]
        assert {tuple(pull.labels) for pull in world.pulls()} == {("gitops-canary",)}
        assert found.findings == []
        assert found.commits == len(MOVES)
        assert world.branches() == []
        message = world.origin.git("show", "-s", "--format=%b", world.pulls()[2].head)
        body = world.pulls()[2].body
        assert body.replace("\n```", "").replace("```\n", "") == message.rstrip("\n")
        assert re.search(r"^```\ncheck +canary +primary .*\n```$", body, re.MULTILINE | re.DOTALL)
        merges = world.origin.git("log", "--first-parent", "--format=%cn", "main").split("\n")
        assert merges[:5] == ["GitHub"] * 5, "nothing else came to main"

        names = world.origin.git("ls-tree", "-r", "--name-only", EVIDENCE).split("\n")
        [second] = [one for one in names if one.endswith("decision-02.json")]
        changed = world.origin.show(second, EVIDENCE).replace(b'"weight"', b'"wait"')
        world.origin.commit({second: changed}, "Tidy up\n", branch=EVIDENCE)
        told = [(one.kind, one.problem) for one in world.verified().findings]
        assert (Kind.DIFFERENCE, f"It changes {second}, which was written before.") in told
        assert {kind for kind, _ in told} == {Kind.DIFFERENCE}, "a stranger loses no race"


def test_a_rollback_goes_before_the_advance_that_waits(tmp_path: pathlib.Path) -> None:
    """The forge writes the commits here (squash); a seal makes them ours."""
    with delivered(tmp_path, Method.SQUASH) as world:
        at_ten(world)
        world.forge.needs_approval = True
        advance = world.until("10% -> 50%")
        assert "rules ask for more" in world.step().reason
        assert advance.state == "open"
        world.table.failed = {"checkout": 7}
        abort = world.until("abort 1.1.0, 10% -> 0%")

        assert advance.state == "closed"
        assert advance.title.startswith("withdrawn: canary(prod/checkout): 10% -> 50%")
        assert abort.labels == ["gitops-canary", "gitops-canary-rollback"]
        decision = world.step()
        assert isinstance(decision, Hold)
        assert (decision.wait, decision.alert) == (Wait.REQUEST, True)
        assert f"The rollback waits in pull request #{abort.number}" in decision.reason
        writes = len(world.forge.writes)
        assert world.peek() == decision
        assert len(world.forge.writes) == writes
        assert world.weight() == "10"

        world.forge.approve(abort)
        world.settle()
        assert world.weight() == "0"
        assert "1.0.0" in world.origin.show("apps/checkout/deployment.yaml").decode()
        assert b"1.1.0" in world.origin.show(".gitops-canary/quarantine")
        assert world.subjects()[-1].startswith("abort 1.1.0")
        assert [one.problem for one in world.verified().differences] == []
        assert world.branches() == []


def test_killed_between_push_and_request_another_controller_opens_it(
    tmp_path: pathlib.Path,
) -> None:
    with delivered(tmp_path) as world:
        world.release("1.1.0")
        world.forge.dies_before = "POST /repos/acme/config/pulls"
        report = world.look()
        assert isinstance(report.error, Unavailable)
        [branch] = world.branches()
        pushed, proof = world.origin.tip(branch), world.origin.tip(EVIDENCE)
        world.station.close()

        world.forge.dies_before = ""
        world.start("another")
        world.step()
        [pull] = world.forge.open_ones()
        assert (pull.branch, pull.head) == (branch, pushed)
        assert world.origin.tip(EVIDENCE) == proof, "what is there is not written again"

        # Merged, and killed before anybody heard of it.
        world.station.close()
        world.forge.merge(pull, "merge")
        world.start("a third")
        world.until("0% -> 10%")
        assert [one.state for one in world.pulls()] == ["closed", "open"]


def test_two_controllers_open_one_request(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path, merges=False) as world:
        one = world.station
        other = world.start("other")
        world.release("1.1.0")
        for station in (one, other, one, other):
            world.station = station
            decision = world.step()
            assert isinstance(decision, Hold)
            assert "waits in pull request #1" in decision.reason
        assert len(world.pulls()) == 1

        # The branch rests while a request waits, and the evidence branch moves.
        world.forge.merge(world.pulls()[0], "merge")
        for station in (one, other) * 4:
            world.station = station
            world.step()
        assert [pull.state for pull in world.pulls()] == ["closed", "open"]
        one.close()


def test_a_request_closed_by_a_person_is_a_no(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        at_ten(world)
        world.forge.needs_approval = True
        pull = world.until("10% -> 50%")
        world.forge.close(pull)
        decision = world.step()
        assert isinstance(decision, Hold)
        assert f"A person closed pull request #{pull.number}" in decision.reason
        assert world.peek() == decision
        assert len(world.pulls()) == 3

        world.forge.reopen(pull)
        world.forge.approve(pull)
        world.step()
        assert world.weight() == "50"

        # What comes after it has a request of its own.
        assert world.until("promote 1.1.0").number == 4


def test_the_branch_moves_while_a_request_waits(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path, Method.REBASE) as world:
        at_ten(world)
        world.forge.needs_approval = world.forge.strict = True
        pull = world.until("10% -> 50%")
        head = pull.head

        # By something that is none of ours: the same commit, brought up to date by the forge.
        world.commit("Note\n", {"README.md": b"hello\n"})
        world.step()
        assert [one.number for one in world.forge.open_ones()] == [pull.number]
        assert pull.head != head
        assert world.origin.git("rev-parse", f"{pull.head}^1") == head

        # By something that is: what was decided before it is taken back, and decided again.
        world.change(ROUTE, "weight: 90", "weight: 90 # most of it")
        again = world.until("10% -> 50%")
        assert again.number > pull.number
        assert pull.title.startswith("withdrawn: ")
        world.forge.approve(again)
        world.step()
        assert world.weight() == "50"
        assert b"50 # most of it" in world.origin.show(ROUTE)

        # A newer candidate: the rollout so far is over, by a request that says so.
        world.release("1.2.0")
        retreat = world.until("retreat 50% -> 0%")
        assert retreat.labels == ["gitops-canary", "gitops-canary-rollback"]
        assert [one.problem for one in world.verified().differences] == []


def test_a_move_counts_from_its_merge_on(tmp_path: pathlib.Path) -> None:
    """A request that waits longer than the deadline is not given up once it is merged."""
    with delivered(tmp_path, merges=False) as world:
        world.release("1.1.0")
        world.forge.merge(world.until("start"), "merge")
        pull = world.until("0% -> 10%")
        world.now_ms += 3 * 3_600_000
        report = world.look()
        assert report.seen[CHECKOUT].tip.owned.weight == Decimal(0)
        world.forge.merge(pull, "merge")
        merged_ms = world.now_ms // 1000 * 1000
        report = world.look()
        assert [plan.act.action.value for plan in report.pushed] == ["advance"], "it is told"
        rollout = report.seen[CHECKOUT].rollout
        assert rollout
        assert rollout.last.date_ms == merged_ms

        # A stale request that a person merges is taken back by the next one.
        stale = world.until("10% -> 50%")
        world.release("1.2.0")
        world.forge.merge(stale, "merge")
        world.until("retreat 50% -> 0%")
        assert world.verified().differences == []


def test_a_person_may_squash_with_the_button(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path, Method.SQUASH, merges=False) as world:
        world.release("1.1.0")
        pull = world.until("start")
        added = "---------\n\nCo-authored-by: gitops-canary <canary@example.com>\n"
        message = f"{pull.title} (#1)\n\n{pull.body}\n\n{added}"
        world.forge.merge(pull, "squash", message)
        world.until("0% -> 10%")
        assert world.verified().differences == []


def test_a_branch_that_somebody_works_on_is_left_to_them(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        world.forge.needs_approval = True
        world.release("1.1.0")
        pull = world.until("start")
        theirs = world.origin.commit({"README.md": b"mine\n"}, "Mine\n", branch=pull.branch)
        world.forge.approved.add(theirs)
        decision = world.step()
        assert isinstance(decision, Hold)
        assert f"Somebody else committed to {pull.branch}" in decision.reason
        assert world.origin.tip(pull.branch) == theirs
        assert pull.state == "open"


def test_it_is_switched_on_in_controller_yaml(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        world.release("1.1.0")
        forge = {"type": "github", "url": world.forge.url, "repository": "acme/config"}
        repository = {
            "name": "config",
            "url": world.origin.url,
            "credentials": {"username": "bot", "passwordFile": "password"},
            "forge": {**forge, "tokenFile": "token"},
            "delivery": {"type": "pull-request"},
        }
        prometheus = {"type": "prometheus", "url": "http://127.0.0.1:9"}
        document = {
            "repositories": [repository],
            "signing": {"keyFile": "key"},
            "metrics": {"sources": {"default": prometheus}},
            "sync": {"type": "none", "delay": "1h"},
        }
        (tmp_path / "controller.yaml").write_text(json.dumps(document))
        # Once it is merged the canary waits to be ready, and the metric source keeps silent.
        for code, told in ((4, "waits for a pull request"), (6, "pushed canary(prod/checkout)")):
            ended = run("once", "--config", tmp_path / "controller.yaml")
            assert ended.code == code, ended.err
            assert told in ended.err
        assert world.subjects() == ["start 1.1.0 at 0% (step 0/2)"]
