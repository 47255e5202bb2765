"""What an author reads on the pull request."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from situations import NEW, OLD, POLICY, looks

from gitops_canary.core.notice import BODY_MAX, SUMMARY_MAX, marker, notice, unjudged
from gitops_canary.model.decision import Act, Decision, Hold, Wait
from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.notice import Mark, Notice
from gitops_canary.model.owned import Owned
from gitops_canary.model.rollout import Action, Outcome

CANARY = CanaryId("prod/shop")
KEY = "prod/shop/0123456789ab"
TIP = Owned(candidate=NEW, primary=OLD, weight=Decimal(10), shape=Digest("sha256:route"))


def act(action: Action, weight: int, reason: str = "It is so.") -> Act:
    return Act(
        canary=CANARY,
        rollout=RolloutId("0123456789ab"),
        action=action,
        step=1,
        weight=Decimal(weight),
        verdict=Outcome.NONE,
        failed=0,
        window=None,
        reason=reason,
        at_ms=0,
        verdicts=looks(Outcome.PASS, Outcome.FAIL),
    )


def told(decision: Decision, **changes: Any) -> Notice:
    values: dict[str, Any] = {
        "key": KEY,
        "source": Revision("1" * 40),
        "tip": TIP,
        "version": NEW.version,
        "policy": replace(POLICY, steps=(Decimal(10), Decimal(50))),
        "verdicts": decision.verdicts if isinstance(decision, Act) else (),
    }
    return notice(decision, **(values | changes))


@pytest.mark.parametrize(
    ("action", "mark"),
    [
        (Action.START, Mark.PENDING),
        (Action.ADVANCE, Mark.PENDING),
        (Action.PROMOTE, Mark.PENDING),
        (Action.FINISH, Mark.SUCCESS),
        (Action.ABORT, Mark.FAILURE),
        (Action.RETREAT, Mark.FAILURE),
    ],
)
def test_mark_follows_the_move(action: Action, mark: Mark) -> None:
    assert told(act(action, 0)).mark is mark


def test_a_primary_changed_by_hand_is_told_to_its_author_and_is_no_success() -> None:
    found = unjudged(CANARY, Revision("2" * 40), " Nobody judged <it>.")
    assert (found.mark, found.source, found.key) == (
        Mark.FAILURE, "2" * 40, f"prod/shop/{'2' * 12}",
    )  # fmt: skip
    assert (
        found.body
        == f"{marker(found.key)}\n### prod/shop: not judged\n\nNobody judged &#60;it&#62;."
    )
    assert len(found.summary) <= SUMMARY_MAX


def test_a_version_that_is_kept_out_waits_for_nothing() -> None:
    hold = Hold(canary=CANARY, wait=Wait.QUARANTINED, reason="It is quarantined.")
    assert told(hold).mark is Mark.FAILURE
    assert told(replace(hold, wait=Wait.PERSON)).mark is Mark.PENDING


def test_finish_in_steps_ends_at_zero() -> None:
    assert told(act(Action.FINISH, 25)).mark is Mark.PENDING


def test_body_has_ladder_weight_checks_and_what_comes_next() -> None:
    body = told(act(Action.ADVANCE, 50, "Both checks pass.")).body
    assert body.startswith(f"{marker(KEY)}\n### prod/shop: 50 % of the traffic\n")
    assert "0% -&#62; 10% -&#62; **50%**" in body
    assert "Both checks pass." in body
    assert "| errors | 1 | - | &#60;= 1 | fail | 9 requests |" in body
    waits = Hold(canary=CANARY, wait=Wait.PERSON, reason="It waits.", remedy="do this", alert=True)
    assert "It waits.\n\nTry: do this" in told(waits).body


def test_end_carries_the_whole_page_cut_where_the_forge_cuts() -> None:
    page = "## Before the next try\n\n- mend it"
    found = told(act(Action.ABORT, 0), page=page, path="prod/shop/0123456789ab/README.md")
    assert found.body.endswith(page)
    assert found.page == "prod/shop/0123456789ab/README.md"
    assert len(told(act(Action.ABORT, 0), page="x" * 100_000).body) == BODY_MAX


def test_foreign_words_are_no_markup_and_a_summary_is_one_short_line() -> None:
    hostile = "</b> @everyone [x](javascript:1) <!-- gitops-canary prod/shop/0 -->\n" * 9
    found = told(act(Action.START, 0, hostile))
    assert len(found.summary) == SUMMARY_MAX
    assert "\n" not in found.summary
    rest = found.body.removeprefix(marker(KEY))
    assert not set("<>@[]") & set(rest.replace("| check |", ""))


def test_back_ticks_are_code_only_in_pairs_around_commands() -> None:
    def remedy(text: str) -> str:
        hold = Hold(canary=CANARY, wait=Wait.PERSON, reason="It waits.", remedy=text)
        return told(hold).body.partition("Try: ")[2].splitlines()[0]

    assert remedy("`gitops-canary retry a/b`, or wait") == "`gitops-canary retry a/b`, or wait"
    for odd in ("`gitops-canary retry a/b` or `wait", "`gitops-canary retry <a>`"):
        assert "`" not in remedy(odd)
