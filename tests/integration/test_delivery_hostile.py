"""What careless and malicious people can do to a pull request of ours, and what comes of it."""

import pathlib
from collections.abc import Mapping

import pytest
from delivery_world import CANARY, DeliveryWorld, delivered

from gitops_canary.app.announcing import Announcer
from gitops_canary.app.noticing import notices
from gitops_canary.errors import Unavailable
from gitops_canary.model.announcement import Announcement
from gitops_canary.model.decision import Hold
from gitops_canary.model.notice import Mark
from gitops_canary.model.request import Method
from gitops_canary.model.webhooks import Webhook


class Deaf:
    """Someone who is told nothing here: what would be told is looked at itself."""

    async def hear(self, hook: Webhook, key: str, body: Mapping[str, object]) -> str:
        raise AssertionError((hook, key, body))

    async def notify(self, notifier: str, told: Announcement) -> str:
        raise AssertionError((notifier, told))


def begun(world: DeliveryWorld) -> None:
    """Have the request of a start wait for an approval."""
    world.forge.needs_approval = True
    world.release("1.1.0")
    world.until("start")


def held(world: DeliveryWorld) -> Hold:
    decision = world.step()
    assert isinstance(decision, Hold), decision
    return decision


def test_a_push_between_look_and_merge_is_not_merged(tmp_path: pathlib.Path) -> None:
    """The head was taken from the forge's list, which may be younger than what was looked at."""
    with delivered(tmp_path) as world:
        begun(world)
        [pull] = world.forge.open_ones()
        world.forge.needs_approval = False

        def push(call: str) -> None:
            if call.startswith("GET /repos/acme/config/pulls?"):
                world.forge.meanwhile = lambda _call: None
                world.origin.commit({"README.md": b"evil\n"}, "Evil\n", branch=pull.branch)

        world.forge.meanwhile = push
        assert "its branch has just moved" in held(world).reason
        assert pull.state == "open"
        assert b"evil" in world.origin.show("README.md", pull.branch)
        assert "Somebody else committed" in held(world).reason
        assert world.subjects() == []


