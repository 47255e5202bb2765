"""Live instants as a real Prometheus answers the questions."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from prometheus_server import Written, prometheus

from gitops_canary.metrics import Opening, Prometheus, Sources
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.sync import SYNC, Options

SINCE = 1_770_000_000_000
SCRAPE = 5_000
TIMES = tuple(SINCE - 9_300 + n * SCRAPE for n in range(40))
SWITCH = SINCE + 20_000
IMAGE = "ghcr.io/acme/shop:1.3.0"
READY = TIMES[9]


def requests(workload: str, before: float, after: float) -> Written:
    labels = {
        "destination_workload_namespace": "prod",
        "destination_workload": workload,
        "reporter": "source",
        "instance": "proxy",
    }
    count, samples = 1000.0, []
    for at_ms in TIMES:
        count += after if at_ms > SWITCH else before
        samples.append((at_ms, count))
    return Written("istio_requests_total", labels, samples)


def gauge(metric: str, early: float, late: float, **labels: str) -> Written:
    own = {"namespace": "prod", "instance": "ksm", **labels}
    return Written(metric, own, [(t, late if t >= READY else early) for t in TIMES])


def pod(name: str, image: str) -> Iterator[Written]:
    yield gauge("kube_pod_container_info", 1, 1, pod=name, container="app", image_spec=image)
    yield gauge("kube_pod_container_status_ready", 0, 1, pod=name, container="app")
    yield gauge("kube_pod_status_phase", 1, 1, pod=name, phase="Running")
    yield gauge("kube_pod_status_phase", 0, 0, pod=name, phase="Failed")


WORLD = [
    Written("up", {"job": "mesh"}, [(at_ms, 1) for at_ms in TIMES]),
    requests("shop", 5, 10),
    requests("shop-primary", 95, 90),
    gauge("kube_deployment_spec_replicas", 1, 1, deployment="shop"),
    gauge("kube_deployment_status_replicas_available", 0, 1, deployment="shop"),
    gauge("kube_deployment_status_replicas_updated", 1, 1, deployment="shop"),
    *pod("shop-5d8f7c9b44-x2abc", IMAGE),
    *pod("shop-primary-6c7d8e9f00-y3def", "ghcr.io/acme/shop:1.2.0"),
]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), WORLD) as base:
        yield base


MOVE = Expectation(
    canary=CanaryId("prod/shop"),
    revision=Revision("0" * 40),
    namespace="prod",
    since_ms=SINCE,
    weight_from=Decimal(5),
    weight_to=Decimal(10),
    canary_workload="shop",
    primary_workload="shop-primary",
    canary_images=None,
    primary_images=None,
    canary_replicas=None,
    primary_replicas=None,
    version_unseen=False,
    settle_ms=30_000,
)
START = replace(
    MOVE,
    weight_from=Decimal(0),
    weight_to=Decimal(0),
    canary_images={"app": IMAGE},
    canary_replicas=1,
)


def observe(url: str, *expected: Expectation, after_ms: int = 190_000) -> list[Liveness]:
    async def go() -> list[Liveness]:
        source = SYNC["traffic"](Options(scrape_ms=SCRAPE, lag_ms=1000))
        sources = Sources({"default": Prometheus(Opening(url=url, timeout_ms=5000))})
        try:
            found = await source.observe(expected, sources, SINCE + after_ms)
        finally:
            await sources.aclose()
        return [found[one] for one in expected]

    return asyncio.run(go())


def test_weight_and_readiness_are_live_at_their_own_samples(url: str) -> None:
    move, start = observe(url, MOVE, START)
    assert move.live_ms in TIMES
    assert move.live_ms is not None
    assert SWITCH < move.live_ms < SWITCH + 90_000
    assert start.live_ms == READY
    assert "1 of 1 pods ready with 1.3.0" in start.proof[1]


def test_same_instant_is_found_however_late_one_looks(url: str) -> None:
    first = observe(url, MOVE, START)
    for after_ms in (200_000, 900_000, 3_600_000, 7_000_000):
        assert observe(url, MOVE, START, after_ms=after_ms) == first


def test_nothing_is_live_before_its_samples_are_there(url: str) -> None:
    move, start = observe(url, MOVE, START, after_ms=35_000)
    assert (move.live_ms, start.live_ms) == (None, None)
    assert "requests since the commit" in move.waiting
    assert start.waiting == "shop: 0 of 1 pods ready with 1.3.0"


def test_wrong_version_waits_and_an_unknown_namespace_settles(url: str) -> None:
    other = replace(START, canary_images={"app": "ghcr.io/acme/shop:1.4.0"})
    elsewhere = replace(START, namespace="elsewhere")
    unknown = replace(START, canary_workload="cart")
    waits, settles, missing = observe(url, other, elsewhere, unknown)
    assert waits.waiting == "shop: 0 of 1 pods ready with 1.4.0 (1 of its pods run something else)"
    assert settles.live_ms == SINCE + 30_000
    assert missing.waiting == "cart: kube-state-metrics tells of no such Deployment"


def test_unreachable_source_is_never_live() -> None:
    (found,) = observe("http://127.0.0.1:9", MOVE)
    assert found.live_ms is None
    assert "cannot be reached" in found.waiting
