"""A move written down: its files, its words, what it reverts, and what is refused."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from grounds import APPS, AT_MS, ROUTE, ROUTER, act, canary_spec, ground
from situations import looks, move

from gitops_canary.core.dating import Clock
from gitops_canary.core.edits import Ground, confirm
from gitops_canary.core.message import parse
from gitops_canary.core.plan import QUARANTINE, Context, Plan, plan, quarantine_entry
from gitops_canary.manifest.policy import policy_json
from gitops_canary.model.decision import Act
from gitops_canary.model.names import Digest, Revision
from gitops_canary.model.rollout import Action, Move, Outcome, Rollout

SPEC = canary_spec()
POLICY = replace(SPEC.policy, digest=Digest(f"sha256:{'0' * 64}"))
STABLE = ground("1.0", "1.0")


def so_far(*moves: tuple[Action, str, str]) -> tuple[Move, ...]:
    """Give moves as action, weight before, weight after; each has a revision of its own."""
    return tuple(
        replace(move(action, after, 1, before), revision=Revision(f"{number + 10:040x}"))
        for number, (action, before, after) in enumerate(moves)
    )


def context(tip: Ground, moves: Sequence[Move] = (), **more: Any) -> Context:
    values: dict[str, Any] = {
        "spec": SPEC,
        "policy": POLICY,
        "policy_json": policy_json(SPEC.policy),
        "rollout": Rollout(moves=tuple(moves)) if moves else None,
        "source": Revision("5" * 40),
        "stable_revision": Revision("6" * 40),
        "tip": tip,
        "stable": STABLE,
        "quarantine": "",
        "earlier": (),
        "answers": {},
        "policy_revision": Revision("7" * 40),
        "origins": {},
        "scrape_ms": 15_000,
        "lag_ms": 5_000,
        "scrape_timeout_ms": 10_000,
        **more,
    }
    return Context(**values)


def planned(one: Act, tip: Ground, moves: Sequence[Move] = (), **more: Any) -> Plan:
    return plan(one, context(tip, moves, **more), ROUTER)


STARTED = so_far((Action.START, "0", "0"))
AT_TEN = so_far((Action.START, "0", "0"), (Action.ADVANCE, "0", "10"))
PROMOTED = (*AT_TEN, *so_far((Action.PROMOTE, "10", "10")))
NEW, HERE = ground("1.1.0", "1.0"), ground("1.1.0", "1.0", weight=10)
DONE = ground("1.1.0", "1.1.0", weight=10)


def words(one: Plan) -> tuple[str, str]:
    """Give the first line without its frame, and the last sentences of the first paragraph."""
    first, _, rest = one.commit.message.partition("\n\n")
    text = " ".join(rest.partition("\n\n")[0].split())
    return first.removeprefix("canary(prod/shop): "), text.removeprefix("Because.").strip()


SEEN = "The previous move was live at 1970-01-01T00:16:40Z."
BACK = (
    "All that this Canary owns is back as it was at 000000000000, the stable revision. The version "
    "is quarantined: committed again it gets no traffic until `gitops-canary retry prod/shop`."
)
SAID: dict[str, tuple[Callable[[], Plan], str, str]] = {
    "start": (
        lambda: planned(act(Action.START, step=0), NEW), "start 1.1.0 at 0% (step 0/1)",
        "Next: the first step, once the canary is ready.",
    ),
    "advance": (
        lambda: planned(act(Action.ADVANCE, "10", verdicts=looks(Outcome.PASS)), NEW, STARTED),
        "0% -> 10% (step 1/1, 1/1 checks pass)",
        f"{SEEN} Next: checks over a window that begins once this is live.",
    ),
    "advance without a proof": (
        lambda: planned(act(Action.ADVANCE, "10", live=None), NEW, STARTED), "0% -> 10% (step 1/1)",
        "Next: checks over a window that begins once this is live.",
    ),
    "promote": (
        lambda: planned(act(Action.PROMOTE, "10"), HERE, AT_TEN), "promote 1.1.0 (step 1/1)",
        f"{SEEN} Next: all traffic to the primary, once it runs this version.",
    ),
    "promote by a person": (
        lambda: planned(act(Action.PROMOTE, "10", override=True), HERE, AT_TEN),
        "promote 1.1.0 by override (step 1/1)",
        f"{SEEN} Next: all traffic to the primary, once it runs this version.",
    ),
    "finish": (
        lambda: planned(act(Action.FINISH), DONE, PROMOTED), "finish 1.1.0, 10% -> 0% (step 1/1)",
        f"{SEEN} The rollout is complete.",
    ),
    "finish in part": (
        lambda: planned(act(Action.FINISH, "1"), DONE, PROMOTED),
        "finish 1.1.0, 10% -> 1% (step 1/1)",
        f"{SEEN} Next: more of it, an interval after this is live.",
    ),
    "idle": (
        lambda: planned(act(Action.IDLE), ground("1.1.0", "1.1.0"), PROMOTED),
        "scale the canary to zero (step 1/1)", f"{SEEN} Nothing else changes.",
    ),
    "abort": (
        lambda: planned(act(Action.ABORT, quarantine=True), HERE, AT_TEN),
        "abort 1.1.0, 10% -> 0% (step 1/1)",
        f"{SEEN} {BACK}",
    ),
    "abort after the finish": (
        lambda: planned(
            act(Action.ABORT, quarantine=True), ground("1.1.0", "1.1.0"),
            (*PROMOTED, *so_far((Action.FINISH, "10", "0"))),
        ),
        "abort 1.1.0 after its promotion (step 1/1)",
        f"{SEEN} {BACK}",
    ),
    "retreat": (
        lambda: planned(act(Action.RETREAT), HERE, AT_TEN), "retreat 10% -> 0% (step 1/1)",
        f"{SEEN} No verdict on the version was reached; it stays in Git at weight 0.",
    ),
    "retreat for good": (
        lambda: planned(act(Action.RETREAT, restore=True), HERE, AT_TEN),
        "retreat 10% -> 0% (step 1/1)",
        f"{SEEN} No verdict on the version was reached; it leaves Git too.",
    ),
}  # fmt: skip


def made(name: str) -> Plan:
    return SAID[name][0]()


@pytest.mark.parametrize("name", SAID)
def test_each_move_says_what_it_does_and_what_comes_next(name: str) -> None:
    _, subject, after = SAID[name]
    one = made(name)
    assert words(one) == (subject, after)
    assert parse(one.commit.message, Revision("9" * 40)) == one.record


@pytest.mark.parametrize(
    ("action", "restore", "moves", "reverted"),
    [
        (Action.ABORT, False, AT_TEN, (1,)),
        (Action.ABORT, False, PROMOTED, (0, 1)),
        (Action.ABORT, False, STARTED, ()),
        (Action.RETREAT, True, AT_TEN, (1,)),
        (Action.RETREAT, False, AT_TEN, None),
        (Action.FINISH, False, PROMOTED, None),
    ],
)
def test_a_restoration_names_what_it_undoes(
    action: Action, restore: bool, moves: tuple[Move, ...], reverted: tuple[int, ...] | None
) -> None:
    tip = DONE if moves is PROMOTED else HERE
    one = planned(act(action, restore=restore), tip, moves)
    source = moves[0].record.source
    # PROMOTED's third move has the number of a first one.
    ids = None if reverted is None else [Revision(f"{n + 10:040x}") for n in reverted]
    assert one.record.reverts == (() if ids is None else (*ids, source))


def test_the_first_move_names_its_rollout_and_later_ones_repeat_it() -> None:
    first = planned(act(Action.START, step=0), NEW).record
    assert (first.version, first.source, first.stable) == ("app=shop:1.1.0", "5" * 40, "6" * 40)
    assert (first.previous, first.steps, first.threshold) == (None, 1, 2)
    later = planned(act(Action.ADVANCE, "10"), NEW, STARTED).record
    assert (later.source, later.stable) == (STARTED[0].record.source, STARTED[0].record.stable)
    assert (later.version, later.previous) == (STARTED[0].record.version, STARTED[-1].revision)


def test_a_template_that_changed_without_its_image_is_named_by_its_digest() -> None:
    tip = ground("1.0", "1.0", env=", env: [{name: A, value: b}]")
    one = planned(act(Action.START, step=0), tip)
    assert one.record.version == f"template@{tip.owned.candidate.digest}"
    assert words(one)[0] == "start new pod template at 0% (step 0/1)"


def test_only_what_a_move_is_about_changes() -> None:
    assert set(made("start").files) == set()
    assert set(made("advance").files) == {ROUTE}
    assert set(made("promote").files) == {APPS}
    assert set(made("finish").files) == {ROUTE}
    assert set(made("abort").files) == {APPS, ROUTE, QUARANTINE}
    assert set(made("retreat").files) == {ROUTE}
    assert set(made("retreat for good").files) == {APPS, ROUTE}
    restored = made("abort")
    assert (restored.files[APPS], restored.files[ROUTE]) == (
        STABLE.texts[APPS], STABLE.texts[ROUTE],
    )  # fmt: skip


def test_a_condemned_version_is_kept_out_for_ninety_days_from_the_full_second() -> None:
    entry = quarantine_entry(act(Action.ABORT), "app=shop:1.1.0", Digest("sha256:1"))
    assert (entry.date, entry.expires) == ("2026-02-02T02:40:00Z", "2026-05-03T02:40:00Z")


@pytest.mark.parametrize(("moves", "number"), [((), "01"), (STARTED, "02"), (AT_TEN, "03")])
def test_a_rollouts_decisions_are_counted(moves: tuple[Move, ...], number: str) -> None:
    one = planned(act(Action.START, step=0), NEW, moves)
    assert one.evidence is not None
    assert f"prod/shop/0123456789ab/decision-{number}.json" in one.evidence.files


def test_a_decision_that_waited_is_dated_anew_on_both_branches() -> None:
    one = planned(act(Action.START, step=0), NEW)
    late = one.dated(Clock(own_ms=AT_MS + 3_600_000, told_ms=AT_MS + 3_600_000), 0)
    assert one.dated(Clock(own_ms=AT_MS), AT_MS + 7).commit.at_ms == AT_MS + 7
    assert one.evidence is not None
    assert late.evidence is not None
    assert (one.commit.at_ms, one.evidence.at_ms) == (AT_MS, AT_MS)
    assert late.commit.at_ms == late.evidence.at_ms > AT_MS


@pytest.mark.parametrize("name", SAID)
def test_every_planned_move_is_confirmed(name: str) -> None:
    one = made(name)
    before = {"finish": DONE, "finish in part": DONE}.get(name, HERE)
    assert one.after is not None
    if one.act.action is not Action.IDLE:
        confirm(one.act, before=before.owned, after=one.after, place=SPEC.place)


def test_what_reaches_the_canary_beside_its_weight_is_told_at_the_start_alone() -> None:
    def told(one: Act, tip: Ground, moves: Sequence[Move] = ()) -> bool:
        tip = replace(tip, reaching=("apps/route.yaml:9",))
        return "apps/route.yaml:9" in planned(one, tip, moves).commit.message

    assert told(act(Action.START), NEW)
    assert not told(act(Action.ADVANCE, "10"), NEW, STARTED)
