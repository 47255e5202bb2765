"""The comment on a pull request against an independent emulator of GitHub: npm's `emulate` 0.12.2.

`scripts/setup --emulator` installs it; the nightly workflow runs this. It knows no commit statuses
and no pull requests of a commit, so those are held against GitHub's description alone.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from real.ports import free_port

from gitops_canary.core.notice import marker
from gitops_canary.forge.github import GitHub
from gitops_canary.lab.patience import until

SITE = Path(sys.prefix) / "emulate"
PROGRAM = SITE / "node_modules" / "emulate" / "dist" / "index.js"
NODE = SITE / "node" / "bin" / "node"
KEY = "prod/checkout/0123456789ab"
SEED = {
    "tokens": {name: {"login": name, "scopes": ["repo"]} for name in ("canary-bot", "mallory")},
    "github": {
        "users": [{"login": "canary-bot"}, {"login": "mallory"}],
        "orgs": [{"login": "acme", "members": ["canary-bot", "mallory"]}],
        "repos": [{"owner": "acme", "name": "config", "auto_init": True}],
    },
}

pytestmark = pytest.mark.skipif(
    not PROGRAM.is_file(), reason="needs scripts/setup --emulator; the nightly workflow has it"
)


def call(url: str, token: str, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"token {token}"}
    with httpx2.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
        return (
            client.request(method, f"/repos/acme/config{path}", json=body).raise_for_status().json()
        )


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[str]:
    """The URL of an emulator whose repository has an open pull request 1."""
    (tmp_path / "seed.yaml").write_text(json.dumps(SEED))
    port = free_port()
    argv = [str(NODE), str(PROGRAM), "start", "--service", "github", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*argv, "--seed", str(tmp_path / "seed.yaml")],
            stdout=log,
            stderr=log,
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        )
    url = f"http://localhost:{port}"  # PyGithub wants the host that the payloads name
    try:
        until(lambda: listening(port), what="the emulator to listen", timeout_s=60)
        request = {"title": "Release 1.1.0", "head": "release", "base": "main"}
        assert call(url, "mallory", "POST", "/pulls", request)["number"] == 1
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def listening(port: int) -> bool | None:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return None
    return True


def test_comment_is_found_by_author_and_marker_and_edited_in_place(
    emulator: str, tmp_path: Path
) -> None:
    forged = f"{marker(KEY)}\nall is well"
    call(emulator, "mallory", "POST", "/issues/1/comments", {"body": forged})
    (tmp_path / "token").write_text("canary-bot")
    forge = GitHub(url=emulator, repository="acme/config", token_file=tmp_path / "token", pause_s=0)
    for text in ("5 %", "10 %", "done"):
        asyncio.run(forge.comment(1, KEY, f"{marker(KEY)}\n{text}"))
    found = call(emulator, "mallory", "GET", "/issues/1/comments")
    assert [(one["user"]["login"], one["body"]) for one in found] == [
        ("mallory", forged),
        ("canary-bot", f"{marker(KEY)}\ndone"),
    ]
