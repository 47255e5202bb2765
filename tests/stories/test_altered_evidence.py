"""Whoever alters one thing in a decision on record is contradicted by all the others."""

import copy
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from telling import WEB, Telling

from gitops_canary.app.evidence_models import read_decision
from gitops_canary.core.evidence import decision_path
from gitops_canary.core.recompute import recompute
from gitops_canary.core.replay import by_canary, moves
from gitops_canary.core.text import instant_ms, iso
from gitops_canary.model.rollout import Move

Json = dict[str, Any]
STORIES = (
    "promoted", "condemned", "approved", "returned_in_steps", "watch_condemned", "skip_analysis",
    "failures_add_up", "came_back_fast", "webhook_beside_the_checks", "silence", "blue_green",
    "ab_test_condemned",
)  # fmt: skip


@cache
def decisions() -> Sequence[tuple[str, Json, tuple[Move, ...]]]:
    """Every decision of some stories, with the moves before it."""
    return tuple(one for name in STORIES for one in _of(name))


def _of(name: str) -> Iterator[tuple[str, Json, tuple[Move, ...]]]:
    telling = Telling()
    telling.play((Path(__file__).parent / f"{name}.txt").read_text())
    ledger = telling.ledger
    assert ledger.tip is not None
    assert ledger.proof is not None
    rollout = by_canary(moves(ledger.history(ledger.tip))).rollout(WEB)
    assert rollout is not None
    for number, move in enumerate(rollout.moves, 1):
        path = decision_path(move.record, number)
        if data := ledger.trees[ledger.proof].get(path):
            document = read_decision(data, name=path)
            yield f"{name} {number} {document['action']}", document, rollout.moves[: number - 1]


def later(text: str, span_ms: int = 1000) -> str:
    return iso(instant_ms(text) + span_ms)


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
    "window": last(lambda one: one.update(window=later(one["window"][:20]) + one["window"][20:])),
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
