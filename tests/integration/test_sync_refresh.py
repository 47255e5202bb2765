"""A sync engine asked to look at Git after a push: never in the way, told once if it fails.

Calls: Argo CD 3.x `GET /api/v1/applications/{name}?refresh=`, Flux 2.x `reconcile.fluxcd.io/
requestedAt`, as both projects document them.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from api_server import TOKEN, ApiServer, send
from console import CANDIDATE, edited, example, run
from engine_shapes import KUSTOMIZATION, SOURCE, TOUCHED, application, flux

from gitops_canary.app.hastening import Hastener
from gitops_canary.errors import Unavailable
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import CanaryId
from gitops_canary.model.observation import Halt, Touched
from gitops_canary.ports import Engine
from gitops_canary.sync import ENGINES, Options

URGENT = replace(TOUCHED, urgent=True)
STRANGER = replace(TOUCHED, canary=CanaryId("prod/other"), workloads=("other",), routes=())
APPLICATION = "/api/v1/applications/shop"
NEWER = "b" * 40


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    return file


def asked(kind: str, answers: Mapping[str, Any], token: Path, *touched: Touched) -> ApiServer:
    """Refresh what was touched, and hand back what the server has met."""

    async def ask(url: str) -> None:
        engine = ENGINES[kind](Options(url=url, token_file=token, timeout_ms=2_000))
        try:
            await engine.refresh(touched, 1_770_000_000_000)
        finally:
            await engine.aclose()

    with ApiServer(answers) as server:
        asyncio.run(ask(server.url))
    return server


@pytest.mark.parametrize(
    ("touched", "how"),
    [([TOUCHED], "normal"), ([URGENT], "hard"), ([TOUCHED, URGENT], "hard")],
)
def test_argo_cd_refreshes_what_was_pushed_hard_on_an_abort(
    touched: Sequence[Touched], how: str, token: Path
) -> None:
    server = asked("argocd", application(0), token, *touched)
    assert server.asked == [
        ("/api/v1/applications", {}),
        (APPLICATION, {"refresh": how, "appNamespace": "argocd"}),
    ]


def test_daemon_set_without_a_route_is_found_by_its_kind(token: Path) -> None:
    answers = json.loads(json.dumps({"items": [application(0)[APPLICATION]]}))
    resources = answers["items"][0]["status"]["resources"]
    resources[0]["kind"] = "DaemonSet"
    touched = replace(TOUCHED, kind="DaemonSet", routes=())
    server = asked("argocd", {"/api/v1/applications": answers, APPLICATION: {}}, token, touched)
    assert server.asked[-1][0] == APPLICATION


def request(path: str) -> tuple[str, Any]:
    annotations = {"reconcile.fluxcd.io/requestedAt": "1770000000000"}
    return path, {"metadata": {"annotations": annotations}}


@pytest.mark.parametrize(
    ("touched", "patched"),
    [([TOUCHED], [SOURCE]), ([URGENT], [SOURCE, KUSTOMIZATION])],
)
def test_flux_fetches_the_source_and_on_an_abort_applies_at_once(
    touched: Sequence[Touched], patched: Sequence[str], token: Path
) -> None:
    server = asked("flux", flux(0, f"main@sha1:{NEWER}"), token, *touched)
    assert server.patched == [request(path) for path in patched]


@pytest.mark.parametrize(
    ("kind", "answers"), [("argocd", application(0)), ("flux", flux(0, f"main@sha1:{NEWER}"))]
)
def test_canary_that_nothing_applies_does_not_stop_the_others(
    kind: str, answers: Mapping[str, Any], token: Path
) -> None:
    with pytest.raises(Unavailable, match="has an object of prod/other"):
        asked(kind, met := dict(answers), token, STRANGER, URGENT)
    met["/api/v1/applications/shop"] = met[f"PATCH {KUSTOMIZATION}"] = lambda h: send(h, 500, b"")
    with pytest.raises(Unavailable, match="answered 500"):
        asked(kind, met, token, STRANGER, URGENT)


def test_missing_right_to_patch_names_the_way_out(token: Path) -> None:
    answers = flux(0, f"main@sha1:{NEWER}") | {f"PATCH {SOURCE}": lambda h: send(h, 403, b"{}")}
    with pytest.raises(Unavailable) as raised:
        asked("flux", answers, token, TOUCHED)
    assert "manifests/controller/refresh" in raised.value.remedy
    assert TOKEN not in str(raised.value)


def test_source_that_is_no_git_repository_is_told(token: Path) -> None:
    answers = json.loads(json.dumps(flux(0, f"main@sha1:{NEWER}")))
    (one,) = answers["/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"]["items"]
    one["spec"]["sourceRef"] = {"kind": "OCIRepository", "name": "config"}
    with pytest.raises(Unavailable, match="flux-system/apps applies no GitRepository"):
        asked("flux", answers, token, TOUCHED)


class Failing:
    """An engine that is away, and back with the third request."""

    def __init__(self) -> None:
        self.count = 0

    async def refresh(self, touched: Sequence[Touched], now_ms: int) -> None:  # noqa: ARG002 - port
        self.count += 1
        if self.count != 3:
            raise Unavailable("It is away.", remedy="wait")

    async def halting(self, touched: Sequence[Touched]) -> Mapping[CanaryId, Halt]:
        raise AssertionError(touched)

    async def aclose(self) -> None:
        """Nothing is open."""


def test_trouble_is_told_once_until_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    async def ask(engine: Engine) -> None:
        hastener = Hastener([engine])
        for _ in range(4):
            hastener.ask([TOUCHED], 0)
            await hastener.drain()

    with caplog.at_level(logging.WARNING):
        asyncio.run(ask(Failing()))
    assert [one.message.count("It is away.") for one in caplog.records] == [1, 1]


def configured(origin: Origin, directory: Path, url: str, *, refresh: bool) -> Path:
    (directory / "password").write_text("b0t-pässword:with colon\n")
    (directory / "password").chmod(0o600)
    sync = {"type": "argocd", "url": url, "tokenFile": "token", "timeout": "2s"}
    login = {"username": "bot", "passwordFile": "password"}
    document = {
        "repositories": [{"name": "config", "url": origin.url, "credentials": login}],
        "metrics": {"sources": {"default": {"type": "prometheus", "url": "http://127.0.0.1:9"}}},
        "sync": {**sync, **({"refresh": True} if refresh else {})},
    }
    (directory / "controller.yaml").write_text(json.dumps(document))
    return directory / "controller.yaml"


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("refresh", [False, True])
def test_push_asks_only_where_the_operator_permits_it(
    origin: Origin, tmp_path: Path, refresh: bool
) -> None:
    answers = json.loads(json.dumps({"items": [application(0)["/api/v1/applications/shop"]]}))
    for one in answers["items"][0]["status"]["resources"]:
        one["name"] = "checkout"
    with ApiServer({"/api/v1/applications": answers, APPLICATION: {}}) as server:
        config = configured(origin, tmp_path, server.url, refresh=refresh)
        origin.commit(example(), "Begin\n")
        origin.commit(edited(origin, CANDIDATE, r":1\.0\.0", ":1.1.0"), "Release 1.1.0\n")
        ended = run("once", "--config", config)
    assert ended.code == 3, ended.err
    assert "start 1.1.0" in origin.git("log", "-1", "--format=%s", "main")
    assert [query for path, query in server.asked if path == APPLICATION] == (
        [{"refresh": "normal", "appNamespace": "argocd"}] if refresh else []
    )


def test_engine_that_hangs_delays_no_decision(token: Path) -> None:
    over = threading.Event()

    async def ask(url: str) -> None:
        engine = ENGINES["argocd"](Options(url=url, token_file=token, timeout_ms=60_000))
        hastener = Hastener([engine])
        hastener.ask([URGENT], 0)
        (under_way,) = asyncio.all_tasks() - {asyncio.current_task()}
        over.set()
        await hastener.drain()
        assert under_way.done()
        await engine.aclose()

    with ApiServer({"/api/v1/applications": lambda _: over.wait(60)}) as server:
        asyncio.run(ask(server.url))
