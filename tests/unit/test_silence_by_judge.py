"""Silence of each kind, under each judge, for each word of noData: when what is decided."""

from dataclasses import replace
from decimal import Decimal

import pytest
from checks import check
from situations import move, situation
from test_course import DELAY, LIVE, SCRAPE, answered, course

from gitops_canary.core.decide import decide
from gitops_canary.core.hooks import judged
from gitops_canary.core.judges.sequential_types import HEEDS, PACED
from gitops_canary.core.situation import Situation
from gitops_canary.core.stays import Stay
from gitops_canary.model.decision import Act, Decision, Wait
from gitops_canary.model.observation import Answer, Liveness, Question
from gitops_canary.model.rollout import Action, Outcome, Rollout
from gitops_canary.model.webhooks import HookType, Replies, Reply, Webhook

DEADLINE = 120_000
INTERVAL = 30_000
BEFORE = Stay(weight=Decimal(5), start_ms=LIVE - 300_000, end_ms=LIVE - 15_000, until_ms=LIVE)
START, FIVE, TEN = (
    move(Action.START, "0", 0),
    move(Action.ADVANCE, "5", 1),
    move(Action.ADVANCE, "10", 2, before="5"),
)
FIRST = {
    "sequential": LIVE + DEADLINE + SCRAPE,
    "mannwhitney": LIVE + DEADLINE + SCRAPE,
    "threshold": LIVE + DEADLINE + INTERVAL,
    "conditions": LIVE + DEADLINE + INTERVAL,
}
"""The first look of each judge after a deadline of silence: a scrape or an interval later."""
JUDGES = tuple(FIRST)
KINDS = ("nothing", "NaN", "+Inf", "away")
LOAD = Webhook(name="load", type=HookType.ROLLOUT, target="load")
AWAY = Reply(passed=None, status=None, why="no answer")


def silent(question: Question, answer: Answer, how: str, since_ms: int) -> Answer:
    """Give an answer of a source that says nothing usable from an instant on."""
    if question.end_ms <= since_ms:
        return answer
    if how == "away":
        # What Prometheus refuses, does not answer in time, warns of or answers in part ends here.
        return Answer(error=how)
    kept = []
    for one in answer.series:
        past = tuple(s for s in one.samples if s.at_ms <= since_ms)
        if how in {"NaN", "+Inf"}:
            past += tuple(s._replace(value=how) for s in one.samples if s.at_ms > since_ms)
        if past:
            kept.append(replace(one, samples=past))
    return Answer(series=tuple(kept))


def at(
    judge: str,
    how: str,
    word: str,
    now_ms: int,
    *,
    since_ms: int = LIVE,
    told: Replies | None = None,
) -> Situation:
    """Stand at the last of two weights, of which the one before was measured well."""
    own = check(None, query="mine", minimum=None, maximum="5", interval_ms=INTERVAL)
    checks = (own if judge in {"threshold", "conditions"} else check(interval_ms=INTERVAL),)
    long = {"dwell_ms": 10 * DEADLINE} if judge == "sequential" and not told else {"min_soak_ms": 0}
    one = course(*checks, kind=judge, now_ms=now_ms, earlier=(BEFORE,), last=True, judge=long)
    policy = replace(
        one.policy, no_data=word, progress_deadline_ms=DEADLINE, steps=(Decimal(5), Decimal(10)),
        attempts_max=1 if word == "fail" else 3, webhooks=(LOAD,) if told else (),
    )  # fmt: skip
    one = replace(one, policy=policy)
    answers = answered(one.questions())
    verdicts = one.verdicts({q: silent(q, a, how, since_ms) for q, a in answers.items()})
    return situation(
        policy, TEN, verdicts, rollout=Rollout(moves=(START, FIVE, TEN)), told=told or {},
        live=Liveness(live_ms=LIVE, proof=(), waiting=""), now_ms=now_ms,
    )  # fmt: skip


def told_of(one: Decision) -> bool:
    """Whether something is done, or somebody called."""
    return isinstance(one, Act) or one.alert or one.wait is Wait.PERSON


