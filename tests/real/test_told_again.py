"""A process dies between its push of an abort and the message: the next one tells it, once."""

import json
import pathlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from .stage import CANARY, Stage, kill, stage, until

ALERT = "    alerts: [{name: bad, severity: error, providerRef: {name: on-call}}]\n"


class _Chat(ThreadingHTTPServer):
    """A stand-in for Slack: takes messages, and answers only as long as it is open."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.open = threading.Event()
        self.asked: list[str] = []
        self.heard: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: _Chat

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = sent["attachments"][0]["text"]
        self.server.asked.append(text)
        if self.server.open.is_set():
            self.server.heard.append(text)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self.server.open.wait()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited name
        """Say nothing."""


@contextmanager
def chat() -> Iterator[_Chat]:
    made = _Chat()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), name="chat")
    thread.start()
    try:
        yield made
    finally:
        made.open.set()
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.mark.timeout(300)
def test_an_abort_that_was_pushed_and_not_told_is_told_by_the_next_process(
    tmp_path: pathlib.Path,
) -> None:
    with stage(tmp_path) as place, chat() as server:
        _watched(place, server)
        place.release()
        process = place.start()
        until(place.records, "a start", place)
        _ask_for_an_abort(place)
        until(lambda: server.asked, "the message that nobody takes", place)
        kill(process)
        assert _actions(place)[-1] == "abort"
        assert server.heard == []

        server.open.set()
        for _ in range(2):  # the third process finds that all was told
            process = place.start()
            looked = len(place.origin.requests)
            until(lambda: server.heard, "the message", place)
            until(lambda: len(place.origin.requests) > looked + 4, "more looks", place)  # noqa: B023 - read at once
            kill(process)
    assert _actions(place)[-1] == "abort"
    [text] = server.heard
    assert "A person asked for the abort, by control.abort" in text, text
    assert "Told again after a restart: made at" in text


def _watched(place: Stage, server: _Chat) -> None:
    text = place.origin.show(CANARY).decode()
    place.origin.commit({CANARY: (text + ALERT).encode()}, "Alert\n")
    address = place.directory / "address"
    address.touch(mode=0o600)
    address.write_text(f"http://127.0.0.1:{server.server_address[1]}/")
    settings = json.loads(place.config.read_text())
    on_call = {"type": "slack", "addressFile": str(address), "providers": ["prod/on-call"]}
    place.config.write_text(json.dumps({**settings, "notifiers": {"chat": on_call}}))


def _ask_for_an_abort(place: Stage) -> None:
    note = f'  annotations: {{gitops-canary.dev/abort: "{place.records()[-1].rollout}"}}\nspec:\n'
    text = place.origin.show(CANARY).decode()
    place.origin.commit({CANARY: text.replace("spec:\n", note, 1).encode()}, "Abort\n")


def _actions(place: Stage) -> list[str]:
    return [record.action.value for record in place.records()]
