"""Exact counts on a real VictoriaMetrics; skipped where its package is not installed."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mesh_world import SCRAPE, T, world
from test_checks import FAILING
from test_checks import (
    test_success_rate_counts_failures_from_the_first_on as failures_from_the_first_on,
)
from test_meshes import (
    DURATION,
    SUCCESS,
    ask,
    course,
    verdicts,
)
from test_meshes import (
    test_oldest_of_the_newest_samples_is_told_on_every_mesh as oldest_of_the_newest,
)
from victoria_server import MISSING, load, victoria

from gitops_canary.core.requery import Agreement, agreements
from gitops_canary.model.observation import Question
from gitops_canary.model.rollout import Outcome

pytestmark = pytest.mark.skipif(MISSING, reason="victoria-metrics is not installed")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with victoria(tmp_path_factory.mktemp("victoria")) as port:
        lines = []
        for one in (*world(), *FAILING):
            labels = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
            lines += [f"{one.metric}{{{labels}}} {value!r} {at}" for at, value in one.samples]
        load(port, "\n".join(lines))
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("provider", ["istio", "linkerd", "nginx", "contour", "traefik"])
def test_counts_are_those_of_prometheus(url: str, provider: str) -> None:
    found = verdicts(url, course(provider, SUCCESS, DURATION))
    success, duration = found[-1].measurements
    keys = ("canary", "canaryBad", "primary", "primaryBad")
    assert [success.numbers[k] for k in keys] == ["800", "16", "7200", "8"]
    assert [duration.numbers[k] for k in keys] == ["800", "40", "7200", "0"]
    assert found[-1].outcome is Outcome.FAIL


@pytest.mark.parametrize("provider", ["istio", "linkerd", "kubernetes"])
def test_oldest_of_the_newest_samples_is_that_of_prometheus(url: str, provider: str) -> None:
    oldest_of_the_newest(url, provider)


def test_resets_births_and_missed_scrapes_lose_nothing(url: str) -> None:
    found = verdicts(url, course("istio", SUCCESS, target="pods", blocks=10))
    assert found[-1].measurements[0].numbers["canary"] == "251"


def test_windows_count_failures_from_the_first_on(url: str) -> None:
    failures_from_the_first_on(url)


@pytest.mark.parametrize("options", [(), ("-search.latencyOffset=0s",)], ids=["default", "told"])
def test_newest_points_are_those_before_them_unless_it_is_told_otherwise(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Of this age `latency_offset` in a question is not known yet: its own flag, or `lag: 30s`."""
    end_ms = int(time.time()) // 15 * 15_000
    rising = [(end_ms - 15_000 * i, 1000.0 - i) for i in range(8)]
    text = "\n".join(f"rising {value!r} {at}" for at, value in rising)
    asked = Question(
        source="default", expression="rising", start_ms=end_ms - 90_000, end_ms=end_ms,
        step_ms=15_000, lookback_ms=30_000,
    )  # fmt: skip
    with victoria(tmp_path, *options) as port:
        load(port, text)
        (series,) = ask(f"http://127.0.0.1:{port}", (asked,))[asked].series
    values = [float(one.value) for one in series.samples]
    assert values[:4] == [994, 995, 996, 997], "older than 30 s is as it was written"
    assert (values[-1] == 1000) is bool(options)


def test_a_sample_that_comes_late_is_drift(tmp_path: Path) -> None:
    """Prometheus refuses what is out of order; here it changes what was read before."""
    own = 'istio_requests_total{destination_workload="shop",destination_workload_namespace="prod",'
    own += 'reporter="source",response_code="200"}'
    one = course("istio", SUCCESS, blocks=4)
    with victoria(tmp_path) as port:
        base = f"http://127.0.0.1:{port}"
        load(port, "\n".join(f"{own} {i * 10} {T + i * SCRAPE}" for i in range(-9, 9) if i != 2))
        then = ask(base, one.questions())
        ends = [verdict.window.end_ms for verdict in one.verdicts(then)]
        load(port, f"{own} 20 {T + 2 * SCRAPE}")
        found = [agreement for _, agreement in agreements(then, ask(base, one.questions()), ends)]
    assert found == [Agreement.MATCH, Agreement.DRIFT, Agreement.MATCH, Agreement.MATCH]
