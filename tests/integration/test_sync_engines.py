"""Argo CD, Flux and the Kubernetes API over real HTTP, served by a stand-in.

Shapes: Argo CD 3.x `ApplicationStatus`, Flux 2.x `Kustomization` v1, Kubernetes apps/v1.
"""

import asyncio
import copy
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from api_server import TOKEN, ApiServer, send
from engine_shapes import (
    ADVANCE,
    NEWER,
    OLDER,
    OURS,
    READY,
    START,
    WRITTEN,
    Silent,
    application,
    cluster,
    flux,
    route,
)

from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Expectation, Liveness
from gitops_canary.sync import SYNC, Closing, Options


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    return file


def look(
    kind: str, answers: Mapping[str, Any], token: Path, wanted: Expectation, **options: Any
) -> Liveness:
    async def contains(revision: Revision, sought: Revision) -> bool:
        return sought == OURS and revision in {OURS, NEWER}

    async def ask(url: str) -> Liveness:
        made = Options(url=url, token_file=token, contains=contains, **options)
        source = SYNC[kind](made)
        assert isinstance(source, Closing)
        try:
            return (await source.observe([wanted], Silent(), 0))[wanted]
        finally:
            await source.aclose()

    with ApiServer(answers) as server:
        return asyncio.run(ask(server.url))


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("kubernetes", cluster(0)),
        ("flux", flux(0, f"main@sha1:{NEWER}")),
        ("argocd", application(0)),
    ],
)
def test_started_canary_is_live_once_its_pods_are_available(
    kind: str, answers: Mapping[str, Any], token: Path
) -> None:
    found = look(kind, answers, token, START)
    assert found.waiting == ""
    assert found.live_ms == READY


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("kubernetes", cluster(10)),
        ("flux", flux(10, f"main@sha1:{OURS}")),
        ("argocd", application(10)),
    ],
)
def test_weight_is_live_when_its_route_was_written(
    kind: str, answers: Mapping[str, Any], token: Path
) -> None:
    found = look(kind, answers, token, ADVANCE)
    assert found.waiting == ""
    assert found.live_ms == WRITTEN


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        ("kubernetes", cluster(5)),
        ("flux", flux(5, f"main@sha1:{NEWER}")),
        ("argocd", application(5)),
    ],
)
def test_another_live_weight_is_told_and_never_live(
    kind: str, answers: Mapping[str, Any], token: Path
) -> None:
    found = look(kind, answers, token, ADVANCE)
    assert found.live_ms is None
    assert "has 5 % live, not 10 %" in found.waiting


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ({"observedGeneration": 6}, "not been looked at"),
        ({"replicas": 3}, "1 pods still run the version before"),
        ({"availableReplicas": 1}, "1 of 2 pods available"),
        ({"availableReplicas": None, "conditions": None}, "0 of 2 pods available"),
        (
            {
                "availableReplicas": 0,
                "conditions": [
                    {
                        "type": "Progressing",
                        "status": "False",
                        "reason": "ProgressDeadlineExceeded",
                    }
                ],
            },
            "ProgressDeadlineExceeded",
        ),
        ({"conditions": []}, ""),
    ],
)
def test_pods_that_are_not_ready_are_told(status: Any, why: str, token: Path) -> None:
    found = look("kubernetes", cluster(0, **status), token, START)
    if why:
        assert found.live_ms is None
        assert why in found.waiting
    else:
        assert found.live_ms == WRITTEN


def test_another_image_is_not_ready(token: Path) -> None:
    found = look("kubernetes", cluster(0), token, replace(START, canary_images={"app": "shop:3"}))
    assert "container app is shop:2, not shop:3" in found.waiting


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (application(10, OLDER), "without this commit"),
        (application(10, "1.4.2"), "1.4.2, which is no Git commit of ours"),
        (application(10, operationState={"phase": "Running"}), "is being synced"),
        (
            application(10, OLDER, operationState={"phase": "Failed", "message": "hook\n failed"}),
            "its last sync failed: hook\\x0a failed",
        ),
        (application(10, resources=[]), "No Application of Argo CD has VirtualService prod/shop"),
        ({"/api/v1/applications": {"items": None}}, "No Application of Argo CD"),
    ],
)
def test_argo_cd_that_has_not_applied_says_why(answers: Any, why: str, token: Path) -> None:
    found = look("argocd", answers, token, ADVANCE)
    assert found.live_ms is None
    assert why in found.waiting


