"""What goes to a Prometheus besides questions: logins, tenants, and none of it anywhere else."""

import asyncio
import logging
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from test_prometheus import ONE, SECRET, VECTOR, Server, says

from gitops_canary.metrics import Opening, Prometheus


def test_secrets_reach_the_server_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    password = tmp_path / "password"
    password.write_text(f"{SECRET}\n")
    headers: list[str] = []

    def echo(handler: BaseHTTPRequestHandler) -> None:
        headers.append(handler.headers["Authorization"])
        known = "tok-12345" if len(headers) > 1 else SECRET
        said = f'{{"status":"error","errorType":"x","error":"{"." * 280}{known} {headers[-1]}"}}'
        says(said.encode(), 401)(handler)

    async def go(client: Prometheus) -> str:
        answer = (await client.ask([ONE]))[ONE]
        await client.aclose()
        return f"{answer.error} {client!r}"

    with caplog.at_level(logging.DEBUG), Server(echo) as server:
        basic = Prometheus(
            Opening(url=server.url, timeout_ms=5000, username="ada", password_file=password)
        )
        told = asyncio.run(go(basic))
        token = tmp_path / "token"
        token.write_text("tok-12345")
        told += asyncio.run(
            go(Prometheus(Opening(url=server.url, timeout_ms=5000, token_file=token)))
        )
    assert headers[0].startswith("Basic ")
    assert headers[1] == "Bearer tok-12345"
    for secret in (SECRET[:6], headers[0].split()[1][:6], "tok-1"):
        assert secret not in told
        assert secret not in caplog.text
    assert server.url not in caplog.text


def test_tenant_and_secret_headers_go_with_every_question(tmp_path: Path) -> None:
    secret = tmp_path / "header"
    secret.write_text("s3cr3t-tenant\n")
    seen: list[tuple[str | None, ...]] = []

    def echo(handler: BaseHTTPRequestHandler) -> None:
        names = ("X-Scope-OrgID", "X-Secret", "Authorization")
        seen.append(tuple(handler.headers[name] for name in names))
        said = f'{{"status":"error","errorType":"x","error":"{handler.headers["X-Secret"]}"}}'
        says(said.encode(), 403)(handler)

    async def go(base: str) -> list[str]:
        client = Prometheus(
            Opening(
                url=base,
                timeout_ms=5000,
                headers={"X-Scope-OrgID": "team-a|team-b"},
                header_files={"X-Secret": secret},
            )
        )
        told = [(await client.ask([ONE]))[ONE].error or ""]
        secret.write_text("rotated-tenant")
        told.append((await client.ask([ONE]))[ONE].error or "")
        secret.unlink()
        told.append((await client.ask([ONE]))[ONE].error or "")
        await client.aclose()
        return told

    with Server(echo) as server:
        told = asyncio.run(go(server.url))
    assert seen == [
        ("team-a|team-b", "s3cr3t-tenant", None),
        ("team-a|team-b", "rotated-tenant", None),
    ]
    assert not any("tenant" in one for one in told)
    assert told[0].endswith("allow these credentials to query, or name others in controller.yaml")
    assert "no usable credentials (header" in told[2]


def test_token_is_read_again_for_every_tick(tmp_path: Path) -> None:
    token = tmp_path / "token"
    seen: list[str] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Authorization"])
        says(b'{"status":"success",' + VECTOR + b"}")(handler)

    async def go(base: str) -> list[str | None]:
        client = Prometheus(Opening(url=base, timeout_ms=5000, token_file=token))
        errors = []
        for text in ("one", "two", "", None):
            if text is None:
                token.unlink()
            else:
                token.write_text(text)
            errors.append((await client.ask([ONE]))[ONE].error)
        await client.aclose()
        return errors

    with Server(note) as server:
        errors = asyncio.run(go(server.url))
    assert seen == ["Bearer one", "Bearer two"]
    assert errors[:2] == [None, None]
    assert all("credentials (token" in (error or "") for error in errors[2:])
