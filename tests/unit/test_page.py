"""The status page: those who need somebody first, nothing of a foreign word obeyed."""

import re
from dataclasses import replace
from decimal import Decimal

from records import record, revision

from gitops_canary.app.standing import Looked, Standing
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Measurement
from gitops_canary.model.rollout import Move, Outcome
from gitops_canary.web.page import page, policy

NOW_MS = 1_770_000_000_000
IDLE = Standing(
    repository="config",
    canary=CanaryId("prod/a"),
    revision=None,
    state="idle",
    reason="Candidate and primary are the same version.",
    remedy="",
    attention=False,
    weight=Decimal(0),
    version="app=shop:1",
    primary="app=shop:1",
)
MEASURED = Measurement(
    check="request-success-rate",
    outcome=Outcome.FAIL,
    value="96.6",
    baseline="100",
    limit=">= 99",
    samples="59 requests",
    why="below the limit",
    at_ms=NOW_MS,
)
RUNS = replace(
    IDLE, canary=CanaryId("prod/b"), state="measures", weight=Decimal("2.5"),
    moves=(Move(record=record(), revision=revision(1), date_ms=NOW_MS),),
    version="app=shop:2", measurements=(MEASURED,),
)  # fmt: skip
WAITS = replace(
    IDLE, canary=CanaryId("prod/c"), state="overridden", attention=True,
    reason="A person moved it.",
    remedy="`gitops-canary resume prod/c`, or commit a new candidate",
)  # fmt: skip


def shown(*standings: Standing, trouble: str = "", seen_s: float | None = NOW_MS / 1000) -> str:
    looked = Looked(standings=standings, seen_s=seen_s, trouble=trouble)
    return page({"config": looked}, "0.1.0", NOW_MS + 90_000)


def test_who_needs_a_person_comes_first_then_what_moves() -> None:
    text = shown(IDLE, RUNS, WAITS)
    assert re.findall(r"<h3>(\S+) ", text) == ["prod/c", "prod/b", "prod/a"]
    assert "<title>(1!) gitops-canary</title>" in text
    assert "3 canaries, 1 rolling out, 1 waiting for a person" in text
    assert "looked at 90s ago" in text
    assert "Try: <code>gitops-canary resume prod/c</code>, or commit" in text


def test_a_running_canary_shows_its_share_and_its_newest_checks() -> None:
    text = shown(RUNS)
    assert '<progress max="100" value="2.5"' in text
    assert '<td class="fail">✘ fail</td>' in text
    assert "<code>app=shop:2</code> against <code>app=shop:1</code>" in text
    assert "<title>(1) gitops-canary</title>" in text


def test_a_page_that_is_kept_still_asks_for_nothing_by_itself() -> None:
    looked = {"config": Looked(standings=(RUNS,), seen_s=NOW_MS / 1000)}
    moves, still = (page(looked, "0.1.0", NOW_MS, still=one) for one in (False, True))
    assert 'http-equiv="refresh"' in moves
    assert '<a href="?still=1">' in moves
    assert "http-equiv" not in still
    assert '<a href="?">' in still


def test_foreign_words_are_shown_and_never_obeyed() -> None:
    evil = '"><script>alert(1)</script>\x1b[31m&'
    text = shown(
        replace(WAITS, reason=evil, remedy=f"`{evil}`", version=evil, canary=CanaryId(evil)),
        trouble=evil,
    )
    assert "<script" not in text
    assert "\x1b" not in text
    assert text.count("&lt;script&gt;alert(1)") == 5


def test_the_page_needs_nobody_else() -> None:
    text = shown(IDLE, RUNS, WAITS)
    assert not re.search(r"src=|url\(|@import|https?://", text)
    assert re.findall(r'href="([^"]*)"', text) == ["?still=1"]
    assert policy().startswith("default-src 'none'; style-src 'sha256-")


def test_a_rollout_with_a_record_links_to_its_report() -> None:
    looked = {"a&b": Looked(standings=(replace(RUNS, repository="a&b"), IDLE), seen_s=0)}
    text = page(looked, "0.1.0", NOW_MS, {"a&b"})
    rollout = RUNS.rollout
    assert re.findall(r'href="([^?"]*)"', text) == [f"rollout/a%26b/{rollout}"]
    assert 'href="rollout' not in page(looked, "0.1.0", NOW_MS, {"other"})


def test_trouble_leaves_what_was_seen_and_says_how_old_it_is() -> None:
    text = shown(RUNS, trouble="git ls-remote failed")
    assert '<p class="trouble" role="alert">git ls-remote failed</p>' in text
    assert "prod/b" in text
    assert "not looked at yet" in shown(seen_s=None)
    assert "No canaries." in shown()
