"""What misleads in Prometheus, on a real one and on a real VictoriaMetrics alike.

docs/reference/traps.md says of each trap which code heeds it, and names the tests.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from mesh_world import SCRAPE, T
from prometheus_server import serving
from remote_write import remote_write
from test_meshes import DURATION, SUCCESS, ask, course, verdicts
from trap_world import UNTIL, at, world
from victoria_server import MISSING, flush, victoria

from gitops_canary.core import hour_before
from gitops_canary.core.course import Course
from gitops_canary.core.judges.sequential_types import CLEAR, RULE
from gitops_canary.model.observation import Question, Verdict
from gitops_canary.model.rollout import Outcome
from gitops_canary.model.spec import Check, Criteria, JudgePolicy, Limits

_AWAY = """\
remote_read:
- {url: "http://127.0.0.1:1/read", required_matchers: {far: "yes"}}
"""
"""A store that is away: Prometheus answers without it, and warns."""


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str | None]]:
    """Serve the series; gives the URL, and what is said of a part that is away."""
    directory = tmp_path_factory.mktemp(request.param)
    if request.param == "prometheus":
        receive = "--web.enable-remote-write-receiver"
        with serving(directory, receive, config=_AWAY) as base:
            remote_write(int(base.rpartition(":")[2]), world())
            yield base, "warns: remote_read"
        return
    if MISSING:
        pytest.skip("victoria-metrics is not installed")
    with victoria(directory) as port:
        remote_write(port, world())
        flush(port)
        yield f"http://127.0.0.1:{port}", None


@pytest.fixture
def url(server: tuple[str, str | None]) -> str:
    return server[0]


@pytest.fixture
def part(server: tuple[str, str | None]) -> str | None:
    return server[1]


def judged(who: str, kind: str, *, rule: int = RULE, blocks: int = 9) -> Course:
    success = replace(SUCCESS, criteria=Criteria(success="result[0] >= 99"))
    one = course(
        "istio", success, target=who, blocks=blocks, judge=JudgePolicy(type=kind, warmup_ms=0)
    )
    return replace(one, rule=rule)


def said(one: Verdict) -> tuple[str | None, str]:
    return one.measurements[0].value, one.measurements[0].samples.partition(" ")[0]


WINDOWS = [
    # Who, what was said of the second window before decision 57, at either server, and since.
    ("one-away", {("99.453", "100550")}, ("0", "250")),
    ("old-failures", {("93.9577", "16550")}, ("100", "250")),
    ("side-away", {("93.8837", "16350")}, ("100", "50")),
    ("born", {("98.7124", "233"), ("99.5732", "703")}, ("100", "100")),
    ("marked", {("0", "230"), ("85", "2000")}, ("0", "100")),
    ("unmarked", {("0", "230"), ("85", "2000")}, ("0", "100")),
]


@pytest.mark.parametrize("kind", ["threshold", "conditions"])
@pytest.mark.parametrize(("who", "older", "now"), WINDOWS, ids=[w[0] for w in WINDOWS])
def test_a_window_holds_nothing_that_is_older(
    url: str, who: str, older: set[tuple[str, str]], now: tuple[str, str], kind: str
) -> None:
    found, before = (verdicts(url, judged(who, kind, rule=rule))[1] for rule in (RULE, CLEAR - 1))
    assert found.outcome is (Outcome.PASS if now[0] == "100" else Outcome.FAIL)
    assert said(found)[0] == now[0]
    if kind == "threshold":
        assert said(found) == now
        assert said(before) in older


def test_a_percentile_holds_nothing_that_is_older(url: str) -> None:
    one = course("istio", DURATION, target="slow-before", judge=JudgePolicy(), blocks=9)
    found, before = (
        verdicts(url, replace(one, rule=rule))[1].measurements[0] for rule in (RULE, CLEAR - 1)
    )
    assert (found.outcome, found.samples) == (Outcome.PASS, "100 requests")
    assert before.samples in {"230 requests", "2000 requests"}
    assert before.outcome is (Outcome.PASS if before.samples == "230 requests" else Outcome.FAIL)


def instant(text: str) -> Question:
    return Question(source="default", expression=text, start_ms=T, end_ms=T)


def counts(one: Verdict) -> list[str]:
    numbers = one.measurements[0].numbers
    return [numbers[k] for k in ("canary", "canaryBad", "primary", "primaryBad")]


@pytest.mark.parametrize(
    ("who", "older", "now"),
    [
        ("one-away", ["100700", "700", "141750", "0"], ["400", "400", "4050", "0"]),
        ("old-failures", ["16750", "1000", "141750", "0"], ["450", "0", "4050", "0"]),
        ("side-away", ["800", "0", "7200", "0"], ["800", "0", "7200", "0"]),
        ("marked", ["2000", "300", "18000", "0"], ["100", "100", "900", "0"]),
        ("unmarked", ["2000", "300", "18000", "0"], ["100", "100", "900", "0"]),
    ],
)
def test_counts_hold_nothing_from_before_the_weight(
    url: str, who: str, older: list[str], now: list[str]
) -> None:
    assert counts(verdicts(url, judged(who, "sequential"))[7]) == now
    before = counts(verdicts(url, judged(who, "sequential", rule=CLEAR - 1))[7])
    assert before == older or who == "side-away"


def test_pods_are_reset_and_born_at_the_edges_of_blocks(url: str) -> None:
    found = verdicts(url, judged("resets", "sequential"))
    # Of a: 100 a scrape, and 100 at the first after its reset; b begins anew at the first instant.
    assert counts(found[-1])[0] == str(9 * 100 + 9 * 50 + 3 * 10)
    [first] = verdicts(url, judged("resets", "threshold", blocks=5))
    assert first.outcome is Outcome.PASS


def test_what_happened_before_the_weight_was_live_is_not_of_it(url: str) -> None:
    """All failed up to the scrape before; what one scrape after it sees may be a scrape older."""
    assert counts(verdicts(url, judged("before", "sequential"))[-1]) == ["900", "0", "8100", "0"]
    assert [said(one)[0] for one in verdicts(url, judged("before", "threshold"))] == ["100", "100"]


def test_the_hour_before_holds_nothing_that_is_older(url: str) -> None:
    one = judged("hour", "sequential")
    for rule, share in ((RULE, 0.01), (CLEAR - 1, 0.8)):
        question = hour_before.asked(SUCCESS, one.spec, T, scrape_ms=SCRAPE, rule=rule)
        found = hour_before.measured(SUCCESS, one.spec, question, ask(url, (question,)), rule=rule)
        assert found.share == pytest.approx(share, rel=0.05)


def test_replicas_that_nobody_joins_double_both_sides_alike(url: str) -> None:
    assert counts(verdicts(url, judged("doubled", "sequential"))[-1]) == ["180", "0", "1620", "0"]


def test_a_bound_as_prometheus_3_writes_it_is_the_bound(url: str) -> None:
    one = course("istio", DURATION, target="bounds")
    assert counts(verdicts(url, one)[-1]) == ["800", "80", "800", "0"]
    wrong = course("istio", replace(DURATION, limits=Limits(maximum=Decimal(400))), target="bounds")
    assert "100, 500, 1000" in verdicts(url, wrong)[-1].reason


@pytest.mark.parametrize("who", ["other-bounds", "new-bounds"])
def test_a_version_without_the_bound_is_not_slow(url: str, who: str) -> None:
    one = course("istio", DURATION, target=who)
    found = verdicts(url, one)[-1]
    assert found.outcome is Outcome.INCONCLUSIVE
    assert f"{who} counts requests, and none up to 500 ms" in found.reason
    before = verdicts(url, replace(one, rule=CLEAR - 1))[-1]
    assert before.outcome is (Outcome.FAIL if who == "other-bounds" else Outcome.INCONCLUSIVE)


@pytest.mark.parametrize("kind", ["threshold", "conditions", "sequential", "mannwhitney"])
def test_what_ended_is_silent_though_it_is_looked_back_at(url: str, kind: str) -> None:
    """Five minutes long Prometheus would repeat the last value."""
    found = verdicts(url, judged("ends", kind, blocks=16))
    late = [one for one in found if one.window.end_ms > at(8)]
    assert late
    assert {(one.outcome, one.heard) for one in late} == {(Outcome.INCONCLUSIVE, False)}


def query(text: str) -> Check:
    limits = Limits(minimum=Decimal(0), maximum=Decimal(10))
    return replace(SUCCESS, name="mine", builtin=None, query=text, limits=limits)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("twice", "2 series: aggregate them"),
        ("absent_here", "no data"),
        ("ending", "no data"),
        ("nothing / nothing", "nan: the query divided nothing|no data: "),
        ("1 / nothing", "+inf"),
        ("-1 / nothing", "-inf"),
        ("sum(", "parse"),
        ('label_replace(vector(1), "a", "b", "c", "(")', "status 422"),
    ],
)
@pytest.mark.parametrize("kind", ["threshold", "sequential"])
def test_what_is_no_number_is_inconclusive_and_says_which(
    url: str, text: str, why: str, kind: str
) -> None:
    one = course("istio", query(text), judge=JudgePolicy(type=kind, warmup_ms=0))
    found = verdicts(url, one)[-1]
    assert (found.outcome, found.heard) == (Outcome.INCONCLUSIVE, False)
    told = found.reason.lower() + found.measurements[0].why.lower()
    assert any(one in told for one in why.split("|")), "VictoriaMetrics leaves NaN out"


def test_a_part_that_is_away_is_an_error_and_no_value(url: str, part: str | None) -> None:
    """Prometheus answers with what it has, status 200, and a warning."""
    whole, some = instant("vector(1)"), instant('up{far="yes"} or vector(1)')
    answers = ask(url, (whole, some))
    assert answers[whole].error is None
    if part:
        assert part in (answers[some].error or "")
        assert answers[some].series == ()


def test_more_points_than_a_server_gives_are_an_error(url: str) -> None:
    asked = Question(
        source="default", expression="vector(1)", start_ms=T - 31_000_000, end_ms=T, step_ms=1000
    )
    assert "points" in (ask(url, (asked,))[asked].error or "")


def test_an_answer_that_is_too_large_is_an_error(url: str) -> None:
    asked = Question(
        source="default", expression='{job="mesh"}', step_ms=500,
        start_ms=at(-290), end_ms=at(UNTIL), lookback_ms=30_000,
    )  # fmt: skip
    assert "more than" in (ask(url, (asked,))[asked].error or "")
