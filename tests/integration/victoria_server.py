"""A real VictoriaMetrics on loopback."""

import contextlib
import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_server import START_S
from real.ports import free_port

MISSING = shutil.which("victoria-metrics") is None and "CI" not in os.environ


@contextlib.contextmanager
def victoria(directory: Path, *options: str) -> Iterator[int]:
    """Serve an empty database; gives the port."""
    port = free_port()
    with (directory / "log").open("wb") as sink:
        server = subprocess.Popen(
            [
                "victoria-metrics",
                f"-storageDataPath={directory / 'data'}",
                f"-httpListenAddr=127.0.0.1:{port}",
                "-retentionPeriod=100y",
                *options,
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_S
        while not _answered(port, "GET", "/health", None):
            assert server.poll() is None, (directory / "log").read_text()
            assert time.monotonic() < deadline, (directory / "log").read_text()
            time.sleep(0.02)
        yield port
    finally:
        server.terminate()
        server.wait(START_S)


def flush(port: int) -> None:
    """Make what was written visible."""
    assert _answered(port, "GET", "/internal/force_flush", None)


def load(port: int, text: str) -> None:
    """Write samples in Prometheus' text format."""
    assert _answered(port, "POST", "/api/v1/import/prometheus", text)
    flush(port)


def _answered(port: int, method: str, path: str, body: str | None) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    with contextlib.suppress(OSError), contextlib.closing(connection):
        connection.request(method, path, body)
        return connection.getresponse().status < http.client.MULTIPLE_CHOICES
    return False
