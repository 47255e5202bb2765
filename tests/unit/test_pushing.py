"""One push for all; where the server says no, a refused move blocks nobody and is not hammered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest
from sim.memory import MemoryGit
from sim.remote import EVIDENCE, ME, Remote

from gitops_canary.app.pushing import Budget, Pushed, Pusher, Refusals
from gitops_canary.core.plan import QUARANTINE, Plan
from gitops_canary.errors import Conflict, Locked
from gitops_canary.git.commands import Update
from gitops_canary.git.objects import ObjectId
from gitops_canary.git.pack import Made
from gitops_canary.model.decision import Act, Hold, PlannedCommit
from gitops_canary.model.names import CanaryId, Path, Revision, RolloutId
from gitops_canary.model.rollout import Action, Outcome

NOW = 1_770_000_000_000


def act(canary: str, action: Action = Action.ADVANCE) -> Act:
    return Act(
        canary=CanaryId(canary), rollout=RolloutId("0" * 12), action=action, step=1,
        weight=Decimal(5), verdict=Outcome.PASS, failed=0, window=None, reason="Because.",
        at_ms=NOW,
    )  # fmt: skip


def move(canary: str, action: Action = Action.ADVANCE, **files: str) -> Plan:
    named = {Path(f"{canary}.yaml"): f"{action.value}\n"}
    named |= {Path(QUARANTINE if name == "quarantine" else name): t for name, t in files.items()}
    return Plan(
        act=act(canary, action),
        record=cast("Any", None),
        after=cast("Any", None),
        before={},
        files=named,
        commit=PlannedCommit(
            files={path: text.encode() for path, text in named.items()},
            message=f"{canary} {action.value}\n",
            at_ms=NOW,
        ),
        evidence=PlannedCommit(files={Path(f"{canary}/e"): b""}, message="evidence\n", at_ms=NOW),
    )


@pytest.fixture
def server() -> Remote:
    remote = Remote()
    remote.commit({"README": b""}, "Begin\n", who=ME, date_s=NOW // 1000)
    return remote


def push(remote: Remote, plans: Sequence[Plan], budget: Budget | None = None) -> Any:
    git = MemoryGit(remote)
    pusher = Pusher(git=git, budget=budget or Budget(100), evidence=True)
    return pusher.push(plans, git.fetch(), NOW)


def test_a_file_in_the_way_of_evidence_holds_its_canary_alone_and_no_abort(server: Remote) -> None:
    server.commit({"shop": b"a file"}, "Begin\n", who=ME, date_s=1, branch=EVIDENCE, parents=[])
    pushed = push(server, [move("shop", Action.ABORT), move("shop/api"), move("mail")])
    assert [plan.act.canary for plan in pushed.pushed] == ["shop"]
    rest = push(server, [move("shop/api"), move("mail")])
    assert [plan.act.canary for plan in rest.pushed] == ["mail"]
    assert (
        "shop cannot be written: it is not a directory" in rest.refused[CanaryId("shop/api")].reason
    )


def test_a_file_in_the_way_of_the_quarantine_holds_its_canary_alone(server: Remote) -> None:
    server.commit({".gitops-canary": b"a file"}, "Begin\n", who=ME, date_s=1)
    pushed = push(server, [move("shop", Action.ABORT, quarantine="{}\n"), move("mail")])
    assert [plan.act.canary for plan in pushed.pushed] == ["mail"]
    assert ".gitops-canary cannot be written" in pushed.refused[CanaryId("shop")].reason


def subjects(remote: Remote, branch: str = "main") -> list[str]:
    git = MemoryGit(remote)
    git.fetch()
    return [c.message.strip() for c in git.history(remote.refs[branch]) if "Begin" not in c.message]


def refusing(remote: Remote, *, branch: str = "", file: bytes = b"") -> list[int]:
    """Refuse what moves a branch, or what writes a file with these bytes."""
    asked: list[int] = []

    def refuses(updates: Sequence[Update], made: Mapping[ObjectId, Made]) -> str:
        asked.append(len(updates))
        moved = any(update.branch == branch for update in updates)
        written = bool(file) and any(one.body == file for one in made.values())
        return "no" if moved or written else ""

    remote.refuses = refuses
    return asked


def test_one_refused_move_blocks_nobody_else(server: Remote) -> None:
    refusing(server, file=b"finish\n")
    plans = [move("a"), move("b", Action.FINISH), move("c")]
    told: set[CanaryId] = set()
    for _ in range(3):
        outcome = push(server, [p for p in plans if p.act.canary not in told])
        told |= {p.act.canary for p in outcome.pushed} | set(outcome.refused)
    assert subjects(server) == ["c advance", "a advance"]
    assert told == {"a", "b", "c"}


def test_aborts_go_together_and_first_where_a_batch_is_refused(server: Remote) -> None:
    refusing(server, file=b"finish\n")
    plans = [move("y", Action.ABORT), move("z", Action.RETREAT), move("a", Action.FINISH)]
    outcome = push(server, plans)
    assert [p.act.canary for p in outcome.pushed] == ["y", "z"]
    assert outcome.again


def test_an_abort_never_waits_for_the_evidence_branch(
    server: Remote, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(server, branch=EVIDENCE)
    outcome = push(server, [move("a", Action.ABORT)])
    assert "abort of a went without its evidence, which nobody has now" in caplog.text
    assert [p.act.canary for p in outcome.pushed] == ["a"]
    assert EVIDENCE not in server.refs
    outcome = push(server, [move("b")])
    assert set(outcome.refused) == {"b"}


def test_an_abort_never_waits_for_a_lock_on_the_evidence_branch(server: Remote) -> None:
    def locked(updates: Sequence[Update], _made: Mapping[ObjectId, Made]) -> str:
        if any(update.branch == EVIDENCE for update in updates):
            raise Locked("a stale lock", remedy="remove it")
        return ""

    server.refuses = locked
    assert [p.act.canary for p in push(server, [move("a", Action.ABORT)]).pushed] == ["a"]
    with pytest.raises(Locked):
        push(server, [move("b")])


def test_many_aborts_share_the_quarantine_and_one_push(server: Remote) -> None:
    plans = [move(name, Action.ABORT, quarantine=name) for name in ("a", "b", "c")]
    asked = refusing(server)
    outcome = push(server, plans)
    assert len(outcome.pushed) == 3
    assert len(asked) == 1
    refusing(server, file=b"abort\n")
    outcome = push(server, plans)
    assert set(outcome.refused) == {"a"}  # b and c were made upon it


def over(canary: str, **texts: tuple[str, str]) -> Plan:
    """A move that writes more files: what each held when it was made, and what it holds then."""
    one = move(canary)
    files = {**one.files, **{Path(f"{name}.yaml"): new for name, (_, new) in texts.items()}}
    commit = replace(one.commit, files={path: text.encode() for path, text in files.items()})
    before = {Path(f"{name}.yaml"): old for name, (old, _) in texts.items()}
    return replace(one, files=files, before=before, commit=commit)


def test_moves_in_one_file_go_together_where_each_was_made_on_the_one_before(
    server: Remote,
) -> None:
    first, second = over("a", routes=("", "a")), over("b", routes=("a", "ab"))
    apart, upon = over("c", routes=("", "c")), over("d", routes=("c", "cd"))
    outcome = push(server, [first, second, apart, upon, move("e")])
    assert [plan.act.canary for plan in outcome.pushed] == ["a", "b", "e"]
    assert outcome.again
    refusing(server, file=b"advance\n")
    outcome = push(server, [first, second])
    assert set(outcome.refused) == {"a"}  # b was made upon it


def test_no_move_goes_without_the_one_it_was_made_on(server: Remote) -> None:
    first, left = over("a", routes=("", "a")), over("b", routes=("", "b"), more=("", "b"))
    upon, beside = over("c", more=("b", "bc")), over("d", more=("", "d"))
    outcome = push(server, [first, left, upon, beside])
    assert [plan.act.canary for plan in outcome.pushed] == ["a", "d"]


def test_the_budget_bounds_what_a_refusal_may_cost_but_never_an_abort(server: Remote) -> None:
    asked = refusing(server, branch="main")
    budget = Budget(4)
    outcome = push(server, [move(f"n{number}") for number in range(50)], budget)
    assert len(asked) == 4
    assert not outcome.again
    assert push(server, [move("late")], budget).pushed == ()
    assert len(asked) == 4
    push(server, [move("urgent", Action.ABORT)], budget)
    assert len(asked) > 4


def test_a_refused_move_rests_and_an_abort_rests_less() -> None:
    refusals, held = Refusals(), Hold(canary=CanaryId("a"), wait=cast("Any", None), reason="no")
    for action, rest_ms in ((Action.ADVANCE, 300_000), (Action.ABORT, 15_000)):
        one = act("a", action)
        outcome = Pushed(pushed=(), refused={CanaryId("a"): held}, again=False)
        refusals.add([one, act("b")], outcome, NOW)
        assert refusals.hold(one, NOW + rest_ms - 1) == held
        assert refusals.hold(one, NOW + rest_ms) is None
        assert refusals.hold(act("b"), NOW) is None


def test_a_lost_race_is_told_and_nothing_is_written(server: Remote) -> None:
    git = MemoryGit(server)
    tips = git.fetch()
    server.commit({"x": b""}, "Begin again\n", who=ME, date_s=NOW // 1000)
    with pytest.raises(Conflict):
        Pusher(git=git, budget=Budget(9), evidence=True).push([move("a")], tips, NOW)
    assert subjects(server) == []
    assert Revision(server.refs["main"]) != tips[0]