@pytest.mark.parametrize("word", ["hold", "fail", "extend", "ask"])
@pytest.mark.parametrize("how", KINDS)
@pytest.mark.parametrize("judge", JUDGES)
def test_a_weight_that_says_nothing_ends_as_the_word_says(judge: str, how: str, word: str) -> None:
    """Data stop with the weight before: it never rises, and the deadline ends it."""
    when = FIRST[judge]
    before = decide(at(judge, how, word, when - SCRAPE + DELAY))
    one = decide(at(judge, how, word, when + DELAY))

    assert not told_of(before)
    assert told_of(one)
    assert "The checks decided nothing for 2m: " in one.reason
    why = {"nothing": "no", "NaN": "NaN", "+Inf": "+Inf", "away": "away"}[how]
    assert why in one.reason.partition("2m: ")[2]
    if word in {"hold", "fail"}:
        assert isinstance(one, Act)
        assert (one.action, one.verdict, one.at_ms, one.quarantine) == (
            Action.RETREAT, Outcome.INCONCLUSIVE, when, False,
        )  # fmt: skip
    else:
        assert not isinstance(one, Act)
        assert one.wait is (Wait.PERSON if word == "ask" else Wait.DATA)
        assert "The weight stays" in one.reason


@pytest.mark.parametrize("judge", JUDGES)
def test_silence_counts_from_what_was_heard_last_and_undoes_a_pass(judge: str) -> None:
    """Whatever held the pass back (a gate, a pause): it is no word on what came after it."""
    since_ms = LIVE + 2 * INTERVAL
    late = decide(at(judge, "nothing", "hold", since_ms + 2 * DEADLINE, since_ms=since_ms))
    assert isinstance(late, Act)
    assert late.action is Action.RETREAT
    assert late.at_ms == FIRST[judge] + 2 * INTERVAL
    before = decide(at(judge, "nothing", "hold", late.at_ms - SCRAPE + DELAY, since_ms=since_ms))
    assert not isinstance(before, Act) or before.action is Action.PROMOTE


@pytest.mark.parametrize("word", ["extend", "ask"])
@pytest.mark.parametrize("judge", JUDGES)
def test_who_waits_goes_on_once_there_are_data_again(judge: str, word: str) -> None:
    s = at(judge, "nothing", word, LIVE + 3 * DEADLINE)
    good = at(judge, "nothing", word, LIVE + 3 * DEADLINE, since_ms=LIVE + 9 * DEADLINE).verdicts
    later = tuple(
        replace(one, window=replace(one.window, end_ms=one.window.end_ms + 3 * DEADLINE))
        for one in good
    )
    silent_ = decide(s)
    assert not isinstance(silent_, Act)
    assert silent_.alert
    again = decide(replace(s, verdicts=(*s.verdicts, *later)))
    assert "decided nothing" not in again.reason
    if judge != "sequential":  # whose time at the weight is not over
        assert isinstance(again, Act)
        assert again.action is Action.PROMOTE
        assert again.window is not None
        assert again.window.end_ms > LIVE + 3 * DEADLINE


@pytest.mark.parametrize("judge", JUDGES)
def test_a_webhook_that_never_answers_is_silence_whatever_is_measured(judge: str) -> None:
    """It is asked for longer than an interval each time, so some looks were not asked about."""
    told = {(LOAD, LIVE + n * DEADLINE // 2): AWAY for n in range(4)}
    one, before = (
        decide(judged(at(judge, "", "hold", when + DELAY, since_ms=10**14, told=told)))
        for when in (FIRST[judge] + SCRAPE, FIRST[judge] - SCRAPE)
    )
    assert not told_of(before)
    assert isinstance(one, Act)
    assert (one.action, one.at_ms) == (Action.RETREAT, FIRST[judge])
    assert "webhook load: " in one.reason


def test_records_of_before_are_judged_as_they_were() -> None:
    """Ranks of a weight without any point of its own passed by those of the weights before."""
    one = course(
        check(interval_ms=INTERVAL), kind="mannwhitney", now_ms=LIVE + SCRAPE + DELAY,
        earlier=(BEFORE,),
    )  # fmt: skip
    one = replace(one, rule=HEEDS)
    none = {q: silent(q, a, "nothing", LIVE) for q, a in answered(one.questions()).items()}
    [now], [then] = (replace(one, rule=rule).verdicts(none) for rule in (HEEDS, HEEDS - 1))
    assert (now.outcome, now.heard) == (Outcome.INCONCLUSIVE, False)
    assert (then.outcome, then.heard) == (Outcome.PASS, True)


def test_ranks_pass_once_an_interval_at_a_weight() -> None:
    one = course(check(interval_ms=INTERVAL), kind="mannwhitney", blocks=6, earlier=(BEFORE,))
    answers = answered(replace(one, rule=PACED).questions())
    now, then = (replace(one, rule=rule).verdicts(answers) for rule in (PACED, PACED - 1))

    passes = [(v.window.end_ms - LIVE) // SCRAPE for v in now if v.outcome is Outcome.PASS]
    assert passes == [2, 4, 6], "an interval is two scrapes"
    assert {v.outcome for v in then} == {Outcome.PASS}
    assert all(v.heard for v in now)
    assert now[0].reason == "score 100, 95 passes; 15s of 30s at 10 %"
