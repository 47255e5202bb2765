"""Only the first look tells again, only what is young, and nobody what was heard or is its own."""

import asyncio
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gitops_canary.app.retelling import YOUNG_MS, Heard, Retelling
from gitops_canary.app.tick import Report
from gitops_canary.core.announce import told_again
from gitops_canary.core.replay import History
from gitops_canary.errors import Unavailable
from gitops_canary.model.announcement import Announcement
from gitops_canary.model.names import CanaryId, Digest, Revision, RolloutId
from gitops_canary.model.rollout import Action, Move, Outcome, Record

WEB, NOW_MS = CanaryId("prod/web"), 1_770_000_000_000
SPEC = cast("Any", SimpleNamespace(namespace="prod", name="web"))
MESSAGE = "canary(prod/web): abort\n\nerrors was 7\n(limit 1).\n\nVersion: v2.\n"


def move(action: Action = Action.ABORT, *, age_ms: int = 1000) -> Move:
    record = Record(
        canary=WEB, rollout=RolloutId("r" * 12), action=action, step=1, steps=1,
        weight_from=Decimal(50), weight_to=Decimal(0), version="v2", verdict=Outcome.FAIL,
        failed=1, threshold=1, window=None, policy=Digest("p"), evidence=None,
        source=Revision("s" * 40), stable=Revision("b" * 40), previous=Revision("a" * 40),
        reverts=(),
    )  # fmt: skip
    return Move(record=record, revision=Revision("c" * 40), date_ms=NOW_MS - age_ms)


def report(*moves: Move, error: Unavailable | None = None) -> Report:
    seen = cast("Any", {WEB: SimpleNamespace(spec=SPEC)})
    return Report(
        repository="c", tip=None, decisions={}, seen=seen, history=History({WEB: moves}),
        error=error,
    )  # fmt: skip


async def said(_: Revision) -> str:
    return MESSAGE


async def unreadable(_: Revision) -> str:
    raise Unavailable("away", remedy="wait")


def told(retelling: Retelling, found: Report, *own: Announcement) -> list[str]:
    return [one.event for _, one, _ in retelling.missed(found, own, NOW_MS)]


@pytest.mark.parametrize(
    ("moves", "events"),
    [
        ((move(),), ["abort"]),
        ((move(Action.RETREAT),), ["retreat"]),
        ((move(Action.IDLE), move()), ["abort"]),
        ((move(age_ms=YOUNG_MS),), ["abort"]),
        ((move(age_ms=YOUNG_MS + 1),), []),
        ((move(Action.FINISH),), []),
        ((), []),
    ],
)
def test_what_people_must_hear_and_is_young_is_told_at_the_first_look(
    moves: tuple[Move, ...], events: list[str]
) -> None:
    retelling = Retelling(said, Heard())
    assert told(retelling, report(*moves, error=Unavailable("away", remedy="wait"))) == []
    assert told(retelling, report(*moves)) == events
    assert told(retelling, report(move())) == []


def test_what_a_process_does_itself_is_not_told_again() -> None:
    retelling = Retelling(said, Heard())
    own = told_again(move(), SPEC, "")
    # It was pushed, and then the look failed: the next one sees it in the history.
    assert told(retelling, report(error=Unavailable("away", remedy="wait")), own) == []
    assert told(retelling, report(move())) == []


def test_one_that_looks_once_tells_again_only_where_the_last_one_left_word(tmp_path: Path) -> None:
    file = tmp_path / "told"
    assert told(Retelling(said, Heard(file), stays=False), report(move())) == []
    assert told(Retelling(said, Heard(file), stays=False), report(move())) == ["abort"]


def test_what_was_heard_is_known_by_receiver_until_it_is_old(tmp_path: Path) -> None:
    file = tmp_path / "told"
    old, new = (told_again(move(age_ms=age), SPEC, "") for age in (3 * YOUNG_MS, 0))
    Heard(file).add("notifier chat", old)
    assert Heard(file).holds("notifier chat", old)
    assert not Heard(file).holds("notifier pager", old)
    Heard(file).add("notifier pager", new)
    assert Heard(file).holds("notifier pager", new)
    assert file.read_text().count("notifier") == 1
    file.write_text("[]")
    assert not Heard(file).holds("notifier pager", new)


def test_it_says_what_the_commit_says_or_names_it() -> None:
    one = cast("Any", SimpleNamespace(spec=SPEC))
    first = told_again(move(), SPEC, "")
    whole = asyncio.run(Retelling(said, Heard()).worded(move(), first, one))
    start = "prod/web: abort, weight 0 %. errors was 7 (limit 1). Told again after a restart: made"
    assert whole.sentence.startswith(start)
    assert whole.key == first.key
    less = asyncio.run(Retelling(unreadable, Heard()).worded(move(), first, one))
    assert less.sentence.endswith("Its commit cccccccccccc says why.")
