"""The users: a bounded stream of requests, counted by the version that answered.

`python -m gitops_canary.lab.load --port P --host checkout --rate 150 --seconds 300 --counts FILE`
"""

import argparse
import asyncio
import re
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gitops_canary.lab.disk import read_json, replace_json
from gitops_canary.lab.lifeline import leave_with_parent
from gitops_canary.lab.loopback import HOST

_WRITE_EVERY_S = 0.5
_ANSWER_S = 30.0
_FAILED = 500
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_VERSION = re.compile(rb"\r\nx-version: *([^\r]+)", re.IGNORECASE)
NOBODY = "none"
"""Stands for the version where no service answered, only the mesh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the users have met so far."""

    requests: Mapping[str, int]
    """Answers by version."""
    failed: Mapping[str, int]
    """Answers of 500 and above, by version."""
    transport_errors: int
    """Requests that got no whole answer."""

    @property
    def answered(self) -> int:
        """All answers."""
        return sum(self.requests.values())


def read_counts(path: Path) -> Counts:
    """Read what a load has written so far; nothing yet is zeros."""
    found: dict[str, Any] = read_json(path) or {"requests": {}, "failed": {}, "transport": 0}
    return Counts(
        requests=found["requests"], failed=found["failed"], transport_errors=found["transport"]
    )


@dataclass(slots=True, kw_only=True)
class Users:
    """Some people who share a rate; each has one connection and waits for its answer."""

    port: int
    host: str
    rate: float
    crowd: int
    header: str = ""
    """One more header line, e.g. `x-canary: insider`."""
    requests: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    transport_errors: int = 0
    leaving: bool = False

    async def run(self) -> None:
        """Send until told to leave, then finish what is under way."""
        await asyncio.gather(*(self._user(number) for number in range(self.crowd)))

    def counts(self) -> dict[str, object]:
        """Write down what happened so far."""
        return {
            "requests": dict(self.requests),
            "failed": dict(self.failed),
            "transport": self.transport_errors,
        }

    async def _user(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        pause_s = self.crowd / self.rate
        due = loop.time() + number / self.rate
        stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self.leaving:
            wait_s = due - loop.time()
            await asyncio.sleep(min(max(wait_s, 0), _WRITE_EVERY_S))
            if wait_s > _WRITE_EVERY_S or self.leaving:
                continue
            due = max(due + pause_s, loop.time() - pause_s)  # who was late does not catch up
            try:
                stream = stream or await asyncio.open_connection(HOST, self.port)
                keep = await asyncio.wait_for(self._request(*stream), _ANSWER_S)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.transport_errors += 1
                keep = False
            if not keep and stream is not None:
                stream[1].close()
                stream = None
        if stream is not None:
            stream[1].close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        more = f"{self.header}\r\n" if self.header else ""
        writer.write(f"GET / HTTP/1.1\r\nhost: {self.host}\r\n{more}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = _LENGTH.search(head)
        await reader.readexactly(int(length.group(1)) if length else 0)
        found = _VERSION.search(head)
        version = found.group(1).decode("latin-1") if found else NOBODY
        self.requests[version] += 1
        if int(head.split(b" ", 2)[1]) >= _FAILED:
            self.failed[version] += 1
        return b"\r\nconnection: close" not in head.lower()


async def _run(users: Users, seconds: float, counts: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    running = asyncio.create_task(users.run())
    ends = {
        asyncio.create_task(stop.wait()),
        asyncio.create_task(leave_with_parent()),
        asyncio.create_task(asyncio.sleep(seconds)),
    }
    while not any(end.done() for end in ends) and not running.done():
        replace_json(counts, users.counts())
        await asyncio.wait(
            {*ends, running}, timeout=_WRITE_EVERY_S, return_when=asyncio.FIRST_COMPLETED
        )
    users.leaving = True
    await running
    replace_json(counts, users.counts())
    for end in ends:
        end.cancel()


def main() -> None:
    """Run one load process; it ends by itself after `--seconds`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--header", default="")
    parser.add_argument("--rate", type=float, default=150.0)
    parser.add_argument("--crowd", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--counts", type=Path, required=True)
    o = parser.parse_args()
    users = Users(port=o.port, host=o.host, rate=o.rate, crowd=o.crowd, header=o.header)
    asyncio.run(_run(users, o.seconds, o.counts))


if __name__ == "__main__":
    main()
