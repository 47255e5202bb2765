"""Whoever alters one thing in a decision on record is contradicted by all the others.

`tests/data/decisions` holds rollouts as their moves left them: `windows` are those of stories,
`counts` two of `sequential` from before decision 18, `underway` condemned while a weight was on its
way, `watched` after their finish. They stay as they are: what was written once has to follow from
its samples in every later version.
"""

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.core import recorded
from gitops_canary.core.canonical import canonical
from gitops_canary.core.evidence import digest
from gitops_canary.core.recompute import judged, recompute
from gitops_canary.core.text import instant_ms, iso
from gitops_canary.model.names import Revision
from gitops_canary.model.rollout import Move

Json = dict[str, Any]
DATA = Path(__file__).parents[1] / "data" / "decisions"


def decisions() -> Sequence[tuple[str, Json, tuple[Move, ...]]]:
    """Every decision that is altered in all ways, with the moves before it."""
    return read("windows.jsonl", "counts.jsonl")


@cache
def read(*files: str) -> Sequence[tuple[str, Json, tuple[Move, ...]]]:
    """Every decision on record in some files, with the moves before it."""
    rows = [json.loads(line) for file in files for line in (DATA / file).read_text().splitlines()]
    rollouts = groupby(rows, key=lambda row: row["rollout"])
    return tuple(one for name, own in rollouts for one in _rollout(name, list(own)))


def _rollout(name: str, rows: Sequence[Json]) -> Iterator[tuple[str, Json, tuple[Move, ...]]]:
    before: tuple[Move, ...] = ()
    for row in rows:
        data = canonical(row["document"])
        document = read_decision(data, name=name)
        yield f"{name} {len(before) + 1} {document['action']}", document, before
        record = recorded.record(document, digest(data))
        move = Move(record=record, revision=Revision(row["revision"]), date_ms=row["dateMs"])
        before = (*before, move)


def later(text: str, span_ms: int = 1000) -> str:
    return iso(instant_ms(text) + span_ms)


def shifted(window: str) -> str:
    start, _, end = window.partition("/")
    return f"{later(start)}/{end}"


def raised(text: str, part: int) -> str:
    """Raise one of the numbers of `2/3`."""
    numbers = [int(one) for one in text.split("/")]
    numbers[part] += 1
    return "/".join(map(str, numbers))


def last(change: Callable[[Json], Any]) -> Callable[[Json], Any]:
    return lambda document: change(document["verdicts"][-1])


def first_check(**changes: Any) -> Callable[[Json], Any]:
    return last(lambda verdict: verdict["checks"][0].update(changes))


def other(verdict: str) -> str:
    return "fail" if verdict == "pass" else "pass"


def _answer(document: Json) -> None:
    for query in document["queries"]:
        for series in query["series"]:
            series["samples"] = [[at_ms, "0.5"] for at_ms, _ in series["samples"]]


VERDICTS: dict[str, Callable[[Json], Any]] = {
    "value": first_check(value="0.25"),
    "limit": first_check(limit="<= 9"),
    "samples": first_check(samples="77 requests"),
    "baseline": first_check(baseline="3"),
    "name": first_check(name="another"),
    "numbers": first_check(numbers={"a": "1"}),
    "outcome": last(lambda one: one.update(outcome=other(one["outcome"]))),
    "final": last(lambda one: one.update(final=not one["final"])),
    "heard": last(lambda one: one.update(heard=not one["heard"])),
    "window": last(lambda one: one.update(window=shifted(one["window"]))),
    "when": last(lambda one: one.update(at=later(one["at"]))),
    "a check less": last(lambda one: one["checks"].pop()),
    "no verdict": lambda document: document.update(verdicts=[]),
    "the samples": _answer,
}
MOVES: dict[str, Callable[[Json], Any]] = {
    "step": lambda one: one.update(step=raised(one["step"], 0)),
    "steps": lambda one: one.update(step=raised(one["step"], 1)),
    "failures": lambda one: one.update(failed=raised(one["failed"], 0)),
    "threshold": lambda one: one.update(failed=raised(one["failed"], 1)),
    "weight": lambda one: one["weight"].update(to="33"),
    "verdict": lambda one: one.update(verdict=other(one["verdict"])),
    "date": lambda one: one.update(decidedAt=later(one["decidedAt"], -1000)),
    "action": lambda one: one.update(action="promote" if one["action"] != "promote" else "finish"),
    "digest": lambda one: one["policy"].update(digest=f"sha256:{'1' * 64}"),
    "exposure": lambda one: one.update(
        exposure=None if one["exposure"] else {"weight": "9", "minutes": "1"}
    ),
    "live": lambda one: one["live"].update(since=later(one["live"]["since"], -60_000)),
}


def nothing(_: Json) -> None:
    """Alter nothing."""


