"""Commit statuses as a sync source, over real HTTP; the answers are as GitHub describes them."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import github_contract as contract
import pytest
from api_server import TOKEN, ApiServer, send
from engine_shapes import ADVANCE, NEWER, OURS, Silent
from git_plans import OpenRepository

from gitops_canary.app.config import load
from gitops_canary.core.text import instant_ms
from gitops_canary.errors import ConfigError
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import Revision
from gitops_canary.model.observation import Liveness
from gitops_canary.sync import SYNC, Closing, Options
from gitops_canary.sync.probing import PROBES

FLUX = "kustomization/apps/0a1b2c3d"
APPLIED = "2026-02-02T10:00:20Z"
LATE = "2026-02-02T10:05:00Z"


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    return file


def path(revision: Revision) -> str:
    return f"/repos/acme/config/commits/{revision}/statuses"


def statuses(*given: tuple[str, str, str]) -> list[Any]:
    """Make an answer of (context, state, time), the newest first, as GitHub describes it."""
    described = contract.operation("GET", path(OURS))
    assert described
    schema = contract.reply_schema(described, 200)
    rows = [
        {"context": context, "state": state, "created_at": at, "description": f"it is {state}"}
        for context, state, at in given
    ]
    found = contract.filled(schema, rows)
    assert contract.problems(schema, found) == []
    assert isinstance(found, list)
    return found


def look(
    answers: Mapping[str, Any], token: Path, contexts: Sequence[str] = ("kustomization/apps/*",)
) -> Liveness:
    async def later(revision: Revision) -> Sequence[Revision]:
        return [NEWER] if revision == OURS else []

    async def ask(url: str) -> Liveness:
        options = Options(
            url=url,
            token_file=token,
            repository="acme/config",
            contexts=tuple(contexts),
            later=later,
        )
        source = SYNC["commit-status"](options)
        assert isinstance(source, Closing)
        try:
            return (await source.observe([ADVANCE], Silent(), 0))[ADVANCE]
        finally:
            await source.aclose()

    with ApiServer({path(OURS): [], path(NEWER): [], **answers}) as server:
        return asyncio.run(ask(server.url))


def test_first_success_counts_by_the_time_of_the_forge(token: Path) -> None:
    mine = statuses(
        (FLUX, "failure", LATE),
        (FLUX, "success", "2026-02-02T10:01:00Z"),
        (FLUX, "success", APPLIED),
        (FLUX, "pending", "2026-02-02T10:00:10Z"),
        ("ci/build", "failure", APPLIED),
    )
    found = look({path(OURS): mine}, token)
    assert found.live_ms == instant_ms(APPLIED)
    assert found.proof == (
        f"{FLUX} succeeded on {OURS[:12]} at 2026-02-02T10:00:20Z.",
    )  # what fails afterwards is for the checks to judge


def test_a_later_commit_that_was_applied_had_ours_in_it(token: Path) -> None:
    found = look({path(NEWER): statuses((FLUX, "success", LATE))}, token)
    assert found.live_ms == instant_ms(LATE)


def test_nothing_from_before_the_commit_counts(token: Path) -> None:
    early = statuses((FLUX, "success", "2026-02-02T09:00:00Z"))
    assert look({path(OURS): early}, token).live_ms == ADVANCE.since_ms


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ((), "no commit status kustomization/apps/* on aaaaaaaaaaaa or 1 commits after it"),
        ((("kustomization/other/0a1b2c3d", "success", APPLIED),), "no commit status"),
        (((FLUX, "pending", APPLIED),), f"{FLUX} is pending on aaaaaaaaaaaa: it is pending"),
        (((FLUX, "failure", APPLIED),), "is failure on aaaaaaaaaaaa: it is failure"),
        (((FLUX, "error", APPLIED),), "is error on"),
        (((FLUX, "success", "yesterday"),), "is success on"),
    ],
)
def test_without_success_it_is_never_live(
    given: Sequence[tuple[str, str, str]], why: str, token: Path
) -> None:
    found = look({path(OURS): statuses(*given)}, token)
    assert found.live_ms is None
    assert why in found.waiting


def test_every_context_has_to_succeed_and_ours_is_none(token: Path) -> None:
    own = ("gitops-canary/prod/shop", "success", APPLIED)
    both = {
        path(OURS): statuses((FLUX, "success", APPLIED), own),
        path(NEWER): statuses(("argocd/shop", "success", LATE)),
    }
    contexts = ("kustomization/apps/*", "argocd/shop")
    assert look(both, token, contexts).live_ms == instant_ms(LATE)
    alone = look({path(OURS): both[path(OURS)]}, token, contexts)
    assert alone.live_ms is None
    assert alone.waiting.startswith("no commit status argocd/shop")
    assert look(both, token, ["gitops-canary/*"]).live_ms is None


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"message": "Not Found"}, "answered no JSON array"),
        (lambda handler: send(handler, 200, b"<html>"), "answered no JSON"),
        (lambda handler: send(handler, 403, b"{}"), "answered 403"),
        (lambda handler: send(handler, 422, b"{}"), "answered 422"),
        ([7, {"context": 3, "state": ["success"], "created_at": 1}], "no commit status"),
    ],
)
def test_what_is_no_answer_is_never_live(answer: Any, why: str, token: Path) -> None:
    found = look({path(OURS): answer}, token)
    assert found.live_ms is None
    assert why in found.waiting
    assert TOKEN not in found.waiting


def test_doctor_asks_for_the_repository(token: Path) -> None:
    with ApiServer({"/repos/acme/config": {"full_name": "acme/config"}}) as server:
        options = Options(url=server.url, token_file=token, repository="acme/config")

        async def probe() -> str:
            return await PROBES["commit-status"](options)

        assert asyncio.run(probe()) == "the forge shows acme/config"


def test_later_commits_are_those_that_contain_ours(
    origin: Origin, seeded: Revision, open_repository: OpenRepository
) -> None:
    ours = origin.commit({"a": b"1\n"}, "Ours\n")
    aside = origin.commit({"b": b"1\n"}, "Aside\n", branch="side", parents=[seeded])
    merge = origin.commit({}, "Merge\n", parents=[ours, aside])
    last = origin.commit({"c": b"1\n"}, "Last\n")
    git = open_repository()
    git.fetch()
    assert list(git.later(Revision(ours))) == [merge, last]
    assert list(git.later(Revision(ours), most=1)) == [last]
    assert list(git.later(Revision(last))) == []
    assert list(git.later(Revision("f" * 40))) == []


@pytest.mark.parametrize(
    ("sync", "problem"),
    [
        ([{"contexts": []}], "has no contexts"),
        ([{"repository": ""}], "has no repository"),
        ([{"contexts": ["*"]}], "contexts"),
        ([{"refresh": True}], "is not for type commit-status"),
        ([{"url": "http://forge.example"}], "unencrypted"),
        ([{}], "sees no pods"),
        ([{}, {"type": "none", "delay": "5m"}], "sees no pods"),
        ([{"type": "flux", "contexts": ["a"], "url": "https://k.example"}], "is not for type flux"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    sync: Sequence[Mapping[str, Any]], problem: str, tmp_path: Path, token: Path
) -> None:
    with pytest.raises(ConfigError) as raised:
        load(settings(tmp_path, sync, token))
    assert problem in str(raised.value)


def test_settings_that_fit_are_read(tmp_path: Path, token: Path) -> None:
    one, other = load(settings(tmp_path, [{}, {"type": "traffic"}], token)).sync
    assert one.url == "https://api.github.com"
    assert one.contexts == ("kustomization/apps/*",)
    assert other.url == ""


def settings(folder: Path, sync: Sequence[Mapping[str, Any]], token: Path) -> Path:
    usual = {
        "type": "commit-status",
        "repository": "acme/config",
        "tokenFile": token.name,
        "contexts": ["kustomization/apps/*"],
    }
    document = {
        "repositories": [{"name": "config", "url": "https://git.example/acme/config.git"}],
        "metrics": {"sources": {"default": {"type": "prometheus", "url": "http://p.example"}}},
        "sync": [one if one.get("type") else {**usual, **one} for one in sync],
    }
    file = folder / "controller.yaml"
    file.write_text(json.dumps(document))
    return file
