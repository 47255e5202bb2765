"""A stand-in for GitHub's REST API: stateful, real HTTP, only what the controller uses.

Shapes as GitHub's REST documentation gives them (version 2022-11-28).
"""

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "ghs_s3cret"  # noqa: S105 - of a server in a test
REPO = "/repos/acme/config"


class ForgeServer:
    """One repository with one open pull request, and everything that is said about it."""

    def __init__(self) -> None:
        self.statuses: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.writes: list[str] = []
        self.login: str | None = "canary-bot"
        self.refuses: tuple[int, dict[str, str]] | None = None
        self.pulls = True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                outer.answer(self)

            def do_PATCH(self) -> None:
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
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length) or b"null")
        if handler.headers.get("Authorization") != f"token {TOKEN}":
            _send(handler, 401, {"message": "Bad credentials"})
            return
        if self.refuses:
            _send(handler, *self.refuses)
            return
        path = handler.path.partition("?")[0]
        if handler.command != "GET":
            self.writes.append(f"{handler.command} {path}")
        for pattern, serve in self._routes().items():
            found = re.fullmatch(pattern, f"{handler.command} {path}")
            if found:
                _send(handler, *serve(found, body))
                return
        _send(handler, 404, {"message": "Not Found"})

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
        assert set(body) <= {"state", "description", "context", "target_url"}
        assert body["state"] in {"error", "failure", "pending", "success"}
        assert len(body["description"]) <= 140
        self.statuses.append(body)
        return 201, body

    def _edit(self, found: re.Match[str], body: Any) -> tuple[int, Any]:
        comment = self.comments[int(found[1]) - 1]
        if comment["user"]["login"] not in {self.login, "canary[bot]"}:
            return 403, {"message": "Must have admin rights"}
        comment["body"] = body["body"]
        return 200, comment


def _send(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
    data = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)
