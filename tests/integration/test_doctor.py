"""`doctor` over a real Git server, a real Prometheus and stand-ins for engines and forge."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from api_server import TOKEN, ApiServer
from conftest import USERS
from console import Ended, config, example, run
from doctor_world import now_ms, traffic
from forge_server import TOKEN as FORGE_TOKEN
from forge_server import ForgeServer
from prometheus_server import Written, prometheus

from gitops_canary.git.signing import generate_key
from gitops_canary.lab.origin import Origin


@dataclass(frozen=True)
class Bench:
    """One controller's surroundings."""

    folder: Path
    origin: Origin
    prometheus: str
    password: Path

    def doctor(self, **more: Any) -> Ended:
        repository = more.pop("repository", {})
        file = config(
            self.folder, self.origin.url, self.prometheus, password=self.password, more=more
        )
        settings = json.loads(file.read_text())
        settings["repositories"][0] |= repository
        settings["metrics"]["sources"]["default"] |= {"scrapeInterval": "1s", "lag": "1s"}
        file.write_text(json.dumps(settings))
        return run("doctor", "--config", file, "-o", "json")


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), traffic()) as url:
        yield url


@pytest.fixture
def bench(origin: Origin, tmp_path: Path, metrics: str) -> Bench:
    origin.commit(example(), "Begin\n")
    password = tmp_path / "password"
    password.touch(mode=0o600)
    password.write_text(USERS["bot"])
    return Bench(tmp_path, origin, metrics, password)


def told(ended: Ended) -> dict[str, str]:
    """Give health by check, the worst of each."""
    worst: dict[str, str] = {}
    order = ("ok", "hint", "no", "wrong")
    for row in ended.rows():
        before = worst.get(row["check"], "ok")
        worst[row["check"]] = max(before, row["health"], key=order.index)
        assert row["what"], row
        assert row["remedy"] or row["health"] in {"ok", "hint"}, row
    return worst


def row(ended: Ended, check: str, part: str = "") -> Mapping[str, str]:
    return next(
        one
        for one in ended.rows()
        if one["check"] == check and part in one["subject"] + one["what"]
    )


def test_everything_answers_and_nothing_is_changed(bench: Bench, tmp_path: Path) -> None:
    key = tmp_path / "sign"
    generate_key(key)
    before = bench.origin.git("for-each-ref")
    ended = bench.doctor(signing={"format": "ssh", "keyFile": str(key)})

    assert ended.code == 0, ended.out
    assert told(ended) == {
        "git": "ok", "push": "ok", "clock": "ok", "metrics": "ok", "signing": "ok",
        "canaries": "ok", "limits": "ok",
        "rules": "hint", "sync": "hint", "flagger": "hint",
    }  # fmt: skip
    assert "the primary is at 100, the limit is >= 99" in row(ended, "limits", "success")["what"]
    assert bench.origin.git("for-each-ref") == before
    assert any("git-receive-pack" in one for one in bench.origin.requests), "push is rehearsed"


def test_who_may_not_write_is_told_with_7(bench: Bench) -> None:
    bench.password.write_text("wrong")
    ended = bench.doctor()
    assert ended.code == 7
    assert "wrong user or password" in row(ended, "git", "config")["what"]


BROKEN = {
    "no server": ({"url": "http://127.0.0.1:9/origin.git"}, 6),
    "no such branch": ({"branch": "prod"}, 1),
    "no such path": ({"paths": ["nowhere/"]}, 1),
}