def test_a_forks_request_of_the_same_name_is_none_of_ours(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        begun(world)
        [pull] = world.forge.open_ones()
        evil = world.origin.commit({"README.md": b"evil\n"}, "Evil\n", branch="of-the-fork")
        for _ in range(12):
            forged = world.forge.forked(pull, evil, "acme/fork")
        world.forge.needs_approval = False
        world.step()
        assert (pull.merged_at is None, forged.merged_at) == (False, None)
        assert forged.state == "open"


def test_an_open_request_counts_whatever_it_is_called(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        begun(world)
        [pull] = world.forge.open_ones()
        pull.title = f"withdrawn: {pull.title}"
        assert "rules ask for more" in held(world).reason
        world.forge.approve(pull)
        world.step()
        assert pull.merged_at
        assert world.subjects() == ["start 1.1.0 at 0% (step 0/2)"]


def test_a_merge_queue_is_told_with_what_helps(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        world.forge.queue = True
        world.release("1.1.0")
        world.until("start")
        decision = held(world)
        assert "takes merges from its merge queue alone" in decision.reason
        assert "set delivery.merge: people" in decision.remedy
        assert decision.alert


def test_a_branch_that_cannot_be_deleted_holds_its_canary_alone(tmp_path: pathlib.Path) -> None:
    with delivered(tmp_path) as world:
        begun(world)
        [pull] = world.forge.open_ones()
        world.origin.git("config", "receive.denyDeletes", "true")
        world.release("1.2.0")
        decision = held(world)
        assert "the server refused" in decision.reason
        assert decision.alert
        assert pull.state == "closed"
        world.origin.git("config", "receive.denyDeletes", "false")
        world.until("start 1.2.0")
        assert len(world.branches()) == 1


@pytest.mark.parametrize("status", [None, 429])
def test_a_branch_that_is_over_and_stays_holds_nothing_up(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture, status: int | None
) -> None:
    """A rule keeps every branch; or the server limits requests, and takes none to delete."""
    with delivered(tmp_path) as world:
        begun(world)
        [pull] = world.forge.open_ones()
        if status is None:
            world.origin.git("config", "receive.denyDeletes", "true")
        else:
            world.origin.faults.status(status, service="git-receive-pack")
        world.forge.approve(pull)
        report = world.look()
        assert report.error is None, report.error
        assert [plan.act.action.value for plan in report.pushed] == ["start"]
        assert pull.branch in world.branches()
        [warned] = [text for text in caplog.messages if "could not be deleted" in text]
        assert f"{pull.branch} is over" in warned
        world.until("0% -> 10%")
        world.origin.git("config", "receive.denyDeletes", "false")
        world.step()
        assert pull.branch not in world.branches()


@pytest.mark.parametrize("call", ["GET", "POST", "PUT"])
def test_a_forge_that_limits_requests_is_left_alone_and_the_move_waits(
    tmp_path: pathlib.Path, call: str
) -> None:
    """It ended the look: nobody's decision was told, and the next look asked again at once."""
    with delivered(tmp_path) as world:
        asked: list[str] = []
        world.release("1.1.0")
        world.forge.meanwhile = asked.append
        world.forge.limits_before = f"{call} /repos/acme/config/pulls"
        world.forge.refuses_with = {"Retry-After": "20"}
        while not isinstance(decision := world.step(), Hold) or "429" not in decision.reason:
            assert len(asked) < 20
        assert "rate limit exceeded" in decision.reason
        assert decision.remedy.startswith("nothing: it is asked again in 20 s")
        assert (decision.exit_code, decision.alert) == (Unavailable.exit_code, False)
        many = len(asked)
        again = held(world)
        assert again.remedy == "nothing: it is asked again in 16 s"
        assert len(asked) == many, "it is left alone"
        world.forge.limits_before = ""
        for _ in range(6):
            world.step()
        assert len(asked) > many
        assert "start 1.1.0" in " ".join(world.subjects())


@pytest.mark.parametrize("method", [Method.MERGE, Method.SQUASH])
def test_a_merge_whose_answer_was_lost_is_told(tmp_path: pathlib.Path, method: Method) -> None:
    """Also where more was measured since the request was opened than its commit says."""
    with delivered(tmp_path, method) as world:
        world.release("1.1.0")
        while world.weight() != "10":
            world.step()
        world.forge.needs_approval = True
        pull = world.until("10% -> 50%")
        world.step()

        def merge(call: str) -> None:
            if call.endswith("/merge"):
                world.forge.merge(pull, method.value, f"{pull.title}\n\n{pull.body}")
                world.forge.dies_before = call

        world.forge.meanwhile = merge
        world.forge.approve(pull)
        assert isinstance(world.look().error, Unavailable)
        world.forge.dies_before = ""
        told = [plan.act.action.value for plan in world.look().pushed]
        assert told == ["advance"]


@pytest.mark.parametrize("method", [Method.MERGE, Method.SQUASH])
def test_an_abort_that_was_merged_is_told_to_who_committed_the_version(
    tmp_path: pathlib.Path, method: Method
) -> None:
    """It was told as of the version that it restored, on the commit of the abort itself."""
    with delivered(tmp_path, method) as world:
        world.release("1.1.0")
        source = world.origin.tip()
        while world.weight() != "10":
            world.step()
        world.table.failed = {"checkout": 50}
        while not (report := world.look()).pushed:
            pass
        [found] = notices(report)
        assert (found.mark, found.source) == (Mark.FAILURE, source)
        assert "checkout:1.1.0" in found.body
        (_, told), *_ = Announcer(Deaf())._news(report, world.now_ms)
        assert (told.event, told.version) == ("abort", "app=ghcr.io/acme/checkout:1.1.0")


def test_a_retreat_of_a_deleted_canary_counts_though_the_forge_wrote_it(
    tmp_path: pathlib.Path,
) -> None:
    with delivered(tmp_path, Method.SQUASH) as world:
        world.release("1.1.0")
        while world.weight() != "10":
            world.step()
        at_s = world.now_ms // 1000
        world.origin.commit({CANARY: None}, "Delete the Canary\n", at=at_s)
        told = [plan.act.action.value for _ in range(3) for plan in world.look().pushed]
        assert told == ["retreat"]
        assert world.weight() == "0"
        assert world.verified().differences == []


def test_a_request_whose_evidence_was_written_over_is_made_anew(tmp_path: pathlib.Path) -> None:
    """Somebody restored the branch of a request that was taken back, and reopened it."""
    with delivered(tmp_path, Method.SQUASH) as world:
        world.release("1.1.0")
        while world.weight() != "10":
            world.step()
        world.forge.needs_approval = True
        advance = world.until("10% -> 50%")
        world.table.failed = {"checkout": 7}
        world.until("abort 1.1.0")
        world.table.failed = {}
        world.origin.git("update-ref", f"refs/heads/{advance.branch}", advance.head)
        world.forge.reopen(advance)
        world.forge.approve(advance)
        again = world.until("10% -> 50%")
        assert advance.merged_at is None
        assert again.number > advance.number
        world.forge.approve(again)
        world.step()
        assert world.weight() == "50"
        assert world.verified().differences == []
