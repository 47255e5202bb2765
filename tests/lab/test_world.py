import re
from collections.abc import Callable

from gitops_canary.lab.agent import agent_url
from gitops_canary.lab.load import NOBODY
from gitops_canary.lab.loopback import get
from gitops_canary.lab.patience import until
from gitops_canary.lab.world import World

ROUTE = "apps/checkout/virtualservice.yaml"
CANARY = "apps/checkout/deployment.yaml"
PRIMARY = "apps/checkout/deployment-primary.yaml"
PATIENCE_S = 60


def weights(canary: int) -> Callable[[str], str]:
    def edit(text: str) -> str:
        first, second = re.sub(r"weight: \d+", "weight: @", text).split("@", 1)
        return first + str(100 - canary) + second.replace("@", str(canary))

    return edit


def image(tag: str) -> Callable[[str], str]:
    return lambda text: re.sub(r"checkout:\S+", f"checkout:{tag}", text, count=1)


def set_weight(world: World, canary: int) -> None:
    revision = world.person.change(ROUTE, weights(canary), f"Give the canary {canary} %")
    until(
        lambda: True if world.envoy.live().revision == revision else None,
        what=f"{canary} % to be live",
        timeout_s=PATIENCE_S,
    )
    assert world.envoy.live().weights["prod_checkout-canary"] == canary


def run(world: World, path: str, tag: str) -> None:
    world.person.change(path, image(tag), f"Run {tag}")


def kube(world: World) -> str:
    return get(f"{agent_url(world.synced())}/metrics")[1].decode()


def runs_only(world: World, deployment: str, tag: str) -> bool | None:
    pods = re.findall(
        rf'^kube_pod_container_info{{.*pod="{deployment}-[0-9a-f]{{10}}-[0-9a-f]{{5}}"'
        r'.*image_spec="ghcr\.io/acme/checkout:(.*)"} 1$',
        kube(world),
        re.MULTILINE,
    )
    return True if pods == [tag] else None


def wait_for(world: World, deployment: str, tag: str) -> None:
    until(
        lambda: runs_only(world, deployment, tag),
        what=f"{deployment} to run {tag}",
        timeout_s=PATIENCE_S,
    )


def measured(world: World) -> dict[str, float]:
    answer = world.prometheus.ask("sum by (destination_workload) (istio_requests_total)")
    return {dict(labels)["destination_workload"]: value for labels, value in answer.items()}


def share(world: World, requests: int) -> float:
    """Measure the canary's share of the next requests that Prometheus counts, in percent."""
    before = measured(world)

    def enough() -> dict[str, float] | None:
        now = measured(world)
        return now if sum(now.values()) - sum(before.values()) >= requests else None

    after = until(enough, what=f"{requests} requests", timeout_s=PATIENCE_S)
    canary = after.get("checkout", 0) - before.get("checkout", 0)
    return 100 * canary / (sum(after.values()) - sum(before.values()))


def test_the_measured_share_follows_a_weight_pushed_by_hand(world: World) -> None:
    assert share(world, 200) == 0
    set_weight(world, 50)
    until(
        lambda: measured(world).get("checkout"), what="a sample of the canary", timeout_s=PATIENCE_S
    )

    half = share(world, 500)
    set_weight(world, 0)

    # More than four times what chance makes of 500 requests.
    assert 40 < half < 60


def test_a_new_image_of_the_primary_under_load_fails_no_request(world: World) -> None:
    before = world.counts()

    run(world, PRIMARY, "1.1.0")
    wait_for(world, "checkout-primary", "1.1.0")
    until(
        lambda: world.counts().requests.get("1.1.0"), what="answers of 1.1.0", timeout_s=PATIENCE_S
    )
    run(world, PRIMARY, "1.0.0")
    wait_for(world, "checkout-primary", "1.0.0")

    after = world.counts()
    assert after.requests["1.1.0"] > 0
    assert after.requests["1.0.0"] > before.requests["1.0.0"]
    assert (after.failed, after.transport_errors) == (before.failed, before.transport_errors)


