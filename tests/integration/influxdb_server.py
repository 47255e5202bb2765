"""A real InfluxDB 1.6, as Debian packages it, with points written into it."""

import contextlib
import http.client
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

START_S = 60.0
_CONFIG = """\
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:0"
  log-enabled = false
"""
_LISTENING = re.compile(r'Listening on HTTP.*?addr[=":]+127\.0\.0\.1:(\d+)')


@contextlib.contextmanager
def influxdb(folder: Path, lines: Sequence[str]) -> Iterator[str]:
    """Serve a database `app` with these lines (line protocol, milliseconds); gives the base URL."""
    config, log = folder / "influxdb.conf", folder / "log"
    config.write_text(_CONFIG.format(folder=folder))
    with log.open("wb") as sink:
        server = subprocess.Popen(
            ["influxd", "-config", str(config)], stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            port = _port(server, log)
            _create(port)
            _post(port, "/write?db=app&precision=ms", "\n".join(lines))
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(START_S)


def _create(port: int) -> None:
    """Ask until there is the database: it answers 200, with an error in it, before it is ready."""
    deadline = time.monotonic() + START_S
    while b"error" in (said := _post(port, "/query?q=CREATE%20DATABASE%20app", "")):
        assert time.monotonic() < deadline, said
        time.sleep(0.02)


def _port(server: "subprocess.Popen[bytes]", log: Path) -> int:
    """Poll its log until it tells the port it has chosen."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        if found := _LISTENING.search(log.read_text()):
            return int(found[1])
        time.sleep(0.02)
    raise AssertionError(log.read_text())


def _post(port: int, path: str, body: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection):
        connection.request("POST", path, body)
        reply = connection.getresponse()
        said = reply.read()
        assert reply.status in {200, 204}, said
    return said
