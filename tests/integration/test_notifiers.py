"""Telling people, over real HTTP: each service's shape, and never a secret in what is logged."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gitops_canary.http import Opening
from gitops_canary.model.announcement import Announcement, Severity
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.notify import ADDRESS, NOTIFIERS, UNKNOWN, Notifiers, Place

SECRET = "T0K3N-in-the-path"  # noqa: S105 - that is what is looked for
TOLD = Announcement(
    canary=CanaryId("prod/web"), namespace="prod", name="web", rollout=RolloutId("0123456789ab"),
    event="abort", severity=Severity.ERROR, sentence="prod/web: abort. <!channel> *errors* [x](y)",
    phase="Failed", weight="0", version="app=acme/web:2", at_ms=7, ended=True,
)  # fmt: skip


class Server(ThreadingHTTPServer):
    asked: list[tuple[str, str, Mapping[str, str], Any]]
    status: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks/{SECRET}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.command, self.path, dict(self.headers), content))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(SECRET)))
        self.end_headers()
        self.wfile.write(SECRET.encode())

    def do_PUT(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def server(running: Server) -> Server:
    running.asked, running.status = [], 200
    return running


def place(folder: Path, kind: str, url: str, **rest: Any) -> Place:
    address = folder / "address"
    address.write_text(url)
    opening = Opening(
        url=UNKNOWN,
        timeout_ms=5000,
        token_file=rest.pop("token_file", None),
        secret_files={ADDRESS: address},
    )
    return Place(shape=NOTIFIERS[kind], opening=opening, **rest)


def told(one: Place, what: Announcement = TOLD) -> str:
    return asyncio.run(Notifiers({"chat": one}).notify("chat", what))


def sent(server: Server, folder: Path, kind: str, **rest: Any) -> Any:
    assert told(place(folder, kind, server.url, **rest)) == ""
    return server.asked[-1]


@pytest.mark.parametrize("kind", ["slack", "rocket", "discord"])
def test_slack_and_who_takes_the_same(server: Server, tmp_path: Path, kind: str) -> None:
    method, path, _, said = sent(server, tmp_path, kind, channel="#prod", username="canary")
    below = "/slack" if kind == "discord" else ""
    assert (method, path) == ("POST", f"/hooks/{SECRET}{below}")
    assert (said["channel"], said["username"]) == ("#prod", "canary")
    [attachment] = said["attachments"]
    assert attachment["color"] == "danger"
    assert "&lt;!channel&gt;" in attachment["text"]
    assert {"title": "Weight", "value": "0 %", "short": True} in attachment["fields"]


def test_a_bots_token_goes_into_a_header(server: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("xoxb-1")
    _, _, headers, said = sent(server, tmp_path, "slack", token_file=token)
    assert headers["Authorization"] == "Bearer xoxb-1"
    assert "xoxb-1" not in json.dumps(said)


def test_teams_gets_a_card_of_plain_runs(server: Server, tmp_path: Path) -> None:
    _, _, _, said = sent(server, tmp_path, "msteams")
    [card] = said["attachments"]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    title, text, facts = card["content"]["body"]
    assert title["inlines"][0]["color"] == "attention"
    assert text["inlines"] == [{"type": "TextRun", "text": TOLD.sentence}]
    assert facts["type"] == "FactSet"


def test_google_chat_gets_text_without_markup(server: Server, tmp_path: Path) -> None:
    url = f"{server.url}/messages?key=K&token=T"
    assert told(place(tmp_path, "gchat", url)) == ""
    _, path, _, said = server.asked[-1]
    assert path == f"/hooks/{SECRET}/messages?key=K&token=T"
    assert said["text"].startswith("*web.prod*: prod/web: abort.  !channel   errors ")


def test_matrix_gets_a_notice_under_a_name_that_stays(server: Server, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("syt_1")
    rest = {"channel": "!room:example.org", "token_file": token}
    method, path, headers, said = sent(server, tmp_path, "matrix", **rest)
    assert method == "PUT"
    assert "/rooms/%21room%3Aexample.org/send/m.room.message/" in path
    assert headers["Authorization"] == "Bearer syt_1"
    assert said["msgtype"] == "m.notice"
    assert sent(server, tmp_path, "matrix", **rest)[1] == path


@pytest.mark.parametrize("kind", sorted(NOTIFIERS))
@pytest.mark.parametrize(
    ("status", "url", "said"),
    [
        (500, "", "HTTP 500"),
        (302, "", "redirects"),
        (429, "", "limits requests"),
        (200, f"http://127.0.0.1:1/{SECRET}", "cannot be reached"),
        (200, f"ftp://host/{SECRET}", "cannot be used"),
        (200, f"http://[{SECRET}", "cannot be used"),
        (200, f"http://[::1/{SECRET}", "cannot be used"),
        (200, f"http://127.0.0.1:99999/{SECRET}", "cannot be"),
        (200, f"http://127.0.0.1:x/{SECRET}", "cannot be used"),
        (200, SECRET, "cannot be used"),
        (200, f"http:///{SECRET}", "cannot be used"),
        (200, f"http://user:{SECRET}@host/", "cannot be used"),
        (200, "\n\n", "no usable credentials"),
    ],
)
def test_trouble_is_told_without_the_address(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str, status: int,
    url: str, said: str,
) -> None:  # fmt: skip
    server.status = status
    one = place(tmp_path, kind, url or server.url, channel="!r:e")
    with caplog.at_level(logging.DEBUG):
        trouble = told(one)
    assert said in trouble
    assert SECRET not in trouble + repr(one) + caplog.text
    assert "127.0.0.1" not in trouble


def test_an_alert_provider_means_the_notifier_that_lists_it(tmp_path: Path) -> None:
    one = place(tmp_path, "slack", "http://127.0.0.1:1", providers=frozenset({"prod/on-call"}))
    known = Notifiers({"chat": one})
    assert known.knows("prod/on-call")
    assert known.knows("chat")
    assert known.knows("prod/chat")
    assert not known.knows("prod/other")
    assert not known.knows("other/on-call")
    assert "no notifier" in asyncio.run(known.notify("other", TOLD))


def test_a_message_for_another_moment_has_another_key() -> None:
    assert TOLD.key != replace(TOLD, at_ms=8).key
