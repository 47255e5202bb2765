"""Webhooks and notifiers through the whole program: controller.yaml, a Canary, real HTTP."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from console import CANARY, CANDIDATE, config, edited, example, run
from prometheus_server import prometheus

from gitops_canary.lab.origin import Origin

SECRET = "s3cret-of-the-bot"  # noqa: S105 - of servers that live for one test
BEGIN = int(time.time()) - 3600
SIGNING = "s3cret-for-signing"
PATHS = ("/gate/check", "/", "/hooks/T0K3N")
HOOKS = """\
    webhooks:
      - {name: gate, type: confirm-rollout, url: "http://flagger-loadtester.test/gate/check"}
      - {name: bus, type: event, url: "http://flagger-loadtester.test/"}
    alerts:
      - {name: team, severity: info, providerRef: {name: on-call}}
"""


class Server(ThreadingHTTPServer):
    asked: list[tuple[str, Any]]
    gate: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, content))
        self.send_response(self.server.gate if "gate" in self.path else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server(("127.0.0.1", 0), Handler)
    made.asked, made.gate = [], 403
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Origin]:
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(Origin.start(tmp_path, {"bot": SECRET}))
        made.commit(example(), "Begin\n", at=BEGIN)
        made.commit(edited(made, CANARY, "    metrics:\n", f"{HOOKS}\\g<0>"), "Ask\n", at=BEGIN + 5)
        made.commit(edited(made, CANDIDATE, r"checkout:\S+", "checkout:1.1.0"), "v\n", at=BEGIN + 9)
        yield made


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), ()) as url:
        yield url


def settings(folder: Path, origin: Origin, blank: str, **more: object) -> Path:
    password = folder / "password"
    password.touch(mode=0o600)
    password.write_text(SECRET)
    return config(folder, origin.url, blank, password=password, more=more)


def outside(folder: Path, server: Server) -> dict[str, object]:
    address = folder / "address"
    address.touch(mode=0o600)
    address.write_text(f"{server.url}/hooks/T0K3N")
    signing = folder / "signing"
    signing.touch(mode=0o600)
    signing.write_text(SIGNING)
    loadtester = {
        "url": server.url,
        "addresses": ["http://flagger-loadtester.test"],
        "secretFile": "signing",
    }
    chat = {"type": "slack", "addressFile": "address", "providers": ["prod/on-call"]}
    return {"webhooks": {"loadtester": loadtester}, "notifiers": {"chat": chat}}


def test_a_gate_holds_until_it_opens_and_everybody_is_told(
    tmp_path: Path, origin: Origin, blank: str, server: Server
) -> None:
    file = settings(tmp_path, origin, blank, **outside(tmp_path, server))

    planned = run("plan", "--config", file)
    assert server.asked == []
    assert "T0K3N" not in planned.out + planned.err

    held = run("once", "--config", file)
    assert held.code == 4
    assert "The webhook gate does not confirm the rollout: HTTP 403." in held.err
    gate, event, alert = (dict(server.asked)[path] for path in PATHS)
    assert len(server.asked) == len(PATHS)
    assert (gate["name"], gate["namespace"], gate["phase"]) == ("checkout", "prod", "Waiting")
    assert gate["version"].endswith("checkout:1.1.0")
    assert "does not confirm" in event["metadata"]["eventMessage"]
    assert alert["attachments"][0]["color"] == "warning"

    server.gate = 200
    server.asked.clear()
    opened = run("once", "--config", file)
    assert opened.code == 3
    assert "pushed canary(prod/checkout): start" in opened.err
    assert sorted(path for path, _ in server.asked) == sorted(PATHS)
    assert dict(server.asked)["/"]["event"] == "start"
    recorded = origin.git("log", "-p", "--all")
    assert "HTTP 200" in recorded
    for known in ("T0K3N", SIGNING):
        assert known not in held.err + held.out + opened.err + opened.out + recorded


@pytest.mark.parametrize(
    ("left_out", "said"),
    [
        ("webhooks", "The webhook gate calls what the operator does not allow."),
        ("notifiers", "The alert team goes where the operator has no notifier: prod/on-call."),
    ],
)
def test_what_the_operator_does_not_name_is_refused_and_nobody_is_called(
    tmp_path: Path, origin: Origin, blank: str, server: Server, left_out: str, said: str
) -> None:
    more = {k: v for k, v in outside(tmp_path, server).items() if k != left_out}
    ended = run("once", "--config", settings(tmp_path, origin, blank, **more))
    assert ended.code == 1
    assert said in ended.err
    assert server.asked == []


def test_a_builtin_metric_is_not_asked_of_what_speaks_no_promql(
    tmp_path: Path, origin: Origin, blank: str, server: Server
) -> None:
    graphite = {"sources": {"default": {"type": "graphite", "url": server.url}}}
    file = settings(tmp_path, origin, blank, **outside(tmp_path, server), metrics=graphite)
    ended = run("once", "--config", file)
    assert ended.code == 1
    assert "the metric source default does not speak it" in ended.err
    assert server.asked == []


def test_an_operator_may_do_without_both(
    tmp_path: Path, origin: Origin, blank: str, server: Server
) -> None:
    file = settings(tmp_path, origin, blank)
    document = json.loads(file.read_text())
    document["repositories"][0]["allowMissing"] = ["analysis.webhooks", "analysis.alerts"]
    file.write_text(json.dumps(document))
    ended = run("once", "--config", file)
    assert "pushed canary(prod/checkout): start" in ended.err
    assert server.asked == []
