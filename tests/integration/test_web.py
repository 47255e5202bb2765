"""The controller as a process: health, the webhook, and a Git host that goes away."""

import hashlib
import hmac
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from console import CANDIDATE, edited, example
from real.ports import free_port

from gitops_canary.lab.origin import Origin

SECRET = "a webhook's secret"  # noqa: S105 - of a server in a test
CEILING_S = 60
"""How long an event may take on a busy machine before the test gives up."""


def settings(origin: Origin, tmp_path: Path, prometheus: str, **more: Any) -> Path:
    (tmp_path / "password").write_text("b0t-pässword:with colon\n")
    (tmp_path / "password").chmod(0o600)
    file = tmp_path / "controller.yaml"
    document = {
        "repositories": [
            {
                "name": "config",
                "url": origin.url,
                "poll": "1h",
                "credentials": {"username": "bot", "passwordFile": "password"},
            }
        ],
        "metrics": {"sources": {"default": {"type": "prometheus", "url": prometheus}}},
        "sync": {"type": "none", "delay": "1s"},
        **more,
    }
    file.write_text(json.dumps(document))
    return file


def until(look: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + CEILING_S
    while not look():
        assert time.monotonic() < end, what
        time.sleep(0.02)  # between two looks at a real process; nothing here waits on it


@contextmanager
def running(config: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "gitops_canary", "run", "--config", str(config)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            assert process.wait(CEILING_S) == 0, (tmp_path / "log").read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def ask(
    port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CEILING_S)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def ready(port: int) -> bool:
    try:
        return ask(port, "GET", "/readyz")[0] == 200
    except OSError:
        return False


def signed(origin: Origin, delivery: str, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"ref": "refs/heads/main", "repository": {"clone_url": origin.url}}).encode()
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "X-Hub-Signature-256": f"sha256={mark}",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "Content-Type": "application/json",
    }


def subjects(origin: Origin) -> str:
    return origin.git("log", "--format=%s", "main")


def report(port: int, link: re.Pattern[str]) -> str:
    """Follow the status page's link to the report; empty while it does not answer with one."""
    [path] = link.findall(ask(port, "GET", "/")[1])
    status, text = ask(port, "GET", f"/{path}")
    return text if status == 200 and "<h2>Rollback conditions in force</h2>" in text else ""


def refused(port: int, report: str) -> None:
    """Ask for what nobody gets."""
    elsewhere = {"Host": "attacker.example"}
    for path in ("/", report):
        assert ask(port, "GET", path, headers=elsewhere)[0] == 421
    assert ask(port, "GET", "/healthz", headers=elsewhere)[0] == 200
    for path in ("/nothing", "/rollout/config/0123456789ab", "/rollout/config/..%2F..%2Fetc"):
        assert ask(port, "GET", path)[0] == 404
    assert ask(port, "GET", "/webhook")[0] == 405


def test_webhook_starts_a_rollout_long_before_the_next_poll(
    origin: Origin, tmp_path: Path, free_port: int
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    server = {"listen": f"127.0.0.1:{free_port}", "webhookSecretFile": "secret"}
    config = settings(origin, tmp_path, "http://127.0.0.1:9", server=server)
    origin.commit(example(), "Begin\n")
    with running(config, tmp_path):
        until(lambda: ready(free_port), "the controller is ready")
        assert ask(free_port, "GET", "/healthz") == (200, "ok\n")
        origin.commit(edited(origin, CANDIDATE, r":1\.0\.0", ":1.1.0"), "Release 1.1.0\n")
        body, headers = signed(origin, "one", "another secret")
        status, text = ask(free_port, "POST", "/webhook", body, headers)
        assert status == 401
        assert "try:" in text
        assert ask(free_port, "POST", "/webhook", b"x" * 6_000_000, headers)[0] == 413
        body, headers = signed(origin, "one")
        began_s = time.monotonic()
        assert ask(free_port, "POST", "/webhook", body, headers) == (
            202,
            "looking at 1 repositories\n",
        )
        assert ask(free_port, "POST", "/webhook", body, headers) == (202, "seen before\n")
        until(lambda: "start 1.1.0 at 0%" in subjects(origin), "the start commit")
        at = 'canary="prod/checkout",repository="config"}'
        started = f'gitops_canary_moves_total{{action="start",{at} 1.0'
        until(lambda: started in ask(free_port, "GET", "/metrics")[1], "the move is counted")
        figures = ask(free_port, "GET", "/metrics")[1]
        print(f"\nfrom the webhook to `start` on the server: {time.monotonic() - began_s:.2f} s")
        status, text = ask(free_port, "GET", "/")
        assert (status, "<title>(1) gitops-canary</title>" in text) == (200, True)
        assert '<h3>prod/checkout <span class="state">' in text
        link = re.compile(r'href="(rollout/config/[0-9a-f]{12})"')
        origin.commit({"README": b"another look\n"}, "Say more\n")
        ask(free_port, "POST", "/webhook", *signed(origin, "two"))
        until(lambda: "1.1.0" in report(free_port, link), "its report")
        refused(free_port, f"/{link.findall(text)[0]}")
    assert SECRET not in (tmp_path / "log").read_text()
    assert f"gitops_canary_weight_ratio{{{at} 0.0\n" in figures
    assert 'gitops_canary_looks_total{outcome="bug",repository="config"} 0.0\n' in figures
    told = subprocess.run(
        ["promtool", "check", "metrics"], input=figures, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout + told.stderr) == (0, "")


def test_taken_port_is_an_error_of_the_settings(
    origin: Origin, tmp_path: Path, free_port: int
) -> None:
    with socket.create_server(("127.0.0.1", free_port)):
        server = {"listen": f"127.0.0.1:{free_port}"}
        config = settings(origin, tmp_path, "http://127.0.0.1:9", server=server)
        command = [sys.executable, "-m", "gitops_canary", "run", "--config", str(config)]
        ended = subprocess.run(command, capture_output=True, timeout=CEILING_S, check=False)
    assert ended.returncode == 5
    assert b"choose another server.listen" in ended.stderr


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    return free_port()
