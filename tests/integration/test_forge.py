import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import github_contract as contract
import pytest
from console import CANDIDATE, edited, example, run
from forge_server import TOKEN, ForgeServer

from gitops_canary.core.notice import marker
from gitops_canary.errors import CanaryError, Refused, Unavailable
from gitops_canary.forge.github import GitHub
from gitops_canary.lab.origin import Origin
from gitops_canary.model.names import CanaryId, Revision
from gitops_canary.model.notice import Mark, Notice

KEY = "prod/checkout/0123456789ab"
NOTICE = Notice(
    canary=CanaryId("prod/checkout"),
    key=KEY,
    source=Revision("a" * 40),
    mark=Mark.PENDING,
    summary="10 %: measures",
    body=f"{marker(KEY)}\n### 10 %",
)


@pytest.fixture
def forge() -> Iterator[ForgeServer]:
    with ForgeServer() as server:
        yield server
    assert server.violations == []


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


def tell(forge: ForgeServer, token: Path, notice: Notice = NOTICE) -> None:
    made = GitHub(url=forge.url, repository="acme/config", token_file=token, pause_s=0)
    asyncio.run(made.tell(notice))


def test_one_status_and_one_comment_are_kept_up_to_date(forge: ForgeServer, token: Path) -> None:
    tell(forge, token)
    assert forge.statuses == [
        {
            "state": "pending",
            "description": "10 %: measures",
            "context": "gitops-canary/prod/checkout",
        }
    ]
    assert [one["body"] for one in forge.comments] == [NOTICE.body]

    ended = replace(NOTICE, mark=Mark.SUCCESS, summary="0 %: done", body=f"{marker(KEY)}\ndone")
    tell(forge, token, ended)
    assert [one["state"] for one in forge.statuses] == ["pending", "success"]
    assert [one["body"] for one in forge.comments] == [ended.body]


def test_told_twice_nothing_is_written(forge: ForgeServer, token: Path) -> None:
    tell(forge, token)
    before = list(forge.writes)
    tell(forge, token)
    assert forge.writes == before


def test_marker_in_somebody_elses_comment_is_left_alone(forge: ForgeServer, token: Path) -> None:
    forged = f"{marker(KEY)}\nall is well"
    forge.says(forged, "mallory")
    tell(forge, token)
    assert [one["body"] for one in forge.comments] == [forged, NOTICE.body]


def test_app_without_a_user_finds_its_own_comment(forge: ForgeServer, token: Path) -> None:
    forge.login = None
    tell(forge, token)
    tell(forge, token, replace(NOTICE, body=f"{marker(KEY)}\n### 25 %"))
    assert [one["body"] for one in forge.comments] == [f"{marker(KEY)}\n### 25 %"]


def test_commit_without_a_request_gets_its_status_alone(forge: ForgeServer, token: Path) -> None:
    forge.pulls = False
    tell(forge, token)
    assert len(forge.statuses) == 1
    assert forge.comments == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"state": "green", "context": "a"}, "'green' is not one of"),
        ({"context": "a"}, "'state' is a required property"),
        ({"state": "pending", "target_url": 7}, "$.target_url: 7 is not valid"),
    ],
)
def test_description_of_github_refuses_what_is_not_as_it_says(body: object, problem: str) -> None:
    described = contract.operation("POST", "/repos/acme/config/statuses/abc")
    assert described is not None
    schema = contract.request_schema(described)
    assert schema is not None
    assert problem in " / ".join(contract.problems(schema, body))
    assert contract.problems(contract.reply_schema(described, 201), {}) != []
    assert contract.operation("DELETE", "/repos/acme/config/statuses/abc") is None


def test_token_without_statuses_still_keeps_the_comment(forge: ForgeServer, token: Path) -> None:
    forge.denies = "/statuses/"
    with pytest.raises(Refused, match="Resource not accessible"):
        tell(forge, token)
    assert forge.statuses == []
    assert [one["body"] for one in forge.comments] == [NOTICE.body]