@pytest.mark.parametrize(("changes", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_wrong_with_one_repository_stops_no_other_check(
    bench: Bench, changes: Mapping[str, Any], code: int
) -> None:
    ended = bench.doctor(repository=changes)
    assert ended.code == code, ended.out
    assert row(ended, "metrics")["health"] == "ok"
    assert "b0t" not in ended.out + ended.err, "no secret is told"


def test_a_metric_source_that_is_not_there_is_told_with_6(bench: Bench) -> None:
    source = {"sources": {"default": {"type": "prometheus", "url": "http://127.0.0.1:9"}}}
    ended = bench.doctor(metrics=source)
    assert ended.code == 6
    assert row(ended, "metrics")["health"] == "wrong"
    assert row(ended, "limits")["health"] == "wrong"
    assert row(ended, "push")["health"] == "ok", "one check does not stop another"


def test_limits_tighter_than_normal_are_told(bench: Bench) -> None:
    text = example()["apps/checkout/canary.yaml"]
    assert text is not None
    tight = text.replace(b"max: 250", b"max: 1").replace(b"min: 99", b"min: 100")
    bench.origin.commit({"apps/checkout/canary.yaml": tight}, "Tighten\n")
    ended = bench.doctor()
    limit = row(ended, "limits", "request-duration")
    assert "30 of its last 30 looks would have failed" in limit["what"]
    assert "is normal here" in limit["remedy"]
    bench.origin.commit(
        {"apps/checkout/canary.yaml": text.replace(b"max: 250", b"max: 1000")}, "B\n"
    )
    found = row(bench.doctor(), "limits", "request-duration, buckets")
    assert (
        "is not below 1000, the largest finite bound of the buckets that default" in found["what"]
    )
    assert found["health"] == "hint"


def test_old_samples_are_told(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "old"
    folder.mkdir()
    old = [(now_ms() - 120_000, 1.0)]
    slow = [(now_ms() - 120_000, 4.2)]
    written = [Written("up", {"job": "a"}, old), Written("scrape_duration_seconds", {}, slow)]
    with prometheus(folder, written) as url:
        source = {"sources": {"default": {"type": "prometheus", "url": url}}}
        ended = bench.doctor(metrics=source)
    assert row(ended, "metrics", "more than two scrapes and the lag")["health"] == "hint"
    late = row(ended, "metrics", "took 4200ms, and a look waits 1s for one")
    assert (late["health"], "scrapeTimeout" in late["remedy"]) == ("wrong", True)
    assert "no data of the primary" in row(ended, "limits")["what"]


APPS = "/apis/apps/v1/namespaces/prod/deployments"
OWNED = {"ownerReferences": [{"apiVersion": "flagger.app/v1beta1", "kind": "Canary", "name": "c"}]}


def cluster() -> dict[str, Any]:
    """A cluster in which Flagger made the primary and stamped a Service."""

    def listed(*names: str) -> dict[str, Any]:
        return {"resources": [{"name": f"{name.lower()}s", "kind": name} for name in names]}

    stamp = {"annotations": {"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}}
    return {
        "/version": {"gitVersion": "v1.34.1"},
        "/apis/apps/v1": listed("Deployment"),
        "/api/v1": listed("Service"),
        f"{APPS}/checkout": {"metadata": {}},
        f"{APPS}/checkout-primary": {"metadata": OWNED},
        "/api/v1/namespaces/prod/services/checkout": {"metadata": stamp},
        "/api/v1/namespaces/prod/services/checkout-primary": {"metadata": {}},
    }


def test_flaggers_hand_on_live_objects_is_told_with_1(bench: Bench, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    with ApiServer(cluster()) as server:
        sync = {"type": "kubernetes", "url": server.url, "tokenFile": str(token)}
        ended = bench.doctor(sync=sync)
        assert ended.code == 1
        assert "Kubernetes v1.34.1 answers" in row(ended, "sync")["what"]
        assert "is deleted with it" in row(ended, "flagger", "checkout-primary")["what"]
        assert "Flux leaves it alone" in row(ended, "flagger", "Service")["what"]
        assert "404" in row(ended, "flagger", "checkout-canary")["what"], "unseen is told"
        token.write_text("another")
        refused = bench.doctor(sync=sync)
    assert refused.code == 6
    assert "401" in row(refused, "sync")["what"]


def test_an_engine_that_does_not_know_the_application_is_told(bench: Bench, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    answers = {"/api/version": {"Version": "v3.1.0"}, "/api/v1/applications": {"items": []}}
    with ApiServer(answers) as server:
        sync = {"type": "argocd", "url": server.url, "tokenFile": str(token)}
        ended = bench.doctor(sync=sync)
    assert "Argo CD v3.1.0 shows 0 Applications" in row(ended, "sync", "v3")["what"]
    assert "Application" in row(ended, "sync", "prod/checkout")["what"]
    assert row(ended, "sync", "prod/checkout")["health"] == "hint"


def test_traffic_needs_its_source_and_tells_of_kube_state_metrics(
    bench: Bench, tmp_path: Path
) -> None:
    ended = bench.doctor(sync={"type": "traffic"})
    assert "answers" in row(ended, "sync")["what"]
    unseen = row(ended, "sync", "prod Deployment")
    assert (unseen["health"], "a settle time of 30s" in unseen["what"]) == ("hint", True)
    assert "scrape kube-state-metrics" in unseen["remedy"]

    there = Written("kube_deployment_spec_replicas", {"namespace": "prod"}, [(now_ms(), 1.0)])
    (tmp_path / "seen").mkdir()
    with prometheus(tmp_path / "seen", [*traffic(), there]) as url:
        ended = replace(bench, prometheus=url).doctor(sync={"type": "traffic"})
    assert row(ended, "sync", "prod Deployment")["health"] == "ok"

    lost = replace(bench, prometheus="http://127.0.0.1:9").doctor(sync={"type": "traffic"})
    assert [one["health"] for one in lost.rows() if one["check"] == "sync"] == ["wrong"]


def test_rules_of_the_branch_are_told_with_7(bench: Bench, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(FORGE_TOKEN)
    token.chmod(0o600)
    with ForgeServer() as forge:
        known = {"url": forge.url, "repository": "acme/config", "tokenFile": str(token)}
        repository = {"forge": {"type": "github", **known}}
        forge.rules = [{"type": "non_fast_forward"}, {"type": "required_signatures"}]
        ended = bench.doctor(repository=repository)
        assert ended.code == 7
        assert "commits are not signed" in row(ended, "rules")["what"]
        forge.rules = [{"type": "pull_request"}]
        assert "through a pull request" in row(bench.doctor(repository=repository), "rules")["what"]
        forge.rules = []
        assert bench.doctor(repository=repository).code == 0
    assert forge.violations == []


def test_manifests_are_examined_too(tmp_path: Path) -> None:
    for path, content in example().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        assert content is not None
        (tmp_path / path).write_bytes(content)
    (tmp_path / "apps/scaler.yaml").write_text(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"
        "metadata: {name: c, namespace: prod}\n"
        "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: checkout}}\n"
    )
    route = tmp_path / "apps/checkout/virtualservice.yaml"
    route.write_text(
        route.read_text().replace(
            "  namespace: prod\n",
            "  namespace: prod\n  annotations:\n"
            "    kustomize.toolkit.fluxcd.io/reconcile: disabled\n",
            1,
        )
    )
    ended = run("doctor", "--repo", tmp_path, "-o", "json")
    assert ended.code == 1
    assert "nothing scales checkout-primary" in row(ended, "scalers")["what"]
    assert row(ended, "flagger", "VirtualService")["health"] == "wrong"
    assert row(ended, "workloads")["health"] == "ok"
    assert run("doctor", "--repo", tmp_path / "gone").code == 2
