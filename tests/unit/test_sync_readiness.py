from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf import IMAGE, MINUTE, SCRAPE, SINCE, expected, look, requests, series

from gitops_canary.model.observation import Series


def deployment(
    name: str, states: Mapping[int, tuple[int, int]], *, updated: int | None = None
) -> list[Series]:
    """Write (wanted, available) at some instants."""
    metrics = {
        "kube_deployment_spec_replicas": [(t, s[0]) for t, s in states.items()],
        "kube_deployment_status_replicas_available": [(t, s[1]) for t, s in states.items()],
        "kube_deployment_status_replicas_updated": [
            (t, s[1] if updated is None else updated) for t, s in states.items()
        ],
    }
    return [
        series(metric, rows, namespace="prod", deployment=name, instance="ksm")
        for metric, rows in metrics.items()
    ]


def pod(
    name: str, times: Sequence[int], *, image: str = IMAGE, ready: int = 1, phase: str = "Running"
) -> list[Series]:
    own = {"namespace": "prod", "pod": name, "instance": "ksm"}
    info = {"container": "app", "image_spec": image, "image": f"docker.io/{image}"}
    return [
        series("kube_pod_container_info", [(t, 1) for t in times], **own, **info),
        series(
            "kube_pod_container_status_ready", [(t, ready) for t in times], container="app", **own
        ),
        series("kube_pod_status_phase", [(t, 1) for t in times], phase=phase, **own),
    ]


TIMES = tuple(SINCE - 4_000 + n * SCRAPE for n in range(20))
UP = [series("up", [(at_ms, 1) for at_ms in TIMES])]
STARTS = expected("0", "0", canary_images={"app": IMAGE}, canary_replicas=1)


def steady(**more: int) -> list[Series]:
    return deployment("shop", dict.fromkeys(TIMES, (1, 1)), **more)


