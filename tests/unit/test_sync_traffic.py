import asyncio
import random
from pathlib import Path

import pytest
from shelf import IMAGE, MINUTE, SCRAPE, SECOND, SINCE, Shelf, expected, look, requests, series

from gitops_canary.model.observation import Liveness, Series
from gitops_canary.sync import SYNC, Options


def test_weight_is_live_at_the_sample_that_proves_it() -> None:
    found = look(requests(10), expected())
    assert found.live_ms is not None
    assert SINCE < found.live_ms < SINCE + MINUTE
    assert (found.live_ms - 700) % SCRAPE == 0
    assert found.waiting == ""
    assert "10 % rather than 5 %" in found.proof[0]
    assert found.detail["seenBy"] == "source"


def test_old_weight_is_never_taken_for_the_new_one() -> None:
    found = look(requests(5), expected(), SINCE + 20 * MINUTE)
    assert found.live_ms is None
    assert "requests since the commit look like 5 % still: evidence" in found.waiting


def test_without_any_request_it_says_what_to_look_at() -> None:
    unseen, idle = look([], expected()), look(requests(10, until_ms=0), expected())

    assert unseen.waiting == idle.waiting == "no request was counted since the commit"
    assert "no request series of shop or shop-primary in prod" in unseen.remedy
    assert "look whether requests reach shop and shop-primary" in idle.remedy
    assert look(requests(5), expected()).remedy == look(requests(10), expected()).remedy == ""


@pytest.mark.parametrize("delay_ms", [0, MINUTE, 5 * MINUTE])
def test_late_sync_costs_no_more_than_a_prompt_one(delay_ms: int) -> None:
    switched = SINCE + delay_ms
    found = look(requests(10, old=5, switch_ms=switched), expected(), SINCE + 10 * MINUTE)
    assert found.live_ms is not None
    assert switched < found.live_ms < switched + 90 * SECOND


def test_false_proof_is_rarer_than_one_in_a_hundred() -> None:
    chance = random.Random(7)  # noqa: S311 - reproducible, not secret
    false = 0
    for _ in range(400):
        canary, primary, rows = 0, 0, ([(SINCE - SECOND, 0.0)], [(SINCE - SECOND, 0.0)])
        for at_ms in range(SINCE + SECOND, SINCE + 100 * SECOND, SECOND):
            hits = sum(chance.random() < 0.05 for _ in range(20))
            canary, primary = canary + hits, primary + 20 - hits
            rows[0].append((at_ms, canary))
            rows[1].append((at_ms, primary))
        own = {"destination_workload_namespace": "prod", "reporter": "source"}
        data = [
            series("istio_requests_total", row, destination_workload=name, **own)
            for row, name in zip(rows, ("shop", "shop-primary"), strict=True)
        ]
        false += look(data, expected()).live_ms is not None
    assert false <= 4


def test_back_to_zero_is_seen() -> None:
    found = look(requests(0, old=25, switch_ms=SINCE + 20_000), expected("25", "0"))
    assert found.live_ms is not None
    assert SINCE + 20_000 < found.live_ms < SINCE + 45_000


def test_both_sides_of_a_request_are_not_added_up() -> None:
    source = requests(10)
    destination = requests(10, reporter="destination")
    alone = look(source, expected())
    assert look(source + destination, expected()).live_ms == alone.live_ms


def test_phases_of_the_scrapes_are_no_shift() -> None:
    canary = requests(5, phase_ms=100, reporter="destination", instance="c")[:1]
    primary = requests(5, phase_ms=4_900, reporter="destination", instance="p")[1:]
    scale = [
        Series(
            labels=s.labels,
            samples=tuple(x._replace(value=str(float(x.value) * 40)) for x in s.samples),
        )
        for s in (*canary, *primary)
    ]
    assert look(scale, expected()).live_ms is None


def test_canary_without_any_counted_primary_proves_nothing() -> None:
    found = look(requests(10)[:1], expected())
    assert found.live_ms is None