def test_the_cluster_reports_as_kube_state_metrics_does(world: World) -> None:
    text = kube(world)

    where = 'namespace="prod",deployment="checkout-primary"'
    for line in (
        f"kube_deployment_spec_replicas{{{where}}} 1",
        f"kube_deployment_status_replicas_available{{{where}}} 1",
        f"kube_deployment_status_replicas_updated{{{where}}} 1",
    ):
        assert line in text.splitlines()
    generations = re.findall(rf"_generation{{{re.escape(where)}}} (\d+)", text)
    assert len(generations) == 2
    assert generations[0] == generations[1]
    assert len(re.findall(r'kube_pod_container_status_ready{.*container="app"} 1', text)) == 2


def test_an_image_nobody_published_leaves_the_old_pods_serving(world: World) -> None:
    run(world, PRIMARY, "9.9.9")
    until(
        lambda: True if "checkout:9.9.9" in kube(world) else None,
        what="the new pod",
        timeout_s=PATIENCE_S,
    )

    where = '{namespace="prod",deployment="checkout-primary"} 1'
    assert f"kube_deployment_status_replicas_available{where}" in kube(world)
    assert runs_only(world, "checkout-primary", "9.9.9") is None

    run(world, PRIMARY, "1.0.0")
    wait_for(world, "checkout-primary", "1.0.0")


def test_a_paused_agent_leaves_the_mesh_as_it_is(world: World) -> None:
    live = world.envoy.live()
    world.pause_sync(paused=True)
    revision = world.person.change(ROUTE, weights(25), "Give the canary 25 %")
    until(
        lambda: True if world.synced().fetched == revision else None,
        what="the agent to fetch",
        timeout_s=PATIENCE_S,
    )

    assert world.envoy.live() == live

    world.pause_sync(paused=False)
    until(
        lambda: True if world.envoy.live().revision == revision else None,
        what="the agent to apply",
        timeout_s=PATIENCE_S,
    )
    set_weight(world, 0)


def test_a_broken_manifest_is_reported_and_changes_nothing(world: World) -> None:
    live = world.envoy.live()
    world.person.change(ROUTE, lambda text: text.replace("weight: 0", "weight: 7"), "Oops")
    error = until(lambda: world.synced().error or None, what="an error", timeout_s=PATIENCE_S)

    assert "add up to 100" in error
    assert world.envoy.live() == live

    set_weight(world, 0)


def test_a_version_that_fails_is_measured_as_failing(world: World) -> None:
    run(world, CANARY, "1.2.0")
    wait_for(world, "checkout", "1.2.0")
    set_weight(world, 50)
    until(lambda: world.counts().failed.get("1.2.0"), what="a failure", timeout_s=PATIENCE_S)
    set_weight(world, 0)

    failing = world.prometheus.ask('istio_requests_total{response_code="500"}')
    assert {dict(labels)["destination_workload"] for labels in failing} <= {"checkout"}
    assert set(world.counts().failed) == {"1.2.0"}


def test_a_version_that_crashes_is_seen_by_its_callers(world: World) -> None:
    run(world, CANARY, "2.0.0")
    wait_for(world, "checkout", "2.0.0")
    set_weight(world, 25)
    until(lambda: world.counts().failed.get(NOBODY), what="answers by nobody", timeout_s=PATIENCE_S)
    set_weight(world, 0)
    run(world, CANARY, "1.0.0")
    wait_for(world, "checkout", "1.0.0")

    query = 'istio_requests_total{destination_workload="checkout",response_code="503"}'
    assert until(
        lambda: world.prometheus.ask(query) or None, what="503 measured", timeout_s=PATIENCE_S
    )


def test_the_users_count_what_the_mesh_counts(world: World) -> None:
    counts = world.end_load()

    assert counts.transport_errors == 0
    assert counts.answered == sum(world.envoy.completed().values())
    assert counts.answered > 300