def test_argo_cd_object_out_of_sync_is_not_live(token: Path) -> None:
    answers = application(10)
    answers["/api/v1/applications"] = copy.deepcopy(answers["/api/v1/applications"])
    answers["/api/v1/applications"]["items"][0]["status"]["resources"][1]["status"] = "OutOfSync"
    found = look("argocd", answers, token, ADVANCE)
    assert "VirtualService prod/shop is OutOfSync in shop, which is not synced by" in found.waiting
    answers["/api/v1/applications"]["items"][0]["spec"] = {"syncPolicy": {"automated": {}}}
    found = look("argocd", answers, token, ADVANCE)
    assert found.waiting == "VirtualService prod/shop is OutOfSync in shop"


def test_suspended_kustomization_is_told(token: Path) -> None:
    answers = copy.deepcopy(flux(10, f"main@sha1:{OLDER}"))
    (one,) = answers["/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"]["items"]
    one["spec"]["suspend"] = True
    found = look("flux", answers, token, ADVANCE)
    assert "without this commit, and is suspended" in found.waiting


def test_object_of_two_applications_is_refused(token: Path) -> None:
    answers = application(10)
    items = answers["/api/v1/applications"]["items"]
    other = copy.deepcopy(items[0]) | {"metadata": {"name": "twin"}}
    found = look(
        "argocd", answers | {"/api/v1/applications": {"items": [*items, other]}}, token, ADVANCE
    )
    assert "belongs to several (shop, twin)" in found.waiting


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        (flux(10, f"main@sha1:{OLDER}"), "without this commit"),
        (
            flux(
                10,
                f"main@sha1:{OLDER}",
                attempted=f"main@sha1:{NEWER}",
                message="dry-run failed",
            ),
            "tried bbbbbbbbbbbb: dry-run failed",
        ),
        (flux(10, "latest@sha256:" + "d" * 64), "which is no Git commit of ours"),
        (
            cluster(10) | {"/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations": {"items": []}},
            "No Kustomization of Flux has VirtualService prod/shop",
        ),
    ],
)
def test_flux_that_has_not_applied_says_why(answers: Any, why: str, token: Path) -> None:
    found = look("flux", answers, token, ADVANCE)
    assert found.live_ms is None
    assert why in found.waiting


def without(path: str) -> Mapping[str, Any]:
    return {key: value for key, value in cluster(10).items() if key != path}


VIRTUAL_SERVICE = "/apis/networking.istio.io/v1/namespaces/prod/virtualservices/shop"


def says(status: int, body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: send(handler, status, body)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says(200, b"<html>"), "answered no JSON"),
        (says(200, b"[1]"), "answered no JSON object"),
        (says(200, b"[" * 50_000), "answered no JSON"),
        (says(503, b"{}"), "answered 503"),
        (says(403, b"{}"), "allow this token"),
        (says(302, b"{}"), "redirects (302), which is never followed"),
        ({"kind": "VirtualService"}, "cannot be read as it is live"),
        ({**route(10), "metadata": {"name": "shop"}}, "does not say when it was written"),
    ],
)
def test_answer_that_cannot_be_used_is_never_live(answer: Any, why: str, token: Path) -> None:
    found = look("kubernetes", cluster(10) | {VIRTUAL_SERVICE: answer}, token, ADVANCE)
    assert found.live_ms is None
    assert why in found.waiting
    assert TOKEN not in found.waiting


def test_missing_object_and_unknown_kind_are_told(token: Path) -> None:
    assert "answered 404" in look("kubernetes", without(VIRTUAL_SERVICE), token, ADVANCE).waiting
    unknown = cluster(10) | {"/apis/networking.istio.io/v1": {"resources": []}}
    assert "does not know VirtualService" in look("kubernetes", unknown, token, ADVANCE).waiting


def test_wrong_token_and_none_are_told(token: Path) -> None:
    token.write_text("other")
    assert "answered 401" in look("kubernetes", cluster(10), token, ADVANCE).waiting
    for text in ("", "two\nlines", "schlüssel"):
        token.write_text(text)
        assert "has no usable cred" in look("kubernetes", cluster(10), token, ADVANCE).waiting
    token.unlink()
    assert "mount the file" in look("kubernetes", cluster(10), token, ADVANCE).waiting


def test_silent_server_is_given_up_at_the_deadline(token: Path) -> None:
    over = threading.Event()
    try:
        answers = cluster(10) | {VIRTUAL_SERVICE: lambda _: over.wait(60)}

        async def contains(revision: Revision, sought: Revision) -> bool:
            return revision == sought

        async def ask(url: str) -> Liveness:
            made = Options(url=url, token_file=token, contains=contains, timeout_ms=300)
            source = SYNC["kubernetes"](made)
            found = await source.observe([ADVANCE], Silent(), 0)
            over.set()
            assert isinstance(source, Closing)
            await source.aclose()
            return found[ADVANCE]

        with ApiServer(answers) as server:
            found = asyncio.run(ask(server.url))
        assert "no answer within 300 ms" in found.waiting
    finally:
        over.set()
