"""Calling webhooks over real HTTP: Flagger's payload and rules, signed, never elsewhere."""

import asyncio
import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitops_canary.core.hook_body import key
from gitops_canary.http import Opening
from gitops_canary.model.names import CanaryId, RolloutId
from gitops_canary.model.webhooks import Call, HookType, Reply, Webhook
from gitops_canary.webhooks import SIGNS, Caller, Target

SECRET = "s3cr3t-s1gning"  # noqa: S105 - that is what is looked for
AT_S = 1_770_000_000
HOOK = Webhook(name="gate", type=HookType.CONFIRM_ROLLOUT, target="gate", timeout_ms=2000)
BODY = {"name": "web", "namespace": "prod", "phase": "Waiting", "metadata": {"a": "b"}}


class Server(ThreadingHTTPServer):
    statuses: list[int]
    asked: list[tuple[str, Mapping[str, str], bytes]]
    over: threading.Event

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), content))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 0:
            self.server.over.wait(10)
            return
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        said = f"no: {SECRET}".encode()
        self.send_header("Content-Length", "0" if status == 204 else str(len(said)))
        self.end_headers()
        if status != 204:
            self.wfile.write(said)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.over = threading.Event()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.over.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def server(running: Server) -> Server:
    running.statuses, running.asked = [], []
    return running


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return path


def target(url: str, secret: Path | None = None, **rest: object) -> Target:
    files = {SIGNS: secret} if secret else {}
    opening = Opening(url=url, timeout_ms=5000, secret_files=files)
    return Target(opening=opening, **rest)  # type: ignore[arg-type]  # addresses alone


def called(one: Target, hook: Webhook = HOOK) -> Reply:
    call = Call(
        hook=hook, canary=CanaryId("prod/web"), rollout=RolloutId("0123456789ab"),
        since_ms=0, step=2, at_ms=7,
    )  # fmt: skip

    async def go() -> Reply:
        caller = Caller({"gate": one}, clock=lambda: AT_S, pauses_s=(0.01,))
        try:
            return await caller.ask(call, BODY)
        finally:
            await caller.aclose()

    found = asyncio.run(go())
    assert SECRET not in repr(found)
    return found


@pytest.mark.parametrize(
    ("status", "passed"),
    [(200, True), (201, True), (202, True), (203, False), (204, False), (400, False),
     (403, False), (404, False), (500, False), (502, None), (503, None), (429, None), (302, None)],
)  # fmt: skip
def test_at_most_202_passes_and_no_answer_is_none(
    server: Server, status: int, passed: bool | None
) -> None:
    server.statuses = [status]
    assert called(target(server.url)).passed is passed
    assert len(server.asked) == 1


def test_message_is_flaggers_and_signed_by_the_standard(server: Server, secret: Path) -> None:
    assert called(target(server.url, secret)).passed
    [(path, headers, content)] = server.asked
    assert path == "/"
    assert json.loads(content) == BODY
    assert headers["Content-Type"] == "application/json"
    signed = f"{headers['webhook-id']}.{AT_S}.".encode() + content
    digest = hmac.digest(SECRET.encode(), signed, hashlib.sha256)
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert headers["webhook-timestamp"] == str(AT_S)
    assert headers["Idempotency-Key"] == headers["webhook-id"]
    assert SECRET not in str(headers)


def test_secret_in_the_standards_form_is_decoded(server: Server, secret: Path) -> None:
    secret.write_text("whsec_" + base64.b64encode(SECRET.encode()).decode())
    called(target(server.url, secret))
    secret.write_text(SECRET)
    called(target(server.url, secret))
    one, two = (headers["webhook-signature"] for _, headers, _ in server.asked)
    assert one == two
    secret.write_text("whsec_!")
    assert "whsec_ and base64" in called(target(server.url, secret)).why
    secret.unlink()
    assert "no usable credentials" in called(target(server.url, secret)).why
    assert len(server.asked) == 2


def test_it_is_tried_again_under_the_same_key(server: Server) -> None:
    server.statuses = [500, 202]
    assert called(target(server.url), replace(HOOK, retries=1)).passed
    first, second = (headers["webhook-id"] for _, headers, _ in server.asked)
    assert first == second


def test_a_refusal_is_not_tried_again(server: Server) -> None:
    server.statuses = [403, 200]
    assert called(target(server.url), replace(HOOK, retries=3)).passed is False
    assert len(server.asked) == 1


def test_the_operators_deadline_holds_and_so_does_the_documents(server: Server) -> None:
    server.statuses = [0, 0]
    assert "within 100 ms" in called(target(server.url), replace(HOOK, timeout_ms=100)).why
    short = Target(opening=Opening(url=server.url, timeout_ms=100))
    assert "within 100 ms" in called(short, replace(HOOK, timeout_ms=60_000)).why


def test_nobody_there_is_no_answer() -> None:
    found = called(target("http://127.0.0.1:1"))
    assert found.passed is None
    assert "cannot be reached" in found.why


def test_a_document_may_name_a_path_below_an_allowed_url(server: Server) -> None:
    one = target(server.url, addresses=frozenset({"http://loadtester.test"}))
    for name in (
        "http://loadtester.test/gate/check",
        "gate/gate/check",
        f"{server.url}/gate/check",
    ):
        assert called(one, replace(HOOK, target=name)).passed
    assert [path for path, _, _ in server.asked] == ["/gate/check"] * 3


@pytest.mark.parametrize(
    "url",
    [
        "http://loadtester.test.evil", "http://loadtester.tes", "https://loadtester.test",
        "http://loadtester.test@evil", "http://loadtester.test/../x", "http://loadtester.test/%2e%2e",
        "http://loadtester.test//evil", "http://loadtester.test?x=y", "http://loadtester.test:81",
        "http://169.254.169.254/latest", "file:///etc/passwd", "gatee", "",
        "gate/../admin", "gate/%2e%2e/admin", "gate//evil", "gate/x?y=z", "gate/x#y", "gate/\\evil",
        "gate/a\r\nHost: evil", "gate/.git", "gate/\udc80",
    ],
)  # fmt: skip
def test_nothing_else_is_called(server: Server, url: str) -> None:
    one = target(server.url, addresses=frozenset({"http://loadtester.test"}))
    found = called(one, replace(HOOK, target=url))
    assert found.passed is None
    assert "does not allow" in found.why
    assert server.asked == []


def test_another_instant_has_another_key() -> None:
    one = Call(
        hook=HOOK, canary=CanaryId("prod/web"), rollout=RolloutId("0123456789ab"),
        since_ms=0, step=2, at_ms=7,
    )  # fmt: skip
    assert key(one) == "prod/web/0123456789ab/2/confirm-rollout/gate/7"
    assert key(replace(one, at_ms=8)) != key(one)
    assert key(replace(one, step=3)) != key(one)