def test_comment_of_a_request_is_kept_by_its_number(forge: ForgeServer, token: Path) -> None:
    made = GitHub(url=forge.url, repository="acme/config", token_file=token, pause_s=0)
    asyncio.run(made.comment(7, KEY, f"{marker(KEY)}\nnothing", create=False))
    assert forge.writes == []
    for text in ("one", "two"):
        asyncio.run(made.comment(7, KEY, f"{marker(KEY)}\n{text}", create=text == "one"))
    assert [one["body"] for one in forge.comments] == [f"{marker(KEY)}\ntwo"]


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (401, "Bad credentials", Refused),
        (403, "Resource not accessible by integration", Refused),
        (403, "You have exceeded a secondary rate limit", Unavailable),
        (404, "Not Found", Refused),
        (422, "Validation Failed", Refused),
        (429, "rate limit exceeded", Unavailable),
        (500, "Server Error", Unavailable),
        (503, "Unavailable", Unavailable),
    ],
)
def test_answers_are_told_apart_and_carry_no_token(
    forge: ForgeServer, token: Path, status: int, message: str, kind: type[CanaryError]
) -> None:
    forge.refuses = (status, {"message": f"{message} {'x' * 500}"})
    with pytest.raises(kind) as raised:
        tell(forge, token)
    assert TOKEN not in str(raised.value)
    assert str(status) in raised.value.problem


def test_forge_that_is_away_and_a_missing_token_are_told(forge: ForgeServer, token: Path) -> None:
    away = GitHub(url="http://127.0.0.1:9", repository="acme/config", token_file=token, pause_s=0)
    with pytest.raises(Unavailable) as raised:
        asyncio.run(away.tell(NOTICE))
    assert TOKEN not in str(raised.value)
    token.write_text("")
    with pytest.raises(Refused):
        tell(forge, token)


def configured(origin: Origin, tmp_path: Path, forge: ForgeServer, token: Path) -> Path:
    (tmp_path / "password").write_text("b0t-pässword:with colon\n")
    (tmp_path / "password").chmod(0o600)
    config = tmp_path / "controller.yaml"
    repository = {
        "name": "config",
        "url": origin.url,
        "credentials": {"username": "bot", "passwordFile": "password"},
        "forge": {
            "type": "github",
            "url": forge.url,
            "repository": "acme/config",
            "tokenFile": token.name,
        },
    }
    prometheus = {"type": "prometheus", "url": "http://127.0.0.1:9"}
    config.write_text(
        json.dumps(
            {
                "repositories": [repository],
                "metrics": {"sources": {"default": prometheus}},
                "sync": {"type": "none", "delay": "1h"},
            }
        )
    )
    return config


@pytest.mark.parametrize("refuses", [None, (503, {"message": "away"})])
def test_author_is_told_and_a_forge_that_fails_delays_nothing(
    origin: Origin,
    tmp_path: Path,
    forge: ForgeServer,
    token: Path,
    refuses: tuple[int, dict[str, str]] | None,
) -> None:
    forge.refuses = refuses
    config = configured(origin, tmp_path, forge, token)
    origin.commit(example(), "Begin\n")
    origin.commit(edited(origin, CANDIDATE, r":1\.0\.0", ":1.1.0"), "Release 1.1.0\n")
    ended = run("once", "--config", config)
    assert ended.code == 3, ended.err
    assert "start 1.1.0" in origin.git("log", "-1", "--format=%s", "main")
    if refuses:
        assert "the forge was not told" in ended.err
        assert TOKEN not in ended.err
        return
    assert [one["state"] for one in forge.statuses] == ["pending"]
    (comment,) = forge.comments
    assert comment["body"].startswith("<!-- gitops-canary prod/checkout/")
    assert "**0%** -&#62; 5% -&#62; 10%" in comment["body"]
    rollout = comment["body"].partition("prod/checkout/")[2][:12]
    path = f"prod/checkout/{rollout}/README.md"
    link = f"{forge.url}/acme/config/blob/gitops-canary/evidence/{path}"
    assert comment["body"].endswith(f"\n\n[The record so far]({link})")
    assert forge.statuses[0]["target_url"] == link
    assert origin.git("cat-file", "-t", f"gitops-canary/evidence:{path}") == "blob"
