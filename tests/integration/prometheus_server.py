"""A real Prometheus over samples written before it starts."""

import contextlib
import http.client
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

START_S = 60.0
_LISTENING = re.compile(r'msg="Listening on" address=127\.0\.0\.1:(\d+)')


@dataclass(frozen=True, slots=True)
class Written:
    """One series: instants in milliseconds, and values."""

    metric: str
    labels: Mapping[str, str]
    samples: Iterable[tuple[int, float]]


def openmetrics(series: Iterable[Written]) -> str:
    """Write the exposition that promtool turns into blocks."""
    lines = []
    for one in series:
        labels = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
        lines += [
            f"{one.metric}{{{labels}}} {value!r} {at_ms / 1000:.3f}" for at_ms, value in one.samples
        ]
    return "\n".join([*lines, "# EOF", ""])


@contextlib.contextmanager
def prometheus(directory: Path, series: Iterable[Written]) -> Iterator[str]:
    """Serve the series on loopback; gives the base URL."""
    text, data = directory / "series.txt", directory / "data"
    text.write_text(openmetrics(series))
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "-q", str(text), str(data)],
        check=True,
        capture_output=True,
    )
    with serving(directory) as base:
        yield base


@contextlib.contextmanager
def serving(directory: Path, *options: str, config: str = "") -> Iterator[str]:
    """Serve what is in the directory; `config` comes before the scrape interval."""
    file, log = directory / "prometheus.yml", directory / "log"
    file.write_text(f"{config}global: {{scrape_interval: 1h}}\n")
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={file}",
                f"--storage.tsdb.path={directory / 'data'}",
                "--storage.tsdb.retention.time=10y",
                "--web.listen-address=127.0.0.1:0",
                *options,
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _ready(server, log)
        finally:
            server.terminate()
            server.wait(START_S)


def _ready(server: "subprocess.Popen[bytes]", log: Path) -> str:
    """Poll until it answers; its log tells the port it has chosen."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        found = _LISTENING.search(log.read_text())
        if found and _answers(int(found.group(1))):
            return f"http://127.0.0.1:{found.group(1)}"
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.suppress(OSError), contextlib.closing(connection):
        connection.request("GET", "/-/ready")
        return connection.getresponse().status == HTTPStatus.OK
    return False