@pytest.mark.parametrize("minutes", [2, 30])
def test_pods_that_were_ready_and_are_not_any_more_prove_nothing_new(minutes: int) -> None:
    times = tuple(SINCE - 4_000 + n * SCRAPE for n in range(minutes * MINUTE // SCRAPE))
    data = deployment("shop", {t: (1, int(t < SINCE + MINUTE)) for t in times}, updated=1)
    data += pod("shop-5d8f7c9b4-abcde", times)
    lasting = replace(STARTS, lasting=True)
    assert look(data, lasting, SINCE + 50_000).live_ms is not None
    assert look(data, STARTS, times[-1]).live_ms is not None
    found = look(data, lasting, times[-1])
    assert found.live_ms is None
    assert "shop: 0 of 1 pods ready with 1.3.0" in found.waiting


def test_workload_is_ready_once_its_pods_run_the_version() -> None:
    states = {t: (1, int(t > SINCE + 20_000)) for t in TIMES}
    data = deployment("shop", states) + pod("shop-5d8f7c9b4-abcde", TIMES)
    found = look(data, STARTS)
    assert found.live_ms == min(t for t in TIMES if t > SINCE + 20_000)
    assert "shop: 1 of 1 pods ready with 1.3.0" in found.proof[1]


@pytest.mark.parametrize(("percent", "ready"), [(100, False), (67, False), (66, True), (1, True)])
def test_a_share_of_the_pods_is_enough_where_the_canary_says_so(percent: int, ready: bool) -> None:
    data = deployment("shop", dict.fromkeys(TIMES, (3, 2)), updated=3)
    for letter in "ab":
        data += pod(f"shop-5d8f7c9b4-aaaa{letter}", TIMES)
    data += pod("shop-5d8f7c9b4-aaaac", TIMES, ready=0)
    found = look(data, replace(STARTS, canary_replicas=3, ready_percent=percent))
    assert (found.live_ms is not None) is ready


def test_a_share_of_the_pods_is_not_enough_while_one_runs_the_version_before() -> None:
    data = deployment("shop", dict.fromkeys(TIMES, (2, 2)), updated=1)
    data += pod("shop-5d8f7c9b4-aaaaa", TIMES)
    data += pod("shop-5d8f7c9b4-aaaab", TIMES, image="ghcr.io/acme/shop:1.2.0")
    found = look(data, replace(STARTS, canary_replicas=2, ready_percent=50))
    assert found.live_ms is None


def test_old_pod_keeps_a_workload_from_being_ready() -> None:
    old = pod("shop-5d8f7c9b4-aaaaa", TIMES[:8], image="ghcr.io/acme/shop:1.2.0")
    data = steady() + pod("shop-6666666666-bbbbb", TIMES) + old
    assert look(data, STARTS).live_ms == TIMES[8]


def test_waiting_counts_pods_in_words() -> None:
    data = deployment("shop", dict.fromkeys(TIMES, (1, 0))) + pod("shop-1-abcde", TIMES, ready=0)
    assert look(data, STARTS).waiting == "shop: 0 of 1 pods ready with 1.3.0"


@pytest.mark.parametrize(
    ("data", "more"),
    [
        (steady() + pod("shop-1-abcde", TIMES, ready=0), {}),
        (steady() + pod("shop-1-abcde", TIMES, image="ghcr.io/acme/shop:1.2.0"), {}),
        (steady(updated=0) + pod("shop-1-abcde", TIMES), {}),
        (steady() + pod("shop-1-abcde", TIMES), {"canary_replicas": 2}),
        (steady() + pod("shop-primary-1-abcde", TIMES), {}),
        (steady() + pod("shop-1-abcde", TIMES, phase="Failed"), {}),
        (deployment("shop", dict.fromkeys(TIMES, (0, 0))), {"canary_replicas": None}),
        (deployment("other", dict.fromkeys(TIMES, (1, 1))) + pod("shop-1-abcde", TIMES), {}),
    ],
)
def test_workload_that_is_not_ready_waits(data: list[Series], more: Mapping[str, object]) -> None:
    found = look(data, replace(STARTS, **more))  # type: ignore[arg-type] # as in `expected`
    assert found.live_ms is None
    assert found.waiting.startswith("shop: ")


def test_ended_pod_of_another_version_is_ignored() -> None:
    ended = pod("shop-1-aaaaa", TIMES, image="ghcr.io/acme/shop:1.2.0", phase="Failed")
    assert look(steady() + pod("shop-1-abcde", TIMES) + ended, STARTS).live_ms == TIMES[1]


def test_unseen_version_needs_readiness_after_the_settle_time() -> None:
    found = look(steady() + pod("shop-1-abcde", TIMES), replace(STARTS, version_unseen=True))
    assert found.live_ms == min(t for t in TIMES if t >= SINCE + 30_000)


def test_settle_time_stands_in_only_without_kube_state_metrics() -> None:
    found = look(UP, STARTS)
    assert found.live_ms == SINCE + 30_000
    assert "settle time of 30s stands in" in found.proof[1]
    assert look(UP, STARTS, SINCE + 30_000).live_ms is None


def test_no_settle_time_stands_in_where_nothing_at_all_was_read() -> None:
    assert look([], STARTS).live_ms is None


def test_no_settle_time_stands_in_while_kube_state_metrics_is_silent_for_a_moment() -> None:
    before = dict.fromkeys((SINCE - 600_000, SINCE - 595_000), (1, 1))
    assert look([*UP, *deployment("other", before)], STARTS).live_ms is None


def test_settled_instant_stays_when_kube_state_metrics_comes_later() -> None:
    late = tuple(t for t in TIMES if t > SINCE + 40_000)
    data = deployment("shop", dict.fromkeys(late, (1, 0)))
    assert look([*UP, *data], STARTS).live_ms == SINCE + 30_000


def test_live_is_the_latest_of_all_facts() -> None:
    states = {t: (1, int(t > SINCE + 80_000)) for t in TIMES}
    data = requests(10) + deployment("shop", states) + pod("shop-1-abcde", TIMES)
    both = expected(canary_images={"app": IMAGE})
    found = look(data, both)
    assert found.live_ms == min(t for t in TIMES if t > SINCE + 80_000)
    assert len(found.proof) == 2


def test_canary_that_takes_hours_is_still_seen() -> None:
    now = SINCE + 5 * 60 * MINUTE
    times = tuple(range(now - 10 * MINUTE, now, SCRAPE))
    early = deployment("shop", dict.fromkeys(TIMES, (1, 0)))
    data = early + deployment("shop", dict.fromkeys(times, (1, 1))) + pod("shop-1-abcde", times)
    assert look(data, STARTS, now).live_ms == times[0]


@settings(max_examples=60, deadline=None)
@given(
    share=st.floats(0, 30),
    old=st.floats(0, 30),
    switch=st.integers(0, 200_000),
    ready_at=st.integers(0, 19),
    first=st.integers(0, 10 * MINUTE),
    later=st.integers(0, 100 * MINUTE),
)
def test_later_samples_never_move_the_live_instant(
    share: float, old: float, switch: int, ready_at: int, first: int, later: int
) -> None:
    states = {t: (1, int(n >= ready_at)) for n, t in enumerate(TIMES)}
    data = requests(share, old=old, switch_ms=SINCE + switch) + deployment("shop", states)
    data += pod("shop-1-abcde", TIMES)
    expectation = expected(canary_images={"app": IMAGE})
    found = look(data, expectation, SINCE + first)
    if found.live_ms is not None:
        assert look(data, expectation, SINCE + first + later) == found
