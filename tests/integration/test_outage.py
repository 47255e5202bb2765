"""A Git host that is away while a canary takes traffic: what a person gets to type, and where."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_server import TOKEN, ApiServer
from console import ROUTE, example, run
from engine_shapes import application, flux

from gitops_canary.app.outage import PATIENCE_S, Outage
from gitops_canary.app.tick import Report
from gitops_canary.app.wiring import opened
from gitops_canary.errors import Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.spec import CanarySpec
from gitops_canary.ports import Router
from gitops_canary.routing import ROUTERS
from gitops_canary.strategy import outfitted

AWAY = Unavailable("The server is away.", remedy="wait")
TRAFFIC: Mapping[str, Any] = {"type": "traffic"}


def configured(origin: Origin, tmp_path: Path, sync: Mapping[str, Any] = TRAFFIC) -> Path:
    (tmp_path / "password").write_text("b0t-pässword:with colon\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "token").write_text(TOKEN)
    login = {"username": "bot", "passwordFile": "password"}
    file = tmp_path / "controller.yaml"
    prometheus = {"type": "prometheus", "url": "http://127.0.0.1:9"}
    file.write_text(
        json.dumps(
            {
                "repositories": [{"name": "config", "url": origin.url, "credentials": login}],
                "metrics": {"sources": {"default": prometheus}},
                "sync": sync,
            }
        )
    )
    return file


def exposed(origin: Origin) -> None:
    """Send a quarter of the traffic to the canary, as Git says."""
    before = origin.show(ROUTE)
    weighed = before.replace(b"weight: 100", b"weight: 75").replace(b"weight: 0 ", b"weight: 25 ")
    assert weighed != before
    origin.commit({ROUTE: weighed}, "Try it\n")


def seen(config: Path) -> Report:
    async def look() -> Report:
        async with opened(config, keeps=False) as rounds:
            return await rounds[0].station.tick(write=False)

    report = asyncio.run(look())
    assert report.error is None
    return report


def notes(outage: Outage, report: Report, now_s: float) -> str:
    return asyncio.run(outage.note(report, now_s))


def test_alarm_comes_after_a_minute_with_the_exact_commands(origin: Origin, tmp_path: Path) -> None:
    config = configured(origin, tmp_path)
    origin.commit(example(), "Begin\n")
    calm = seen(config)
    exposed(origin)
    risky = seen(config)
    gone = replace(risky, error=AWAY, seen={}, decisions={})

    outage = Outage(lambda one: outfitted(ROUTERS[one.provider], one))
    assert notes(outage, calm, 0) == ""
    assert notes(outage, gone, 10) == ""
    assert notes(outage, gone, 10 + PATIENCE_S) == "", "nobody is exposed"
    assert notes(outage, risky, 100) == ""
    assert notes(outage, gone, 110) == ""
    assert notes(outage, gone, 109 + PATIENCE_S) == ""
    alarm = notes(outage, gone, 110 + PATIENCE_S)
    assert "# prod/checkout: 25 % of the traffic goes to the canary" in alarm
    assert "kubectl apply -n prod -f - <<'EOF'" in alarm
    manifest = json.loads(alarm.partition("<<'EOF'\n")[2].partition("\nEOF")[0])
    weights = [one["weight"] for one in manifest["spec"]["http"][0]["route"]]
    assert sorted(weights) == [0, 100]
    assert "what applies it is not known: no sync source asks the engine" in alarm
    assert notes(outage, gone, 500) == "", "once an outage"
    assert notes(outage, risky, 600) == notes(outage, gone, 610) == ""
    assert notes(outage, gone, 610 + PATIENCE_S) == alarm, "again with the next one"


def test_the_commands_are_made_once_for_each_tip(origin: Origin, tmp_path: Path) -> None:
    """At every look they were, though nothing had moved: most where many share an object."""
    config = configured(origin, tmp_path)
    origin.commit(example(), "Begin\n")
    exposed(origin)
    risky, asked = seen(config), list[str]()

    def router(spec: CanarySpec) -> Router:
        asked.append(spec.id)
        return outfitted(ROUTERS[spec.provider], spec)

    outage = Outage(router)
    for now_s in range(3):
        notes(outage, risky, now_s)
    assert asked == ["prod/checkout"]
    route = origin.show(ROUTE).replace(b"weight: 25", b"weight: 30")
    origin.commit({ROUTE: route.replace(b"weight: 75", b"weight: 70")}, "More\n")
    notes(outage, seen(config), 3)
    assert len(asked) == 2
    assert "30 %" in asyncio.run(outage.commands())


def renamed(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Let the engine own the example's objects instead of `shop`."""
    plain = {path: one for path, one in answers.items() if not callable(one)}
    text = json.dumps(plain).replace("prod_shop_", "prod_checkout_")
    found: dict[str, Any] = json.loads(text)
    for app in found.get("/api/v1/applications", {}).get("items", ()):
        app["spec"] = {"syncPolicy": {"automated": {"prune": True, "selfHeal": True}}}
        for one in app["status"]["resources"]:
            one["name"] = "checkout"
    return found


@pytest.mark.parametrize(
    ("kind", "answers", "stop", "resume"),
    [
        (
            "argocd",
            application(0),
            "argocd app set argocd/shop --sync-policy none",
            "argocd app set argocd/shop --sync-policy automated --auto-prune --self-heal",
        ),
        (
            "flux",
            flux(0, "main@sha1:" + "b" * 40),
            "flux suspend kustomization apps -n flux-system",
            "flux resume kustomization apps -n flux-system",
        ),
    ],
)
def test_status_names_what_stops_the_engine_of_this_cluster(
    origin: Origin,
    tmp_path: Path,
    kind: str,
    answers: Mapping[str, Any],
    stop: str,
    resume: str,
) -> None:
    with ApiServer(renamed(answers)) as server:
        config = configured(
            origin, tmp_path, {"type": kind, "url": server.url, "tokenFile": "token"}
        )
        origin.commit(example(), "Begin\n")
        exposed(origin)
        assert run("once", "--config", config).code in {3, 4}
        origin.faults.status(503, times=100)
        ended = run("status", "--config", config)
    assert (ended.code, ended.out) == (6, ""), "no heading without a row"
    assert "# prod/checkout: 25 % of the traffic goes to the canary" in ended.err
    order = [ended.err.index(text) for text in (stop, "kubectl apply -n prod", resume)]
    assert order == sorted(order)
    assert f"as commit {origin.git('rev-parse', '--short=12', 'main')} says" in ended.err
    assert server.patched == []


def test_status_is_quiet_where_nobody_was_exposed_and_survives_a_damaged_memory(
    origin: Origin, tmp_path: Path
) -> None:
    config = configured(origin, tmp_path)
    origin.commit(example(), "Begin\n")
    run("once", "--config", config)
    origin.faults.status(503, times=100)
    assert "By hand" not in run("status", "--config", config).err
    (clone,) = [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]
    for text in ("", "[]", '{"exposed": {"a": 1}}', '{"exposed": [1]}', "[" * 5000):
        clone.with_name(f"{clone.name}.exposed").write_text(text)
        ended = run("status", "--config", config)
        assert ended.code == 6
        assert "By hand" not in ended.err