def unnoticed(change: Callable[[Json], Any], chosen: Callable[[Json], bool]) -> list[str]:
    """Alter each of the chosen decisions; those that are believed all the same, or unaltered."""
    found, tried = [], 0
    for name, document, before in decisions():
        if chosen(document):
            altered = copy.deepcopy(document)
            change(altered)
            tried += 1
            same = change is not nothing and altered == document
            found += [] if same or list(recompute(altered, before)) else [name]
    assert tried > 5
    return found


@pytest.mark.parametrize("what", VERDICTS)
def test_a_verdict_that_was_altered_does_not_follow_from_its_samples(what: str) -> None:
    webhooks = ("webhook", "skip")

    def measured(document: Json) -> bool:
        names = {c["name"] for v in document["verdicts"] for c in v["checks"]}
        return bool(names) and not any(word in name for name in names for word in webhooks)

    assert unnoticed(VERDICTS[what], measured) == []


@pytest.mark.parametrize("what", MOVES)
def test_a_move_that_was_altered_does_not_follow_from_its_verdicts(what: str) -> None:
    """All but the start, which rests on what people committed."""
    assert unnoticed(MOVES[what], lambda one: one["action"] in {"advance", "promote"}) == []


@pytest.mark.parametrize("what", ["steps", "threshold", "weight", "digest"])
def test_what_stands_in_the_policy_is_held_against_it_in_every_move(what: str) -> None:
    assert unnoticed(MOVES[what], lambda _: True) == []


def test_nothing_is_told_of_what_nobody_altered() -> None:
    assert unnoticed(nothing, lambda _: True) == [name for name, _, _ in decisions()]


ENDS = [
    pytest.param(document, before, id=name)
    for name, document, before in read("underway.jsonl", "watched.jsonl")
    if document["action"] not in {"start", "finish"}
]


@pytest.mark.parametrize(("document", "before"), ENDS)
def test_what_was_condemned_on_its_way_or_after_its_finish_follows_and_nothing_else(
    document: Json, before: tuple[Move, ...]
) -> None:
    assert list(recompute(document, before)) == []
    changes = [MOVES["verdict"], MOVES["exposure"], MOVES["failures"]]
    changes += [VERDICTS["value"], VERDICTS["window"]] if document["verdicts"] else []
    for change in changes if document["action"] == "abort" else ():
        altered = copy.deepcopy(document)
        change(altered)
        assert list(recompute(altered, before)) != []


EVERY = read("windows.jsonl", "counts.jsonl", "underway.jsonl", "watched.jsonl")


def test_a_decision_whose_moves_before_are_lost_is_accused_of_nothing() -> None:
    """As after a squash: what rests on the moves before cannot be decided again."""
    assert [name for name, document, _ in EVERY if list(recompute(document, ()))] == []


@pytest.mark.parametrize("what", ["the samples", "value", "outcome", "when", "window"])
def test_looks_at_windows_follow_from_their_samples_whatever_was_before(what: str) -> None:
    chosen = ("approved 4 promote", "conditions_condemned 3 abort", "watched threshold 3 advance")
    for name, document, _ in EVERY:
        altered = copy.deepcopy(document)
        if name in chosen:
            VERDICTS[what](altered)
            assert list(recompute(altered, ())) != [], name


@pytest.mark.parametrize("what", ["steps", "threshold", "weight", "digest"])
def test_what_stands_in_the_policy_is_held_against_it_whatever_was_before(what: str) -> None:
    for name, document, _ in EVERY:
        altered = copy.deepcopy(document)
        MOVES[what](altered)
        assert list(recompute(altered, ())) != [], name


def by_rule(wanted: str, rule: int, change: Callable[[Json], Any]) -> list[tuple[str, bool]]:
    """Judge a record again as if it named another decision on judging."""
    [(document, before)] = [(one, moves) for name, one, moves in EVERY if name == wanted]
    altered = copy.deepcopy(document)
    altered["timing"]["rule"] = rule
    change(altered)
    found = judged(altered, recorded.answers(altered), before)
    return [(verdict["outcome"], verdict["heard"]) for verdict in found]


def test_a_webhook_that_did_not_answer_is_silent_since_decision_46() -> None:
    def unanswered(document: Json) -> None:
        first = document["verdicts"][0]["at"]
        document["webhooks"][0].update(at=first, passed=None, status=None, why="no answer")

    looks = partial(by_rule, "webhook_beside_the_checks 3 advance", change=unanswered)
    assert [heard for _, heard in looks(45)] == [False, True, True]
    assert [heard for _, heard in looks(46)] == [False, False, False]


def test_windows_are_judged_by_what_was_asked_since_decision_39() -> None:
    looks = partial(by_rule, "watched threshold 3 advance", change=nothing)
    assert looks(39) == [("pass", False)]
    assert looks(38) == [("inconclusive", False)]


def test_a_move_that_was_dated_too_early_is_told_with_what_it_had_to_wait_for() -> None:
    [(document, before)] = [(d, b) for name, d, b in EVERY if name == "returned_in_steps 5 finish"]
    altered = copy.deepcopy(document)
    MOVES["date"](altered)
    assert (
        "today's code would hold: Traffic returns to the primary; the canary still has 30 %."
    ) in list(recompute(altered, before))