def test_counter_of_a_newly_read_target_does_not_count_its_past() -> None:
    late = [
        Series(labels=s.labels, samples=tuple(x for x in s.samples if x.at_ms > SINCE + SCRAPE))
        for s in requests(0, start=50_000)
    ]
    assert look(late, expected("0", "50"), SINCE + 3 * MINUTE).live_ms is None


def test_series_born_on_a_known_target_counts_from_zero() -> None:
    canary, primary = requests(5, start=0)
    born = SINCE + 2 * SCRAPE
    first = Series(
        labels=canary.labels,
        samples=tuple(x._replace(value="5") for x in canary.samples if born < x.at_ms),
    )
    found = look([first, primary], expected("0", "5"))
    assert found.live_ms == first.samples[0].at_ms
    assert found.detail["canaryRequests"] == "5"


def test_reset_counter_goes_on_from_zero() -> None:
    whole = requests(10)
    reset = [
        Series(
            labels=s.labels,
            samples=tuple(
                x._replace(value=str(float(x.value) - float(s.samples[5].value)))
                if x.at_ms > s.samples[5].at_ms
                else x
                for x in s.samples
            ),
        )
        for s in whole
    ]
    assert look(reset, expected()) == look(whole, expected())


def test_same_weight_has_nothing_to_prove() -> None:
    found = look([], expected("10", "10"))
    assert found.live_ms == SINCE
    assert found.proof == ("The weight stays at 10 %: nothing to prove.",)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1", "x"])
def test_broken_sample_is_never_live(value: str) -> None:
    data = requests(10)
    broken = Series(
        labels=data[0].labels,
        samples=(*data[0].samples[:6], data[0].samples[6]._replace(value=value)),
    )
    found = look([broken, data[1]], expected())
    assert found.live_ms is None
    assert value in found.waiting


def test_error_of_the_source_is_the_reason() -> None:
    for expectation in (expected(), expected("0", "0", canary_images={"app": IMAGE})):
        found = look(Shelf(requests(10), error="store down"), expectation)
        assert (found.live_ms, found.waiting) == (None, "store down")


def test_name_that_is_none_is_never_asked() -> None:
    shelf = Shelf(requests(10))
    found = look(shelf, expected(canary_workload='shop"} or vector(1) #'))
    assert found.live_ms is None
    assert "no Kubernetes name" in found.waiting
    assert shelf.asked == []


def test_nothing_is_asked_before_there_can_be_samples() -> None:
    shelf = Shelf(requests(10))
    assert look(shelf, expected(), SINCE + SCRAPE).live_ms is None
    assert shelf.asked == []


@pytest.mark.parametrize("late_ms", [0, 10 * MINUTE])
def test_none_is_live_a_delay_after_it_was_first_seen(late_ms: int) -> None:
    source = SYNC["none"](Options(delay_ms=MINUTE))
    wanted = expected()

    def at(now_ms: int) -> Liveness:
        return asyncio.run(source.observe([wanted], Shelf(error="down"), now_ms))[wanted]

    first_ms = SINCE + late_ms
    assert at(first_ms).live_ms is None
    assert at(first_ms + MINUTE - 1).live_ms is None
    assert at(first_ms + MINUTE).live_ms == first_ms + MINUTE
    assert at(first_ms + 2 * MINUTE).live_ms == first_ms + MINUTE


def test_none_goes_on_where_the_process_before_it_ended(tmp_path: Path) -> None:
    """A scheduled job is a new process at every look; what it cannot read only delays."""
    memory = tmp_path / "config.seen"
    wanted = expected()

    def at(now_ms: int) -> int | None:
        source = SYNC["none"](Options(delay_ms=MINUTE, memory=memory))
        found = asyncio.run(source.observe([wanted], Shelf(error="down"), now_ms))
        return found[wanted].live_ms

    assert at(SINCE) is None
    assert at(SINCE + MINUTE) == SINCE + MINUTE
    for spoilt in (
        "[]",
        "{",
        f'{{"{wanted.revision}": "x"}}',
        f'{{"{wanted.revision}": {10**18}}}',
    ):
        memory.write_text(spoilt)
        assert at(SINCE + 2 * MINUTE) is None, spoilt
    memory.unlink()
    assert at(SINCE + 3 * MINUTE) is None
