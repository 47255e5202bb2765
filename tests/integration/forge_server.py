"""A stand-in for GitHub's REST API: stateful, real HTTP, only what the controller uses.

Every request and every good reply is held against GitHub's published description.
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import github_contract as contract

TOKEN = "ghs_s3cret"  # noqa: S105 - of a server in a test
REPO = "/repos/acme/config"


class ForgeServer:
    """One repository with one open pull request, and everything that is said about it."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.writes: list[str] = []
        self.requests: list[str] = []
        self.login: str | None = "canary-bot"
        self.refuses: tuple[int, dict[str, str]] | None = None
        self.refuses_with: dict[str, str] = {}
        """Headers of such an answer."""
        self.denies = ""
        """Part of the paths that the token may not."""
        self.pulls = True
        self.rules: list[dict[str, Any]] = []
        """Active rules of every branch."""
        self.violations: list[str] = []
        """Where a request or a reply of ours is not as GitHub describes it."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                outer.answer(self)

            def do_PATCH(self) -> None:
                outer.answer(self)

            def do_PUT(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def says(self, body: str, login: str, kind: str = "User") -> dict[str, Any]:
        number = len(self.comments) + 1
        comment = {
            "id": number,
            "body": body,
            "user": {"login": login, "type": kind},
            "url": f"{self.url}{REPO}/issues/comments/{number}",
        }
        self.comments.append(comment)
        return comment

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests.append(f"{handler.command} {handler.path}")
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length) or b"null")
        if handler.headers.get("Authorization") != f"token {TOKEN}":
            _send(handler, 401, {"message": "Bad credentials"})
            return
        if self.refuses:
            _send(handler, *self.refuses, self.refuses_with)
            return
        path = handler.path.partition("?")[0]
        if self.denies and self.denies in path:
            _send(handler, 403, {"message": "Resource not accessible by personal access token"})
            return
        if handler.command != "GET":
            self.writes.append(f"{handler.command} {path}")
        for pattern, serve in self._routes().items():
            found = re.fullmatch(pattern, f"{handler.command} {path}")
            if found:
                self._checked(handler, path, body, *serve(found, body))
                return
        _send(handler, 404, {"message": "Not Found"})

    def _checked(
        self, handler: BaseHTTPRequestHandler, path: str, body: Any, status: int, reply: Any
    ) -> None:
        """Answer as GitHub describes it, and note what differs from that."""
        call = f"{handler.command} {path}"
        described = contract.operation(handler.command, path)
        if described is None:
            self.violations.append(f"{call}: GitHub describes no such call")
        elif status < 300:
            schema = contract.reply_schema(described, status)
            reply = contract.filled(schema, reply)
            asked = contract.request_schema(described)
            wrong = [*contract.problems(asked, body)] if asked else []
            wrong += contract.problems(schema, reply)
            self.violations += [f"{call}: {problem}" for problem in wrong]
        _send(handler, status, reply)

    def _routes(self) -> dict[str, Callable[[re.Match[str], Any], tuple[int, Any]]]:
        repo = re.escape(REPO)
        return {
            rf"GET {repo}/commits/(\w+)": lambda m, _: (
                200,
                {"sha": m[1], "url": f"{self.url}{REPO}/commits/{m[1]}"},
            ),
            # The older of the two documented routes, which PyGithub takes.
            rf"GET {repo}/statuses/(\w+)": lambda _, __: (200, self.statuses[::-1]),
            rf"GET {repo}/commits/(\w+)/pulls": lambda _, __: (200, self._pulls()),
            rf"POST {repo}/statuses/(\w+)": self._status,
            rf"GET {repo}/issues/7/comments": lambda _, __: (200, self.comments),
            rf"POST {repo}/issues/7/comments": lambda _, body: (
                201,
                self.says(body["body"], *self._author()),
            ),
            rf"PATCH {repo}/issues/comments/(\d+)": self._edit,
            rf"GET {repo}/rules/branches/(\w+)": lambda _, __: (200, self.rules),
            r"GET /user": lambda _, __: (
                (200, {"login": self.login})
                if self.login
                else (403, {"message": "Resource not accessible by integration"})
            ),
        }

    def _author(self) -> tuple[str, str]:
        return (self.login, "User") if self.login else ("canary[bot]", "Bot")

    def _pulls(self) -> list[dict[str, Any]]:
        issue = f"{self.url}{REPO}/issues/7"
        one = {"number": 7, "url": f"{self.url}{REPO}/pulls/7", "issue_url": issue}
        return [one] if self.pulls else []

    def _status(self, _: re.Match[str], body: Any) -> tuple[int, Any]:
        if len(body["description"]) > 140:  # documented in words, not in the schema
            return 422, {"message": "description is too long (maximum is 140 characters)"}
        self.statuses.append(body)
        return 201, body

    def _edit(self, found: re.Match[str], body: Any) -> tuple[int, Any]:
        comment = self.comments[int(found[1]) - 1]
        if comment["user"]["login"] not in {self.login, "canary[bot]"}:
            return 403, {"message": "Must have admin rights"}
        comment["body"] = body["body"]
        return 200, comment


def _send(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: Any,
    headers: Mapping[str, str] | None = None,
) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(data)
