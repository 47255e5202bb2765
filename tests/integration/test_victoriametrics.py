"""Exact counts on a real VictoriaMetrics; skipped where its package is not installed."""

import contextlib
import http.client
import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest
from mesh_world import world
from prometheus_server import START_S
from real.ports import free_port
from test_checks import FAILING
from test_checks import (
    test_success_rate_counts_failures_from_the_first_on as failures_from_the_first_on,
)
from test_meshes import (
    DURATION,
    SUCCESS,
    course,
    verdicts,
)
from test_meshes import (
    test_oldest_of_the_newest_samples_is_told_on_every_mesh as oldest_of_the_newest,
)

from gitops_canary.model.rollout import Outcome

pytestmark = pytest.mark.skipif(
    shutil.which("victoria-metrics") is None and "CI" not in os.environ,
    reason="victoria-metrics is not installed",
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("victoria")
    port = free_port()
    with (directory / "log").open("wb") as sink:
        server = subprocess.Popen(
            [
                "victoria-metrics",
                f"-storageDataPath={directory / 'data'}",
                f"-httpListenAddr=127.0.0.1:{port}",
                "-retentionPeriod=100y",
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    try:
        _load(port, server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(START_S)


def _load(port: int, server: "subprocess.Popen[bytes]") -> None:
    """Write the series as soon as it listens, and wait until they can be asked for."""
    lines = []
    for one in (*world(), *FAILING):
        labels = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
        lines += [f"{one.metric}{{{labels}}} {value!r} {at}" for at, value in one.samples]
    _until(port, server, "POST", "/api/v1/import/prometheus", "\n".join(lines))
    _until(port, server, "GET", "/internal/force_flush", None)


def _until(
    port: int, server: "subprocess.Popen[bytes]", method: str, path: str, body: str | None
) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        assert server.poll() is None
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request(method, path, body)
            if connection.getresponse().status < 300:
                return
        time.sleep(0.05)
    raise AssertionError(f"{path} was not answered")


@pytest.mark.parametrize("provider", ["istio", "linkerd", "nginx", "contour", "traefik"])
def test_counts_are_those_of_prometheus(url: str, provider: str) -> None:
    found = verdicts(url, course(provider, SUCCESS, DURATION))
    success, duration = found[-1].measurements
    keys = ("canary", "canaryBad", "primary", "primaryBad")
    assert [success.numbers[k] for k in keys] == ["800", "16", "7200", "8"]
    assert [duration.numbers[k] for k in keys] == ["800", "40", "7200", "0"]
    assert found[-1].outcome is Outcome.FAIL


@pytest.mark.parametrize("provider", ["istio", "linkerd", "kubernetes"])
def test_oldest_of_the_newest_samples_is_that_of_prometheus(url: str, provider: str) -> None:
    oldest_of_the_newest(url, provider)


def test_resets_births_and_missed_scrapes_lose_nothing(url: str) -> None:
    found = verdicts(url, course("istio", SUCCESS, target="pods", blocks=10))
    assert found[-1].measurements[0].numbers["canary"] == "251"


def test_windows_count_failures_from_the_first_on(url: str) -> None:
    failures_from_the_first_on(url)
