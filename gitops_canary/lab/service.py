"""The application: one version of it, behaving as the registry of images says.

`python -m gitops_canary.lab.service --port 0 --version 1.1.0 --behaviour registry.json`

It prints `listening PORT` once it accepts connections. On SIGTERM it stops accepting, finishes
what it has begun and leaves. Where its standard input is a pipe, it leaves with the one who holds
the other end.
"""

import argparse
import asyncio
import json
import os
import signal
from dataclasses import asdict, dataclass
from pathlib import Path

from gitops_canary.lab.lifeline import leave_with_parent
from gitops_canary.lab.loopback import Reply, Server

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What an image does once it runs."""

    fail_every: int = 0
    """Every n-th request is answered 500; 0 for none."""
    latency_ms: int = 5
    crash_after_ms: int | None = None
    """How long after its start it dies; None for never."""


def write_registry(behaviours: dict[str, Behaviour]) -> str:
    """Write what each image tag does, as the JSON that services read."""
    return json.dumps({tag: asdict(b) for tag, b in behaviours.items()}, indent=1) + "\n"


def read_registry(path: Path) -> dict[str, Behaviour]:
    """Read what each image tag does."""
    return {t: Behaviour(**b) for t, b in json.loads(path.read_text(encoding="utf-8")).items()}


class Service:
    """Answers requests as its version's behaviour says; a changed registry is noticed at once."""

    def __init__(self, version: str, registry: Path) -> None:
        self.version = version
        self.leaving = False
        self._registry = registry
        self._read_ns = 0
        self._count = 0
        self.behaviour = Behaviour()
        self._look_up()

    def _look_up(self) -> None:
        changed_ns = self._registry.stat().st_mtime_ns
        if changed_ns != self._read_ns:
            self._read_ns = changed_ns
            self.behaviour = read_registry(self._registry)[self.version]

    async def answer(self, path: str) -> Reply:
        """Answer one request; `/healthz` is not counted and never fails."""
        headers = {"x-version": self.version}
        if path == "/healthz":
            return Reply(headers=headers, close=self.leaving)
        self._look_up()
        self._count += 1
        number = self._count
        await asyncio.sleep(self.behaviour.latency_ms / 1000)
        failed = self.behaviour.fail_every > 0 and number % self.behaviour.fail_every == 0
        return Reply(
            status=500 if failed else 200,
            body=f"{self.version} {'failed' if failed else 'ok'}\n".encode(),
            headers=headers,
            close=self.leaving,
        )


async def _run(port: int, service: Service) -> None:
    server = Server(service.answer)
    print(f"listening {await server.start(port)}", flush=True)
    loop = asyncio.get_running_loop()
    if service.behaviour.crash_after_ms is not None:
        loop.call_later(service.behaviour.crash_after_ms / 1000, os._exit, 1)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    orphaned = asyncio.create_task(leave_with_parent())
    asked = asyncio.create_task(stop.wait())
    await asyncio.wait({orphaned, asked}, return_when=asyncio.FIRST_COMPLETED)
    service.leaving = True
    if not orphaned.done():
        await server.drain(patience_s=_PATIENCE_S)
    os._exit(0)  # idle connections and a blocked read of stdin must not hold the process


def main() -> None:
    """Run one service process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--behaviour", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(_run(options.port, Service(options.version, options.behaviour)))


if __name__ == "__main__":
    main()
